"""The page of figures: whose, over which weeks, exported as shown; another town hall's are not there."""

import csv
import io
import json
from dataclasses import replace

import pytest

from parvis.territory import actions as territory
from parvis.territory import queries
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit


async def test_pictures_tables_and_files_say_the_same(office):
    for hour in (9, 10):
        await a_visit(office.calendar, office.calendar.at(hour))
    agent = await office.agent()
    await agent.get("figures", span="next")
    assert agent.status == 200
    assert agent.text.count("<svg") >= 4
    assert "style=" not in agent.text
    told = await agent.get("figures.csv", span="next")
    assert told.page.text.startswith("\ufefffigure;emitter;of;value")
    rows = list(csv.DictReader(io.StringIO(told.page.text[1:]), delimiter=";"))
    assert {"figure": "appointments", "emitter": office.slug, "of": "", "value": "2"} in rows
    programs = json.loads((await agent.get("figures.json", span="next")).page.text)["rows"]
    assert [{name: str(value) for name, value in row.items()} for row in programs] == rows


@pytest.mark.parametrize("span", ["past", "year", "nonsense", ""])
async def test_weeks_without_anything_say_so(office, span):
    agent = await office.agent(role="reader")
    await agent.get("figures", span=span)
    assert agent.status == 200


async def test_few_people_from_elsewhere_are_not_told(office):
    await a_visit(office.calendar, office.calendar.at(9), "Léa Roth")
    agent = await office.agent()
    await agent.get("figures", span="next")
    assert "fewer than 5" in agent.text
    rows = json.loads((await agent.get("figures.json", span="next")).page.text)["rows"]
    assert not [row for row in rows if row["of"] == "unknown"]


async def test_a_town_hall_sees_its_own_and_the_agglomeration_all(office):
    other = await a_calendar()
    whole = await territory.add_emitter("whole", "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    theirs = (await queries.emitter(other.emitter)).slug
    agent = await office.agent()
    await agent.get(f"/office/{theirs}/figures")
    assert agent.status == 404
    await agent.get("figures")
    assert theirs not in agent.text
    manager = await office.agent(role="manager", at=replace(other, emitter=whole))
    await manager.get("/office/whole/figures", span="next")
    assert (manager.status, office.slug in manager.text, theirs in manager.text) == (200, True, True)
