"""Where a town hall asks for a calculation before an hour is held: in a browser that does it and in one that cannot."""

from dataclasses import replace

import pytest
from tests.journeys.looking import Examiner

from parvis import settings
from parvis.db import connection
from parvis.territory.actions import keep_settings
from parvis_idcard.emitter_settings import Settings

CLICK_TWICE = """button => {
  button.click(); button.click();
  return [button.getAttribute("aria-busy"), document.getElementById("live").textContent];
}"""
HOURS = "/e/m2a/idcard/hours?what=CNI"
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def asking(portal):
    """The one town hall asks for it, and a client that does not calculate has one hour in ten minutes."""
    async with connection() as c:
        town = await c.fetchval("SELECT id FROM parvis.emitter WHERE slug LIKE 'town-%'")
    await keep_settings(town, "idcard", Settings(proof_of_work=True))
    settings.use(replace(settings.current(), limit_unproved=1))
    return portal


async def a_page(browser, **more):
    page = await (await browser.new_context(viewport={"width": 360, "height": 800}, locale="fr-FR", **more)).new_page()
    page.complaints = []
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


async def counted(table):
    async with connection() as c:
        return await c.fetchval(f"SELECT count(*) FROM parvis.{table}")


async def take(page, nth=0):
    async with page.expect_navigation():
        await page.locator("button[name=slot]").nth(nth).click()


async def test_a_browser_calculates_each_time_and_holds_as_many_hours_as_it_may(asking, browser):
    page = await a_page(browser)
    for n in range(3):
        await page.goto(f"{asking}{HOURS}")
        assert "votre appareil calcule" in await page.inner_text("main")
        await take(page, n + 3)
        assert "/idcard/hold/" in page.url
    assert (await counted("spent_challenge"), await counted("booking")) == (3, 3)
    assert page.complaints == []


async def test_the_page_is_sound_and_says_that_it_is_at_work(asking, browser):
    page = await a_page(browser)
    await page.goto(f"{asking}{HOURS}")
    assert await Examiner(page).faults() == []
    async with page.expect_navigation():
        said = await page.locator("button[name=slot]").first.evaluate(CLICK_TWICE)
    assert said == ["true", "Un instant\u00a0: votre appareil calcule."]
    assert (await counted("spent_challenge"), await counted("booking")) == (1, 1)


async def test_the_way_back_and_another_hour_calculates_anew(asking, browser):
    page = await a_page(browser)
    await page.goto(f"{asking}{HOURS}")
    for n in (0, 4):
        await take(page, n)
        assert "/idcard/hold/" in page.url
        await page.go_back()
    assert await counted("spent_challenge") == 2


@pytest.mark.parametrize("hindrance", ["no scripts", "no worker", "no challenge"])
async def test_nobody_is_kept_out_for_want_of_it(asking, browser, hindrance):
    page = await a_page(browser, java_script_enabled=hindrance != "no scripts")
    blocked = {"no worker": "**/challenge-worker.*", "no challenge": "**/challenge/*"}.get(hindrance)
    if blocked:
        await page.route(blocked, lambda route: route.abort())
    await page.goto(f"{asking}{HOURS}")
    await take(page)
    assert "/idcard/hold/" in page.url
    await page.goto(f"{asking}{HOURS}")
    await take(page, 4)
    assert "Veuillez réessayer à" in await page.inner_text("main")
    assert await counted("spent_challenge") == 0
