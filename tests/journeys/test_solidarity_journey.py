"""Booking for somebody in front of one, in a real browser: an agent of a town hall without a station, and a helper."""

import re

import pytest
from tests.journeys.looking import Examiner

from parvis.territory import queries as territory
from parvis.testing.people import a_person, a_session

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


class Walk:
    """Somebody at work in a browser; each page they see is looked at."""

    def __init__(self, page, scripts):
        self.page, self.examiner = page, Examiner(page, scripts=scripts)

    async def follow(self, selector):
        async with self.page.expect_navigation():
            await self.page.click(selector)
        assert await self.examiner.faults() == [], self.page.url

    async def go_on(self):
        await self.follow("main form.question button.main")

    async def opens(self, url):
        await self.page.goto(url)
        assert await self.examiner.faults() == [], url


async def signed_in(browser, portal, person, *, scripts, width, lang):
    size = {"width": width, "height": 900}
    context = await browser.new_context(viewport=size, locale=lang, java_script_enabled=scripts)
    [(name, value)] = (await a_session(person)).items()
    await context.add_cookies([{"name": name, "value": value, "url": portal}])
    return Walk(await context.new_page(), scripts)


@pytest.mark.parametrize(
    ("role", "scripts", "width", "lang"),
    [("agent", True, 1280, "fr-FR"), ("agent", False, 360, "de-DE"), ("helper", True, 360, "fr-FR")],
)
async def test_booking_printing_moving_and_cancelling_for_a_neighbour(portal, browser, role, scripts, width, lang):
    home = await territory.emitter_by_slug("illzach") if role == "agent" else None
    base = f"{portal}/office/illzach/idcard/solidarity" if home else f"{portal}/helping"
    person = await a_person(role, home.id if home else None)
    walk = await signed_in(browser, portal, person, scripts=scripts, width=width, lang=lang)
    page = walk.page
    await walk.opens(base)
    await walk.follow("main a[href*='acting=']")
    if home:
        assert await page.input_value("#near") == "Illzach"
    await page.click("label[for='what']")
    await walk.go_on()
    await walk.follow("button[name=slot] >> nth=0")
    await page.fill("#applicants-0-given", "Yvonne")
    await page.fill("#applicants-0-family", "Schmitt")
    await page.click("label[for='applicants-0-age']")
    await page.click("label[for='channel-3']")
    await page.fill("#phone", "03 89 00 00 01")
    await walk.go_on()
    assert await page.locator("#code").count() == 0
    await walk.go_on()
    assert page.url.startswith(f"{base}/visit/")
    reference = await page.inner_text(".reference")
    await walk.follow("main form[action*='/slip'] button")
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", await page.inner_text(".takeover"))
    assert reference in await page.inner_text(".handout")
    if scripts:
        assert len(re.findall(rb"/Type\s*/Page\b", await page.pdf(format="A4"))) == 1
    await walk.follow("main .back a")
    await walk.follow("main a[href*='/move']")
    await walk.follow("main .halls button[name=slot] >> nth=3")
    await walk.follow("main .back a")
    assert reference in await page.inner_text("main")
    await page.fill("main #name", "Schmidt")
    await walk.follow("main form[role=search] button")
    await walk.follow("main table a")
    await walk.follow("main a[href*='/cancel']")
    await walk.follow("main button.danger")
    await walk.follow("main form[action*='/restore'] button")
    assert await page.locator("main form[action*='/slip']").count() == 1
