"""A desk falls out: the agent says so in two steps, a resident chooses another hour in one click on a telephone."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.dossiers import queries
from parvis.testing.visits import a_visit

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.mark.parametrize(("width", "scheme", "lang"), [(360, "dark", "de-DE"), (1280, "light", "fr-FR")])
async def test_a_desk_falls_out_and_its_people_choose(office, width, scheme, lang):
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "locale": lang}
    _, dossier = await a_visit(office.calendar, office.calendar.at(10), "Léa Roth")
    await a_visit(office.calendar, office.calendar.at(10), "Paul Haas", contact=None)
    page = await office.agent(**look)
    await page.goto(f"{office.base}/calendars/{office.calendar.id}/out")
    await sound(page)
    await page.fill("#reason", "Le courant est coupé")
    async with page.expect_navigation():
        await page.click("button[value=preview]")
    await sound(page)
    async with page.expect_navigation():
        await page.click("button[value=save]")
    await sound(page)
    key = queries.link_key(dossier, office.calendar.at(23))
    theirs = await office.browser.new_page(**look, java_script_enabled=False)
    await theirs.goto(f"{office.address}/my/visits/{dossier}/other?key={key}")
    seen = await office.browser.new_page(**look)
    await seen.goto(theirs.url)
    await sound(seen)
    async with theirs.expect_navigation():
        await theirs.click("button[name=slot] >> nth=0")
    assert (await queries.dossier(dossier)).visit.start > office.calendar.at(20)
    await page.reload()
    await expect(page.locator(".tag.good")).to_have_count(1)
    async with page.expect_navigation():
        await page.click("form[action$='/call'] button >> nth=0")
    async with page.expect_navigation():
        await page.click("form[action$='/end'] button")
    await sound(page)
