"""On the telephone: an agent finds, moves, cancels and undoes, and books for a family, by keyboard alone."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.dossiers import searching
from parvis.territory import actions as territory

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def page(office):
    await territory.enable_plugin(office.calendar.emitter, "idcard")
    return await office.agent()


async def press(page, key):
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def test_a_request_is_found_and_moved(office, page):
    await page.keyboard.press("/")
    await page.keyboard.type("visitr")
    await press(page, "Enter")
    await sound(page)
    await page.focus("tbody a:has-text('Visitor 3')")
    await press(page, "Enter")
    await sound(page)
    await expect(page.locator("h1")).to_have_text("Visitor 3")
    before = await page.locator(".lead").inner_text()
    await page.focus("a[href$='/move']")
    await press(page, "Enter")
    await sound(page)
    await page.focus("button.hour >> nth=3")
    await press(page, "Enter")
    await expect(page.locator(".notice")).to_contain_text("déplacé")
    assert await page.locator(".lead").inner_text() != before


async def test_a_family_is_booked_cancelled_and_restored(office, page):
    await press(page, "n")
    await page.fill("#people", "2")
    await page.focus("button[value=look]:not(.hidden)")
    await press(page, "Enter")
    await sound(page)
    await page.focus("input[name=slot] >> nth=0")
    await page.keyboard.press("Space")
    for n, name in enumerate(("Léa", "Zoé")):
        await page.focus(f"#applicants-{n}-given")
        await page.keyboard.type(name)
        await page.keyboard.press("Tab")
        await page.keyboard.type("Schmitt")
    await page.focus("#phone")
    await page.keyboard.type("06 39")
    await press(page, "Enter")
    assert await page.evaluate("document.activeElement.id") == "errors"
    assert await page.input_value("#applicants-1-given") == "Zoé"
    await sound(page)
    await page.fill("#phone", "06 39 98 12 34")
    await press(page, "Enter")
    await expect(page.locator("h1")).to_have_text("Léa Schmitt, Zoé Schmitt")
    await sound(page)
    [found] = await searching.anything("shmit", office.calendar.emitter)
    assert (found.phone, found.visit.people) == ("+33639981234", 2)
    await page.focus("details.aside summary")
    await page.keyboard.press("Enter")
    await page.fill("#reason", "Panne de la station")
    await sound(page)
    await press(page, "Enter")
    await expect(page.locator(".notice")).to_contain_text("annulé")
    await sound(page)
    await page.focus("form[action$='/restore'] button")
    await press(page, "Enter")
    await expect(page.locator(".notice")).to_contain_text("défaite")
    async with page.expect_navigation():
        await page.click("a[href$='/slip']")
    await sound(page)


@pytest.mark.parametrize(("width", "scheme", "lang"), [(320, "dark", "de-DE"), (768, "light", "en-GB")])
async def test_without_scripts_and_narrow(office, page, width, scheme, lang):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "locale": lang}
    bare = await office.agent(**look, java_script_enabled=False)
    await bare.goto(f"{office.base}/requests")
    await bare.fill("#q", "visitor")
    async with bare.expect_navigation():
        await bare.click(".finder button")
    assert await bare.locator("tbody tr").count() == 6
    seen = await office.agent(**look)
    await seen.goto(f"{office.base}/requests")
    await sound(seen)
    await seen.goto(f"{office.base}/idcard/book?people=8&what=collection")
    await sound(seen)
