"""The pages of a desk that fell out: what will happen, the list, the tick, the end; and the resident's choice."""

import re
from datetime import time, timedelta

import pytest

from parvis.attendance import outages
from parvis.calendars import planning
from parvis.calendars.slots import Slot
from parvis.dossiers import queries
from parvis.testing.calendars import a_calendar, every_day
from parvis.testing.visits import a_visit, put_clock


@pytest.fixture
async def agent(office):
    put_clock(office.calendar.at(8))
    return await office.agent()


@pytest.fixture
def path(office):
    return f"calendars/{office.calendar.id}/out"


async def test_it_is_said_before_it_is_done(office, agent, path):
    await a_visit(office.calendar, office.calendar.at(9))
    await a_visit(office.calendar, office.calendar.at(9, 20), contact=None)
    day = office.calendar.day.isoformat()
    await agent.post(path, day=day, hour="12h", reason="A cable", step="preview")
    assert agent.status == 200
    for said in ("2 appointments are concerned", "1 person will be written to", "1 is to be called", "A cable"):
        assert said in agent.text
    assert await outages.running(office.calendar.id) == []
    await agent.post(path, day=day, hour="12h", reason="A cable", step="save")
    assert (agent.status, agent.text.count("has not chosen yet")) == (200, 3)
    [found] = await outages.running(office.calendar.id)
    to_call = next(visit for visit in await outages.visits(found.id) if not visit.told)
    await agent.post(f"{path}/{found.id}/call", booking=to_call.booking.id.hex, called="yes")
    assert "Not called after all" in agent.text
    await agent.post(f"{path}/{found.id}/end")
    assert "This is over" in agent.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"day": ""}, "day"), ({"day": "2020-01-01"}, "until"), ({"hour": "25h"}, "hour"), ({"days": 90}, "day")],
)
async def test_bad_input_is_told_and_kept(office, agent, path, typed, field):
    day = office.calendar.day + timedelta(days=typed.pop("days", 0))
    await agent.post(path, **({"day": day.isoformat(), "reason": "kept", "step": "save"} | typed))
    assert agent.status in {409, 422}
    assert 'value="kept"' in agent.text
    assert f'href="#{field}"' in agent.text or field == "until"


async def test_another_town_halls_is_not_there(office, agent, path):
    day = office.calendar.day.isoformat()
    await agent.post(path, day=day, step="save")
    [found] = await outages.running(office.calendar.id)
    foreign = await office.agent(at=await a_calendar())
    for part in ("", f"/{found.id}"):
        assert (await foreign.get(f"/office/{foreign.slug}/{path}{part}")).status == 404
        assert (await foreign.get(f"/office/{office.slug}/{path}{part}")).status == 404
    for act in ("call", "end"):
        assert (await foreign.post(f"{path}/{found.id}/{act}")).status == 404


async def test_a_resident_chooses_with_one_click_and_opening_changes_nothing(office, agent, path):
    _, dossier = await a_visit(office.calendar, office.calendar.at(9))
    await agent.post(path, day=office.calendar.day.isoformat(), step="save")
    key = queries.link_key(dossier, office.calendar.at(9) + timedelta(days=30))
    address = f"/my/visits/{dossier}/other?key={key}"
    agent.http.cookies.clear()
    await agent.get(address.partition("?")[0])
    assert agent.status == 404
    await agent.get(address.partition("?")[0], key=key)
    codes = re.findall(r'name="slot" value="([^"]+)"', agent.text)
    assert 1 <= len(codes) <= 3
    assert (await queries.dossier(dossier)).visit.start == office.calendar.at(9)
    for wrong in ("", "nonsense", codes[0][:-3] + "AAA"):
        await agent.post(address, slot=wrong)
        assert (agent.status, "still yours" in agent.text) == (409, True)
    await agent.post(address, slot=codes[0])
    assert "was moved" in agent.text
    assert (await queries.dossier(dossier)).visit.start > office.calendar.at(23)
    await agent.get(address.partition("?")[0], key=key)
    assert "nothing to choose" in agent.text


async def test_what_is_proposed_can_be_taken_though_it_is_the_counters_or_not_online(office):
    town = await a_calendar(weekly=every_day(time(9), time(10), counter=True))
    await planning.offer(town.id, "certification", 20, 5, online=False)
    put_clock(town.at(8))
    _, dossier = await a_visit(town, town.at(9), kind="certification")
    await outages.declare(town.id, [], town.at(23), "", None)
    agent = await office.agent(at=town)
    agent.http.cookies.clear()
    address = f"/my/visits/{dossier}/other?key={queries.link_key(dossier, town.at(9) + timedelta(days=30))}"
    path, _, key = address.partition("?key=")
    await agent.get(path, key=key)
    [code, *_] = re.findall(r'name="slot" value="([^"]+)"', agent.text)
    await agent.post(address, slot=code)
    assert "was moved" in agent.text
    # Nothing fell out any more: this page gives nobody another hour of the counter's.
    await agent.post(address, slot=Slot(town.id, town.at(9, 20, days=2)).code)
    assert agent.status == 409
