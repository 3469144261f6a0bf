"""A desk's agenda to subscribe to: readable by calendar programs, silent about people, closed when it is revoked."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from parvis.db import connection
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit


@pytest.fixture
async def visit(office):
    return await a_visit(office.calendar, office.calendar.at(9), "Léa Martin", "Zoé Martin")


async def desk_of(booking):
    async with connection() as c:
        return await c.fetchval("SELECT desk FROM parvis.booking WHERE id = $1", booking)


async def an_address(office, agent, booking):
    desk = await desk_of(booking)
    await agent.post(f"calendars/{office.calendar.id}/feeds", renew=desk.hex)
    assert agent.page.headers["cache-control"] == "no-store"
    address = re.search(r'value="(http[^"]*/feeds/desks/[^"]*)"', agent.text)[1]
    return desk, address.removeprefix("http://localhost:8000")


async def test_it_has_the_hours_in_their_zone_and_nobodys_name(office, visit):
    agent = await office.agent()
    _, address = await an_address(office, agent, visit[0])
    agent.http.cookies.clear()
    path, _, key = address.partition("?key=")
    await agent.get(path, key=key)
    assert agent.page.headers["content-type"].startswith("text/calendar")
    [event] = Calendar.from_ical(agent.page.content).walk("VEVENT")
    assert event["dtstart"].dt == office.calendar.at(9)
    assert event["dtstart"].params["TZID"] == "Europe/Paris"
    assert event["dtstart"].dt.astimezone(ZoneInfo("Europe/Paris")).hour == 9
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=35)
    assert "2 people" in event["summary"]
    assert "Martin" not in agent.page.text
    assert "@example.org" not in agent.page.text


async def test_a_new_address_closes_the_old_one_and_revoking_closes_all(office, visit):
    agent = await office.agent()
    desk, old = await an_address(office, agent, visit[0])
    _, new = await an_address(office, agent, visit[0])
    statuses = [(await agent.http.get(address)).status_code for address in (old, new, new[:-3], new.partition("?")[0])]
    assert statuses == [404, 200, 404, 404]
    for _ in range(2):
        await agent.post(f"calendars/{office.calendar.id}/feeds", revoke=desk.hex)
    assert agent.status == 200
    assert (await agent.http.get(new)).status_code == 404


async def test_only_ones_own_desks(office, visit):
    other = await a_calendar()
    foreign = await office.agent(at=other)
    desk = await desk_of(visit[0])
    for typed in ({"renew": desk.hex}, {"revoke": desk.hex}, {"renew": "x"}, {}):
        assert (await foreign.post(f"calendars/{other.id}/feeds", **typed)).status == 404
    assert (await foreign.get(f"/office/{foreign.slug}/calendars/{office.calendar.id}/feeds")).status == 404
