"""Opening rules in a real browser: seen while one types, decided about what falls outside, saved, undone, merged."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def page(office):
    opened = await office.agent(role="manager")
    await opened.goto(f"{office.base}/calendars")
    return opened


async def saved(page):
    async with page.expect_navigation():
        await page.click("button[value=save]")


async def a_year(page):
    return await page.locator("dl.years dd").first.inner_text()


async def the_first_desk(page):
    async with page.expect_navigation():
        await page.locator("section[aria-labelledby=desks] a").first.click()


async def test_a_shorter_morning_is_seen_decided_about_saved_and_undone(page):
    await sound(page)
    before = await a_year(page)
    await the_first_desk(page)
    await page.fill("#lines-0-opens", "9h30")
    await expect(page.locator("#preview")).to_contain_text("tombent en dehors")
    await expect(page.locator("#preview .strip rect.gone").first).to_be_attached()
    assert (await a_year(page)).startswith(before) is False
    await sound(page)
    await page.select_option("#alike", "move")
    async with page.expect_navigation():
        await page.click("button[value=alike]")
    await sound(page)
    await saved(page)
    await expect(page.locator(".notice")).to_contain_text("Enregistré")
    assert await a_year(page) != before
    await page.click(".notice a")
    await sound(page)
    await saved(page)
    assert await a_year(page) == before


async def test_bad_hours_are_told_at_their_field_and_nothing_is_counted(page):
    await the_first_desk(page)
    await page.fill("#lines-0-closes", "8h")
    await expect(page.locator("#preview .live-errors")).to_be_visible()
    await saved(page)
    assert await page.evaluate("document.activeElement.id") == "errors"
    assert await page.input_value("#lines-0-closes") == "8h"
    await sound(page)


async def test_the_second_of_two_agents_sees_what_the_first_changed(office, page):
    other = await office.agent(role="manager")
    await other.goto(page.url)
    await the_first_desk(page)
    await the_first_desk(other)
    await page.fill("#name", "Accueil")
    await saved(page)
    await other.fill("#lines-0-closes", "13h")
    await saved(other)
    await expect(other.locator(".meanwhile")).to_contain_text("Agnès")
    await sound(other)
    await other.click("label[for=resolve]")
    await saved(other)
    await expect(other.locator("section[aria-labelledby=desks]")).to_contain_text("Accueil")


@pytest.mark.parametrize(
    ("width", "scheme", "lang"), [(320, "dark", "de-DE"), (768, "light", "en-GB"), (1280, "dark", "fr-FR")]
)
async def test_every_page_is_sound_without_scripts(office, page, width, scheme, lang):
    base = page.url
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "locale": lang}
    seen = await office.agent(role="manager", **look)
    for path in ("", "/ahead", "/kinds/deposit", "/desks/new", "/closures/new", "/changes"):
        await seen.goto(base + path)
        await sound(seen)
    bare = await office.agent(role="manager", **look, java_script_enabled=False)
    await bare.goto(f"{base}/closures/new")
    day = office.calendar.day.isoformat()
    await bare.fill("#first_day", day)
    await bare.fill("#last_day", day)
    async with bare.expect_navigation():
        await bare.click(".actions button[value=preview]")
    assert await bare.locator(".orphans tbody tr").count() == 6
