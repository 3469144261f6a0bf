"""An agent's day in a real browser, by keyboard alone, while another agent's screen follows; without scripts too."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.attendance import queries

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


def row(page, name):
    return page.locator(".visit", has_text=name)


async def following_now(page):
    await expect(page.locator("#live-state")).not_to_have_class("off")
    await expect(page.locator("#live-state")).to_contain_text("suit ce que")


async def test_an_agent_works_by_keyboard_and_the_others_screen_follows(office):
    mine, theirs = await office.agent(), await office.agent()
    await following_now(theirs)
    await sound(mine)
    await mine.keyboard.press("j")
    first = await mine.evaluate("document.activeElement.textContent")
    await mine.keyboard.press("a")
    await expect(row(theirs, first)).to_have_class("visit arrived")
    # The row was replaced under the focus, which stays in it.
    await expect(row(mine, first)).to_have_class("visit arrived")
    assert await mine.evaluate("document.activeElement.textContent") == first
    await mine.keyboard.press("s")
    await expect(row(theirs, first)).to_have_class("visit served")
    await expect(row(mine, first)).to_have_class("visit served")
    await mine.keyboard.press("z")
    await expect(row(theirs, first)).to_have_class("visit arrived")
    await expect(row(mine, first)).to_have_class("visit arrived")
    await mine.keyboard.press("j")
    second = await mine.evaluate("document.activeElement.textContent")
    assert second != first
    await mine.keyboard.press("x")
    await expect(row(theirs, second)).to_have_class("visit absent")
    before = await theirs.locator(".visit").count()
    async with mine.expect_navigation():
        await mine.keyboard.press("w")
    await expect(theirs.locator(".visit")).to_have_count(before + 1)
    await expect(row(theirs, "Sans rendez-vous")).to_have_class("visit arrived")
    await sound(theirs)


async def test_the_list_of_keys_and_switching_them_off(office):
    page = await office.agent()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await sound(page)
    await page.focus("#keys-on")
    await page.keyboard.press("Space")
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.closest('.visit')") is None
    await page.reload()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).not_to_be_visible()


async def test_opening_a_visit_ticking_and_noting(office):
    page = await office.agent()
    await page.keyboard.press("j")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await sound(page)
    await page.fill("#note", "comes with a pram")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await sound(page)
    assert await page.input_value("#note") == "comes with a pram"


@pytest.mark.parametrize(
    ("view", "width", "scheme", "lang"),
    [("list", 360, "dark", "de-DE"), ("desks", 768, "light", "fr-FR"), ("desks", 1280, "dark", "en-GB")],
)
async def test_every_view_is_accessible_and_works_without_scripts(office, view, width, scheme, lang):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "locale": lang}
    page = await office.agent(role="manager", **look)
    await page.goto(f"{office.address}/office/{office.slug}/today?view={view}")
    await sound(page)
    await page.goto(f"{office.address}/office/{office.slug}/today/settings")
    await sound(page)
    bare = await office.agent(**look, java_script_enabled=False)
    async with bare.expect_navigation():
        await bare.locator(".visit button[name=arrived]").first.click()
    assert await bare.locator(".visit.arrived").count() == 1
    shown = await queries.visits(office.calendar.emitter, office.calendar.day)
    assert len([one for one in shown if one.done]) == 1


async def test_the_day_prints_every_visit_and_no_button(office):
    page = await office.agent()
    await page.emulate_media(media="print")
    await expect(row(page, "Visitor 0")).to_be_visible()
    for gone in (".visits .do", ".side", "#live-state", ".day-bar", ".pager"):
        await expect(page.locator(gone).first).not_to_be_visible()
