"""The back office's navigation in a real browser: areas beside the page, a menu where there is no room for them."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.territory import actions as territory

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
AREAS = ["La journée", "Suivi", "Paiements", "Lieux et horaires", "Administration"]
IN_SIGHT = """(a) => {
  const box = a.getBoundingClientRect(), menu = document.getElementById("menu").getBoundingClientRect();
  return box.top >= Math.max(menu.top, 0) && box.bottom <= Math.min(menu.bottom, innerHeight);
}"""


@pytest.fixture(autouse=True)
async def idcard(office):
    await territory.enable_plugin(office.calendar.emitter, "idcard")


@pytest.mark.parametrize("scripts", [True, False])
async def test_on_a_telephone_a_button_opens_it(office, scripts):
    page = await office.agent("manager", viewport={"width": 360, "height": 640}, java_script_enabled=scripts)
    await page.goto(f"{office.base}/tills")
    menu, opens = page.locator("#menu"), page.locator(".menu-bar button")
    await expect(page.locator(".menu-bar")).to_contain_text("Régies")
    await expect(menu).not_to_be_visible()
    await opens.focus()
    await page.keyboard.press("Enter")
    await expect(menu).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.locator("#menu a >> nth=0")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).not_to_be_visible()
    await opens.click()
    if scripts:
        assert await page.locator(".side [aria-current=page]").evaluate(IN_SIGHT)
        await sound(page)
    await page.click("text=Fermer le menu")
    await expect(menu).not_to_be_visible()
    await opens.click()
    await page.click(".side a[href$='/people']")
    await expect(page.locator("h1")).to_have_text("Personnes et rôles")


async def test_on_a_desk_every_area_is_there_and_where_one_is_in_sight(office):
    page = await office.agent("manager", viewport={"width": 1280, "height": 500})
    for path in ("today", "people/roles", "tills"):
        await page.goto(f"{office.base}/{path}")
        assert await page.locator(".side .area").all_inner_texts() == AREAS
        current = page.locator(".side [aria-current=page]")
        await expect(current).to_have_count(1)
        assert await current.evaluate(IN_SIGHT)
        await sound(page)
    await expect(page.get_by_role("list", name="Paiements").get_by_role("link")).to_have_text(
        ["Factures", "Régies", "Tarifs"]
    )
