"""An emitter's settings in a real browser: seen while one types, a mail in a window of its own, published, undone."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.territory import actions as territory

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def test_a_text_is_previewed_while_one_types_published_and_undone(office):
    await territory.enable_plugin(office.calendar.emitter, "idcard")
    page = await office.agent(role="manager")
    await page.click("nav.side a[href$='/settings']")
    await sound(page)
    await page.click("main a[href$='/settings/idcard']")
    await sound(page)
    await page.fill("#mails-fr", "Le parking est gratuit.")
    await expect(page.locator("#preview")).to_contain_text("Le parking est gratuit.")
    await page.fill("#reminders", "quatre")
    await expect(page.locator("#preview")).to_contain_text("Corrigez d’abord")
    await page.fill("#reminders", "3")
    await expect(page.locator("#preview")).to_contain_text("au lieu de « 7, 2 »")
    await sound(page)
    async with page.context.expect_page() as opened:
        await page.locator("#preview button[name=mail]").first.click()
    mail = await opened.value
    await expect(mail.locator("body")).to_contain_text("Le parking est gratuit.")
    await mail.close()
    await page.click("button[value=publish]")
    await expect(page.locator(".notice")).to_contain_text("C’est publié")
    await sound(page)
    await page.click(".notice a")
    await sound(page)
    await page.click("ol.timeline a")
    await sound(page)
    await page.click("main form button")
    await expect(page.locator(".notice")).to_contain_text("C’est publié")
    await expect(page.locator("#mails-fr")).to_have_value("")
    await expect(page.locator("#reminders")).to_have_value("7, 2")


async def test_by_keyboard_on_a_narrow_screen_without_scripts(office):
    await territory.enable_plugin(office.calendar.emitter, "idcard")
    page = await office.agent(role="manager", java_script_enabled=False, viewport={"width": 360, "height": 740})
    await page.goto(f"{office.base}/settings/idcard")
    await page.focus("#people")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")
    await expect(page.locator("#preview")).to_contain_text("12 au lieu de 8")
    await page.focus("button[value=publish]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("C’est publié")
