"""Who did something to an appointment, as its timeline says it."""

import re
from dataclasses import replace

import pytest

from parvis.db import new_id
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter
from parvis.testing.people import a_person, a_session
from parvis_idcard import actions


async def by(dossier):
    return {(row.by, row.office) for row in await dossiers.timeline(dossier)}


async def test_an_agent_is_named_with_their_town_hall_and_a_helper_as_one(town):
    agent, name = await a_person("agent", town.calendar.emitter), await name_of(town)
    request = replace(await town.request(await town.hold(), proof=new_id()), person=agent, for_others=True)
    booked = await actions.book(replace(request, office=town.calendar.emitter))
    assert await by(booked.dossier) == {("staff", name)}
    request = await town.request(await town.hold(10), numbers=["B123456789"], proof=new_id())
    booked = await actions.book(replace(request, person=await a_person("helper"), for_others=True))
    assert await by(booked.dossier) == {("helper", "")}


@pytest.mark.parametrize("role", ["agent", "helper"])
async def test_booking_and_cancelling_for_somebody_over_the_pages(browser, town, role):
    emitter = town.calendar.emitter if role == "agent" else None
    browser.http.cookies.update(await a_session(await a_person(role, emitter)))
    await browser.to_check(for_others="yes")
    await browser.post(browser.path)
    dossier = re.search(r"/visit/([0-9a-f-]{36})", browser.path)[1]
    who = {("staff", await name_of(town))} if role == "agent" else {("helper", "")}
    assert await by(dossier) == who
    await browser.post(f"{browser.path}/cancel?{browser.page.url.query.decode()}")
    assert browser.page.status_code == 200
    assert await by(dossier) == who
    assert "agent" in browser.text if role == "agent" else "aidant" in browser.text


async def test_an_agents_own_appointment_is_a_residents(browser, town):
    browser.http.cookies.update(await a_session(await a_person("agent", town.calendar.emitter)))
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    dossier = re.search(r"/visit/([0-9a-f-]{36})", browser.path)[1]
    await browser.post(f"{browser.path}/coming?{browser.page.url.query.decode()}")
    assert await by(dossier) == {("resident", "")}


async def test_an_agent_of_another_town_hall_acts_for_their_own(browser, town):
    elsewhere = await add_emitter("pfastatt", "Pfastatt", "municipality", latitude=47.77, longitude=7.3)
    browser.http.cookies.update(await a_session(await a_person("agent", elsewhere)))
    await browser.to_check(for_others="yes")
    await browser.post(browser.path)
    dossier = re.search(r"/visit/([0-9a-f-]{36})", browser.path)[1]
    assert await by(dossier) == {("staff", "Pfastatt")}


async def test_moving_for_another_town_hall_does_not_open_the_counters_share(town, monkeypatch):
    booked = await actions.book(await town.request(await town.hold()))
    elsewhere = await add_emitter("pfastatt", "Pfastatt", "municipality", latitude=47.77, longitude=7.3)
    asked = []

    async def move(booking, calendar, start, *, counter, **_):
        asked.append(counter)
        raise KeyError

    monkeypatch.setattr("parvis.calendars.actions.move", move)
    for emitter in (elsewhere, town.calendar.emitter, None):
        by = By("staff", None, emitter)
        with pytest.raises(KeyError):
            await actions.move(await dossiers.dossier(booked.dossier), town.calendar.id, town.calendar.at(10), by)
    assert asked == [False, True, False]


async def name_of(town):
    return (await territory.emitter(town.calendar.emitter)).name
