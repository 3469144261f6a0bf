"""A manager's people in a real browser: invited, accepted with a link, given rights, taken; a plugin enabled."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.db import connection
from parvis.messages.sealing import unseal
from parvis.testing.people import a_person, a_session

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def the_link():
    async with connection() as c:
        sealed = await c.fetchval("SELECT sealed FROM parvis.message WHERE template = 'messages/invitation'")
    return unseal(sealed).context["link"]


async def somebody(office, name):
    opened = await office.browser.new_context(locale="fr-FR")
    [(key, value)] = (await a_session(await a_person(name=name))).items()
    await opened.add_cookies([{"name": key, "value": value, "url": office.address}])
    return await opened.new_page()


async def test_somebody_is_invited_accepts_may_more_and_leaves(office):
    page = await office.agent(role="manager")
    await page.click("nav.side a[href$='/people']")
    await sound(page)
    await page.click(".tools a[href$='/invite']")
    await sound(page)
    await page.fill("#address", "nora")
    await page.click("main form button")
    await expect(page.locator("#errors")).to_be_visible()
    await sound(page)
    await page.fill("#address", "nora.schmitt@example.org")
    await page.click("label[for=role]")
    await page.click("label:has-text('Deutsch')")
    await page.click("main form button")
    await expect(page.locator(".notice")).to_contain_text("en route")
    await sound(page)

    theirs = await somebody(office, "Nora Schmitt")
    await theirs.goto(await the_link())
    await sound(theirs)
    await theirs.click("main form button")
    await expect(theirs.locator("nav.side")).to_contain_text("Aujourd")
    await expect(theirs.locator("nav.side")).not_to_contain_text("Réglages")

    await page.goto(f"{office.base}/people/roles")
    await sound(page)
    await page.click("label[for='office.settings:reader']")
    await page.click("button:has-text('Publier')")
    await expect(page.locator(".notice")).to_contain_text("Lecteur")
    await sound(page)
    await theirs.reload()
    await expect(theirs.locator("nav.side")).to_contain_text("Réglages")

    await page.click(".notice a")
    await sound(page)
    await page.click("main form button")
    await expect(page.locator(".notice")).to_contain_text("ne peut plus")
    await theirs.reload()
    await expect(theirs.locator("nav.side")).not_to_contain_text("Réglages")

    await page.goto(f"{office.base}/people")
    await page.click("text=Nora Schmitt")
    await sound(page)
    await page.click("text=Modifier ou retirer")
    await sound(page)
    await page.click("button.danger")
    await expect(page.locator(".notice").first).to_contain_text("retiré")
    await sound(page)
    await page.goto(f"{office.base}/people/changes")
    await sound(page)


async def test_a_plugin_is_read_enabled_and_disabled_on_a_narrow_screen_without_scripts(office):
    page = await office.agent(role="manager", java_script_enabled=False, viewport={"width": 360, "height": 740})
    for path in ("people", "people/invite", "people/roles", "people/changes", "plugins"):
        await page.goto(f"{office.base}/{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.click("main a[href$='/plugins/idcard']")
    await page.click("main form button")
    await expect(page.locator("#errors")).to_be_visible()
    await page.click("label[for=read]")
    await page.click("main form button")
    await expect(page.locator(".notice")).to_contain_text("Elle est activée")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.click("button.danger")
    await expect(page.locator(".notice")).to_contain_text("Elle est désactivée")


async def test_the_page_of_a_plugin_is_sound(office):
    page = await office.agent(role="manager")
    await page.goto(f"{office.base}/plugins")
    await sound(page)
    await page.goto(f"{office.base}/plugins/idcard")
    await sound(page)
