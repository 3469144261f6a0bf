"""Every page that is not on the way to an appointment, in a real browser: phone and desk, light and dark, with and
without scripts, in three languages, and what only a browser can tell of one: keys, focus, print, where it asks.

Each page is looked at in half of the settings; `make soak` looks at all of them in all.
"""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.journeys.looking import Examiner

from parvis import clock, settings
from parvis.contract.values import Role
from parvis.territory import queries as territory
from parvis.testing.people import a_person, a_session

SOAK = os.environ.get("PARVIS_SOAK") == "1"
SETTINGS = [
    {"width": 320, "scheme": "dark", "lang": "de-DE", "scripts": True},
    {"width": 1280, "scheme": "light", "lang": "fr-FR", "scripts": False},
    {"width": 360, "scheme": "light", "lang": "en-GB", "scripts": False},
    {"width": 768, "scheme": "dark", "lang": "fr-FR", "scripts": True},
]
HOURS = "/e/m2a/idcard/hours?what=CNI"
PUBLIC = (
    "/",
    "/e/m2a",
    "/e/illzach",
    "/e/illzach/idcard",
    f"{HOURS}&near=Ilzach&weekday=1&half=morning&accessible=yes",
    f"{HOURS}&near=68110&view=month",
    f"{HOURS}&half=afternoon",
    "/e/m2a/idcard/hours?near=nowhere&people=9&since=2020-01-01",
    "/e/m2a/idcard/link",
    "/e/m2a/idcard/frame",
    "/my/requests",
    "/my/requests/01a21500-a234-77a8-a109-7ab2f8d5eb87?key=0.0.0.0",
    "/contact?next=/my/requests",
    "/accessibility",
    "/legal",
    "/privacy",
    "/signed-out",
    "/nowhere",
    "/demo",
    "/demo/mailbox",
    "/demo/faults",
    "/demo/clock",
)
OF_STAFF = ("/account", "/office", "/operator", "/my/requests")
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
def instance(instance):
    """The demo's pages are looked at too."""
    settings.use(replace(instance, env="demo"))
    return settings.current()


class Look:
    """A window in one of the settings; `found` is what is wrong, with the address where it is."""

    def __init__(self, address, page, examiner):
        self.address, self.page, self.examiner = address, page, examiner
        self.found, self.said = [], []
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._asked)

    async def at(self, path):
        await self.page.goto(f"{self.address}{path}")
        await self.now()

    async def now(self):
        where = (self.page.url.removeprefix(self.address), self.page.viewport_size["width"])
        self.found += [(*where, fault) for fault in await self.examiner.faults() + self.said]
        self.said.clear()

    async def press(self, selector):
        async with self.page.expect_navigation():
            await self.page.click(selector)

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:")):
            self.said.append(f"asks {request.url}")


async def a_look(browser, address, width=1280, scheme="light", lang="fr-FR", scripts=True, cookies=(), **more):
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=lang, java_script_enabled=scripts, **more
    )
    await context.add_cookies([{"name": name, "value": value, "url": address} for name, value in dict(cookies).items()])
    page = await context.new_page()
    return Look(address, page, Examiner(page, scripts=scripts, color_scheme=scheme))


async def test_every_page_is_sound(portal, browser):
    illzach = await territory.emitter_by_slug("illzach")
    staff = await a_session(await a_person(Role.AGENT, illzach.id)) | await a_session(await a_person(Role.OPERATOR))
    found = []
    for n, given in enumerate(SETTINGS):
        look = await a_look(browser, portal, **given)
        for path in PUBLIC if SOAK else PUBLIC[n % 2 :: 2]:
            await look.at(path)
        known = await a_look(browser, portal, **given, cookies=staff)
        for path in OF_STAFF if SOAK else OF_STAFF[n % 2 :: 2]:
            await known.at(path)
        found += look.found + known.found
    assert found == []


async def test_a_form_of_several_people_is_sound_empty_wrong_and_too_late(portal, browser):
    look = await a_look(browser, portal, width=320, scheme="dark")
    page = look.page
    await page.goto(f"{portal}{HOURS}&people=2")
    await look.press("button[name=slot] >> nth=0")
    await look.now()
    assert [await page.is_visible(field) for field in ("#email", "#phone")] == [True, False]
    await page.click("label[for=channel-2]")
    assert [await page.is_visible(field) for field in ("#email", "#phone")] == [False, True]
    await look.press("main form.question button.main")
    await look.now()
    assert await page.evaluate("document.activeElement.id") == "errors"
    await page.click("#errors a >> nth=-1")
    assert await page.evaluate("document.activeElement.id") == "phone"
    await page.fill("#applicants-1-given", "Zoé")
    await look.press("button[formaction]")
    assert await page.input_value("#applicants-1-given") == "Zoé"
    clock.move(timedelta(minutes=31))
    await page.reload()
    await look.now()
    assert await page.locator("button[name=slot]").count() > 0
    assert look.found == []


async def test_the_first_view_is_light_and_asks_nobody_else(portal, browser):
    look = await a_look(browser, portal)
    got = []
    look.page.on("response", lambda response: got.append(response))
    await look.page.goto(f"{portal}/", wait_until="networkidle")
    assert sum([len(await response.body()) for response in got]) < 150_000
    assert len(got) >= 4
    assert look.said == []


async def test_keys_lead_everywhere_and_nothing_moves_for_whoever_wants_rest(portal, browser):
    operator = await a_session(await a_person(Role.OPERATOR))
    look = await a_look(browser, portal, reduced_motion="reduce", cookies=operator)
    page = look.page
    await page.goto(f"{portal}/")
    assert await page.evaluate("getComputedStyle(document.querySelector('.card a')).transitionDuration") == "0s"
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    await page.goto(f"{portal}/operator")
    for key, shown in (("?", True), ("Escape", False)):
        await page.keyboard.press(key)
        assert await page.evaluate("document.getElementById('keys').open") is shown
    await page.click("[data-keys]")
    await page.keyboard.press("Escape")
    assert await page.evaluate("document.activeElement.dataset.keys !== undefined")
