"""An earlier hour in a real browser: asked for on a telephone, proposed, taken in one click; seen by agents."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.calendars import actions as calendars
from parvis.dossiers.queries import link_key
from parvis.earlier import offering
from parvis.territory import actions as territory
from parvis.testing.visits import a_visit, put_clock

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def hall(office):
    """A town hall with free hours ahead that takes identity papers, at ten in the morning."""
    await territory.enable_plugin(office.calendar.emitter, "idcard")
    await territory.publish(office.calendar.emitter, "idcard")
    put_clock(office.calendar.at(10, days=-4))
    return office


async def a_resident(hall, dossier, **context):
    usual = {"locale": "fr-FR", "viewport": {"width": 360, "height": 740}}
    page = await (await hall.browser.new_context(**usual | context)).new_page()
    page.set_default_timeout(20_000)
    key = link_key(dossier, hall.calendar.at(9, days=30))
    await page.goto(f"{hall.address}/my/visits/{dossier}/earlier?key={key}")
    return page


@pytest.mark.parametrize("scripts", [True, False])
async def test_one_asks_on_a_telephone_and_takes_the_hour_that_is_proposed(hall, scripts):
    _, dossier = await a_visit(hall.calendar, hall.calendar.at(9, days=3))
    gone, _ = await a_visit(hall.calendar, hall.calendar.at(11))
    page = await a_resident(hall, dossier, java_script_enabled=scripts)
    if scripts:
        await sound(page)
    await page.click("main button.main, main .actions button")
    await expect(page.locator("main")).to_contain_text("Nous vous écrivons dès qu’une heure")
    if scripts:
        await sound(page)
    await calendars.cancel(gone)
    assert await offering.run() == 1
    await page.reload()
    await expect(page.locator("h1")).to_contain_text("Une heure plus proche pour vous")
    if scripts:
        await sound(page)
    await page.click("main .actions button >> nth=0")
    await expect(page.locator("h1")).to_contain_text("Votre rendez-vous est déplacé")
    await expect(page.locator("main")).to_contain_text("11 h")
    if scripts:
        await sound(page)


async def test_an_agent_sees_what_was_freed_and_puts_somebody_on_the_list(hall):
    booking, dossier = await a_visit(hall.calendar, hall.calendar.at(9, days=3))
    gone, _ = await a_visit(hall.calendar, hall.calendar.at(11))
    await calendars.cancel(gone)
    agent = await hall.agent()
    await agent.goto(f"{hall.base}/freed")
    await expect(agent.locator("main ul.listed li")).to_have_count(1)
    await sound(agent)
    await agent.goto(f"{hall.base}/requests/{dossier}/earlier")
    await sound(agent)
    await agent.fill("#last_day", (hall.calendar.day + timedelta(days=1)).isoformat())
    await agent.click("main form.question button")
    await expect(agent.locator(".notice")).to_contain_text("On cherche une heure plus proche")
    assert await offering.run() == 1
    await agent.goto(f"{hall.base}/freed")
    await expect(agent.locator("main ul.listed")).to_contain_text("proposée à")
    await sound(agent)
    assert booking
