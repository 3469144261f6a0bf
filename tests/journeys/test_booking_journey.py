"""The resident's journey in a real browser, from the home page to the appointment and its cancelling.

Languages, widths and scripts are combined pairwise; `make soak` walks through all of them, and a width between. Where
scripts are off, a copy of each page is checked for accessibility.
"""

import itertools
import os
import re

import pytest
from tests.journeys.looking import Examiner

from parvis.db import connection
from parvis.identity.contacts import code_to_send

LANGUAGES, WIDTHS, SCRIPTS = ("fr-FR", "de-DE", "en-GB"), (360, 1280), (True, False)
PAIRS = [
    ("fr-FR", 360, True),
    ("fr-FR", 1280, False),
    ("de-DE", 360, False),
    ("de-DE", 1280, True),
    ("en-GB", 360, True),
    ("en-GB", 1280, False),
]
SOAK = os.environ.get("PARVIS_SOAK") == "1"
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


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

    def __init__(self, page, scripts):
        self.page, self.seen = page, 0
        self.examiner = Examiner(page, scripts=scripts)

    async def sound(self):
        assert await self.examiner.faults() == [], self.page.url

    async def screen(self):
        self.seen += 1
        await self.sound()

    async def follow(self, selector):
        """Click what leads to another page, and wait until it is there."""
        async with self.page.expect_navigation():
            await self.page.click(selector)

    async def go_on(self):
        await self.follow("main form.question button.main")


@pytest.mark.parametrize(
    ("lang", "width", "scripts"), itertools.product(LANGUAGES, (*WIDTHS, 768), SCRIPTS) if SOAK else PAIRS
)
async def test_a_resident_books_and_cancels(portal, browser, lang, width, scripts):
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, locale=lang, java_script_enabled=scripts
    )
    page = await context.new_page()
    walk = Walk(page, scripts)
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
    if scripts:
        assert len(re.findall(rb"/Type\s*/Page\b", await page.pdf(format="A4"))) == 1
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
    await walk.follow("main a[href*='/replace']")
    await walk.sound()
    await page.go_back()
    await page.go_back()
    await walk.follow("main a[href*='/cancel']")
    await walk.sound()
    await walk.follow("main button.danger")
    await walk.sound()
    assert await page.locator("main a[href*='/cancel']").count() == 0
