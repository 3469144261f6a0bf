"""The resident's journey in a real browser, from the home page to the appointment and its cancelling.

Languages, widths and scripts are combined pairwise; `make soak` walks through all of them. Where scripts are off, a
copy of each page is checked for accessibility.
"""

import itertools
import os
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from parvis import settings
from parvis.app.portal_process import create
from parvis.calendars import planning
from parvis.db import connection
from parvis.identity.contacts import code_to_send
from parvis.territory import actions as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.sign_on import free_socket, serving

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
LANGUAGES, WIDTHS, SCRIPTS = ("fr-FR", "de-DE", "en-GB"), (360, 768, 1280), (True, False)
PAIRS = [
    ("fr-FR", 360, True),
    ("fr-FR", 768, False),
    ("fr-FR", 1280, True),
    ("de-DE", 360, False),
    ("de-DE", 768, True),
    ("de-DE", 1280, False),
    ("en-GB", 360, True),
    ("en-GB", 768, True),
    ("en-GB", 1280, False),
]
SOAK = os.environ.get("PARVIS_SOAK") == "1"
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def portal(database):
    listening, address = free_socket()
    settings.use(replace(settings.current(), port=urlsplit(address).port))
    whole = await territory.add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await territory.add_emitter(
        "illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35, postcodes=("68110",)
    )
    calendar = await a_calendar(desks=2)
    await planning.offer(calendar.id, "collection", 5, 5)
    for emitter in (whole, calendar.emitter):
        await territory.enable_plugin(emitter, "idcard")
        await territory.publish(emitter, "idcard")
    app = create(settings.current())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    async with serving(server, listening):
        yield address


def every_pair_is_covered():
    whole = set(itertools.product(LANGUAGES, WIDTHS, SCRIPTS))
    return all(
        any(row[a] == wanted[a] and row[b] == wanted[b] for row in PAIRS)
        for wanted in whole
        for a, b in itertools.combinations(range(3), 2)
    )


def test_each_pair_of_settings_is_walked_through():
    assert every_pair_is_covered()


async def latest_code():
    async with connection() as c:
        proof = await c.fetchval("SELECT id FROM parvis.contact_proof ORDER BY asked_at DESC LIMIT 1")
    return (await code_to_send(proof)).code


class Walk:
    """One visitor; `seen` counts the screens that lead to the appointment."""

    def __init__(self, page, width, scripts):
        self.page, self.width, self.scripts, self.seen = page, width, scripts, 0
        self._checker = None

    async def sound(self):
        checked = self.page if self.scripts else await self._copy()
        found = (await Axe().run(checked, options=RULES)).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found] == [], self.page.url
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= self.width, self.page.url

    async def screen(self):
        self.seen += 1
        await self.sound()

    async def follow(self, selector):
        """Click what leads to another page, and wait until it is there."""
        async with self.page.expect_navigation():
            await self.page.click(selector)

    async def go_on(self):
        await self.follow("main form.question button.main")

    async def _copy(self):
        """The page as it was made without scripts, in a browser that has them: the check of accessibility is one."""
        url, content = self.page.url, (await self.page.content()).replace("noscript>", "div>")
        if self._checker is None:
            context = await self.page.context.browser.new_context(viewport=self.page.viewport_size)
            self._checker = await context.new_page()
            await self._checker.route("**/*.js", lambda route: route.abort())
        await self._checker.route(url, lambda route: route.fulfill(body=content, content_type="text/html"))
        await self._checker.goto(url)
        await self._checker.unroute(url)
        return self._checker


@pytest.mark.parametrize(("lang", "width", "scripts"), itertools.product(LANGUAGES, WIDTHS, SCRIPTS) if SOAK else PAIRS)
async def test_a_resident_books_and_cancels(portal, lang, width, scripts):
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, locale=lang, java_script_enabled=scripts
        )
        page = await context.new_page()
        walk = Walk(page, width, scripts)
        await page.goto(f"{portal}/")
        await walk.screen()
        assert await page.get_attribute("html", "lang") == lang[:2]
        await walk.follow("a[href^='/e/m2a/idcard']")
        await walk.screen()
        await page.click("label[for='what']")
        await page.fill("#near", "Ilzach")
        await walk.go_on()
        await walk.screen()
        await walk.follow("button[name=slot] >> nth=0")
        await walk.screen()
        await walk.go_on()
        assert await page.locator(".errors a").count() >= 3
        await walk.sound()
        await page.fill("#applicants-0-given", "Léa 😀")
        await page.fill("#applicants-0-family", "Müller-Roth")
        await page.click("label[for='applicants-0-age']")
        await page.fill("#applicants-0-number", "a123 456 789")
        await page.click("label[for='channel']")
        await page.fill("#email", "lea.with.a.rather.long.address@example.org")
        await walk.go_on()
        assert page.url.endswith("/check")
        await walk.screen()
        await page.reload()
        assert await page.locator(".timer").count() == 1
        await page.fill("#code", await latest_code())
        await walk.go_on()
        assert "/visit/" in page.url
        await walk.screen()
        assert walk.seen == 6
        reference = await page.inner_text(".reference")
        await page.goto(f"{portal}/my/requests")
        await walk.sound()
        assert reference in await page.inner_text("main")
        await walk.follow("main ul.cards a")
        await walk.sound()
        await walk.follow("main .actions a.button")
        await walk.follow("main a[href*='/move']")
        await walk.sound()
        await page.go_back()
        await walk.follow("main a[href*='/people/0']")
        await walk.sound()
        await page.go_back()
        await walk.follow("main a[href*='/cancel']")
        await walk.sound()
        await walk.follow("main button.danger")
        await walk.sound()
        assert await page.locator("main a[href*='/cancel']").count() == 0
        await browser.close()
