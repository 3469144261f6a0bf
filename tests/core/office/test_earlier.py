"""Agents and earlier hours: what was given back is in sight at once, and somebody is put on the list, or off it."""

from datetime import timedelta

import pytest
from tests.core.earlier.conftest import a_service

from parvis import plugins
from parvis.calendars import actions as calendars
from parvis.earlier import offering, queries
from parvis.territory.actions import enable_plugin, publish
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit, put_clock


@pytest.fixture
async def proposing(office):
    """The town hall proposes freed hours; it is ten in the morning."""

    async def earlier(_):
        return timedelta(hours=1)

    before = plugins.current()
    plugins.use(a_plugin(a_service(earlier)))
    await enable_plugin(office.calendar.emitter, "idcard")
    await publish(office.calendar.emitter, "idcard")
    put_clock(office.calendar.at(10, days=-5))
    yield office
    plugins.use(before)


def answers(office, **more):
    last = office.calendar.day + timedelta(days=3)
    return {"places": office.calendar.id.hex, "not_before": "0", "not_after": "24", "last_day": last} | more


async def test_an_agent_asks_for_somebody_sees_the_list_and_stops_it(proposing):
    _, dossier = await a_visit(proposing.calendar, proposing.calendar.at(9, days=4))
    agent = await proposing.agent()
    await agent.get(f"requests/{dossier}")
    assert "Look for an earlier hour" in agent.text
    await agent.post(f"requests/{dossier}/earlier", **answers(proposing))
    assert "An earlier hour is looked for." in agent.text
    await agent.get("freed")
    reference = agent.text.partition("Who waits")[2]
    assert str(dossier) in reference
    await agent.post(f"requests/{dossier}/earlier/stop")
    assert (await queries.asked(dossier)).ended == "stopped"
    await agent.get("freed")
    assert "Nobody does." in agent.text


async def test_wrong_answers_are_said_and_kept(proposing):
    _, dossier = await a_visit(proposing.calendar, proposing.calendar.at(9, days=4))
    agent = await proposing.agent()
    await agent.post(f"requests/{dossier}/earlier", **answers(proposing, places="", not_before="11"))
    assert agent.status == 409
    assert "Choose one place" in agent.text
    assert '<option value="11" selected>' in agent.page.text


async def test_freed_hours_are_seen_booked_and_marked_once_they_are_proposed(proposing):
    gone, _ = await a_visit(proposing.calendar, proposing.calendar.at(9, days=1))
    booking, dossier = await a_visit(proposing.calendar, proposing.calendar.at(9, 20, days=4))
    agent = await proposing.agent()
    await agent.get("freed")
    assert "Nothing was given back just now" in agent.text
    await calendars.cancel(gone)
    await agent.get("freed")
    assert "20 minutes" in agent.text
    await agent.get(f"requests/{dossier}/move")
    assert agent.page.text.count('name="slot"') > 1
    await agent.post(f"requests/{dossier}/earlier", **answers(proposing))
    await offering.run()
    await agent.get("freed")
    assert "proposed to" in agent.text
    assert booking


async def test_another_town_hall_and_a_reader_see_none_of_it(proposing):
    other = await a_calendar()
    _, dossier = await a_visit(proposing.calendar, proposing.calendar.at(9, days=4))
    stranger, reader = await proposing.agent(at=other), await proposing.agent(role="reader")
    for path in ("freed", f"requests/{dossier}/earlier"):
        await stranger.get(f"/office/{proposing.slug}/{path}")
        assert stranger.status == 404
        await reader.get(path)
        assert reader.status == 403
    await stranger.get("freed")
    assert str(dossier) not in stranger.text
    await stranger.post(f"requests/{dossier}/earlier/stop")
    assert stranger.status == 404
