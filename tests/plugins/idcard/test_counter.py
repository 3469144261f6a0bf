"""An agent books on one page: the counter's share, nothing twice, nothing typed is lost, nobody else's hours."""

import asyncio
import re
from datetime import time

import httpx
import pytest
from tests.plugins.idcard.conftest import a_town

from parvis.calendars import proofs
from parvis.calendars.actions import hold
from parvis.calendars.slots import Slot
from parvis.db import connection
from parvis.dossiers import searching
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar, every_day
from parvis.testing.people import a_person, a_session

TYPED = {
    "what": "CNI",
    "people": "1",
    "step": "book",
    "language": "fr",
    "applicants-0-given": "Léa",
    "applicants-0-family": "Martin",
    "applicants-0-age": "adult",
}


@pytest.fixture
async def agent(browser, town):
    """An agent of the town hall, with its page open."""
    return await at_the_counter(browser, town)


async def at_the_counter(browser, town):
    slug = (await territory.emitter(town.calendar.emitter)).slug
    browser.http.cookies.update(await a_session(await a_person("agent", town.calendar.emitter)))
    browser.address = f"/office/{slug}/idcard/book"
    return await browser.get(browser.address)


def slot(town, hour=9, minute=0):
    return Slot(town.calendar.id, town.calendar.at(hour, minute)).code


def page_of(browser):
    return re.search(r'name="page" value="([^"]+)"', browser.text)[1]


async def booked():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state IN ('held', 'confirmed')")


@pytest.mark.parametrize(
    ("typed", "home"), [("Illzach", "68154"), (" illzach ", "68154"), ("Atlantis", None), ("", None)]
)
async def test_where_somebody_lives_is_kept_for_the_figures(agent, town, typed, home):
    await agent.post(agent.address, **TYPED, slot=slot(town), page=page_of(agent), near=typed)
    assert agent.page.status_code == 200
    async with connection() as c:
        assert await c.fetchval("SELECT home FROM parvis.dossier") == home


async def test_a_person_without_contact_and_number_is_booked_and_shown(agent, town):
    await agent.post(agent.address, **TYPED, slot=slot(town), page=page_of(agent))
    assert agent.page.status_code == 200
    assert "Léa Martin" in agent.text
    [found] = await searching.anything("martin", town.calendar.emitter)
    assert (found.contact, found.visit.start) == (None, town.calendar.at(9))


async def test_a_second_click_books_nothing_more_and_another_person_does(browser, database):
    town = await a_town(desks=3)
    agent = await at_the_counter(browser, town)
    sent = {**TYPED, "slot": slot(town), "page": page_of(agent)}
    await asyncio.gather(*(agent.http.post(agent.address, data=sent) for _ in range(3)))
    assert await booked() == 1
    # Back, and somebody else: the same page, another form.
    await agent.post(agent.address, **sent | {"slot": slot(town, 9, 20), "applicants-0-given": "Paul"})
    assert await booked() == 2
    assert await proofs.unlike_bookings() == []


async def test_the_counters_share_is_offered_and_taken(browser, database):
    kept = await a_town(weekly=every_day(time(9), time(10), counter=True))
    await at_the_counter(browser, kept)
    assert slot(kept) in browser.text
    await browser.post(browser.address, **TYPED, slot=slot(kept), page=page_of(browser))
    assert "Léa Martin" in browser.text


@pytest.mark.parametrize(
    "changed",
    [
        {"slot": ""},
        {"slot": "nonsense"},
        {"applicants-0-given": ""},
        {"applicants-0-number": "A12345678"},
        {"phone": "06 39"},
        {"people": "9"},
        {"people": "2"},
        {"email": "lea.example.org"},
        {"applicants-0-family": "x" * 10_000},
    ],
)
async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(agent, town, changed):
    typed = TYPED | {"slot": slot(town), "page": page_of(agent), "phone": "06 39 98 12 34"} | changed
    await agent.post(agent.address, **typed)
    assert agent.page.status_code in {409, 422}
    assert 'id="errors"' in agent.text
    for name, value in typed.items():
        if name.startswith("applicants-0-") and name.endswith(("given", "family", "number")) and value:
            assert value in agent.text, name
    assert await booked() == 0


async def test_an_hour_taken_meanwhile_or_another_town_halls_is_refused(agent, town):
    await hold(town.calendar.id, "deposit", town.calendar.at(9))
    other = await a_calendar()
    for code in (slot(town), Slot(other.id, other.at(9)).code):
        await agent.post(agent.address, **TYPED, slot=code, page=page_of(agent))
        assert agent.page.status_code == httpx.codes.CONFLICT
        assert 'value="Léa"' in agent.text
    assert await booked() == 1
