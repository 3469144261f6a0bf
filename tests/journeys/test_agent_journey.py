"""An agent's day in a real browser, by keyboard alone, while another agent's screen follows; without scripts too."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect
from tests.journeys.looking import ARGUMENTS, RULES

from parvis import settings
from parvis.app.portal_process import create
from parvis.attendance import queries
from parvis.calendars import following
from parvis.office.day import boards
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person, a_session
from parvis.testing.sign_on import free_socket, serving
from parvis.testing.visits import a_visit, put_clock

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


class Office:
    """A town hall's portal, and browsers of people who work there."""

    def __init__(self, address, calendar, slug, browser):
        self.address, self.calendar, self.slug, self.browser = address, calendar, slug, browser

    async def agent(self, role="agent", **context):
        person = await a_person(role, self.calendar.emitter, name="Agnès")
        usual = {"locale": "fr-FR", "viewport": {"width": 1280, "height": 900}}
        opened = await self.browser.new_context(**usual | context)
        [(name, value)] = (await a_session(person)).items()
        await opened.add_cookies([{"name": name, "value": value, "url": self.address}])
        page = await opened.new_page()
        page.set_default_timeout(60_000)
        await page.goto(f"{self.address}/office/{self.slug}/today")
        return page


@pytest.fixture
async def office(database):
    listening, address = free_socket()
    settings.use(replace(settings.current(), port=urlsplit(address).port))
    calendar = await a_calendar(desks=2)
    for n in range(6):
        await a_visit(calendar, calendar.at(9, n // 2 * 20), f"Visitor {n}")
    put_clock(calendar.at(9), minutes=4)
    app = create(settings.current())
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    async with (
        following.following(),
        boards.watching(),
        serving(uvicorn.Server(config), listening),
        async_playwright() as driver,
    ):
        browser = await driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield Office(address, calendar, (await territory.emitter(calendar.emitter)).slug, browser)
        await browser.close()


async def sound(page):
    found = (await Axe().run(page, options=RULES)).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found] == [], page.url
    width = page.viewport_size["width"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url


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
