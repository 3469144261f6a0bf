"""The day over HTTP, without scripts: steps, undoing, walk-ins, sheets, what is refused and to whom."""

import re

import pytest

from parvis import clock
from parvis.attendance import actions as attendance
from parvis.attendance import queries, rules
from parvis.attendance.actions import Who
from parvis.attendance.rules import Standing, Step
from parvis.audit import queries as audit
from parvis.calendars import planning
from parvis.db import connection
from parvis.dossiers import actions as dossiers
from parvis.dossiers import erasing
from parvis.dossiers import queries as dossier_queries
from parvis.dossiers.actions import By
from parvis.territory.actions import add_emitter
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit, put_clock

SCRIPTED = {"hx-request": "true"}


@pytest.fixture
async def visit(office):
    """Somebody's appointment at nine, the clock a minute later."""
    booking, _ = await a_visit(office.calendar, office.calendar.at(9), "Léa Müller", "Paul Müller")
    put_clock(office.calendar.at(9), minutes=1)
    return booking


async def stands(visit) -> Standing:
    return rules.standing(await queries.steps_of(visit), await queries.hour_of(visit), clock.now())


def buttons(text: str, visit) -> list[str]:
    row = re.search(rf'<li id="v{visit.hex}".*?</li>', text, re.DOTALL)[0]
    return re.findall(r'<button name="(\w+)"', row)


async def test_the_day_shows_who_is_expected_where_and_what_is_free(office, visit):
    agent = await (await office.agent()).get("today")
    assert "Léa Müller, Paul Müller" in agent.text
    assert "Desk 1" in agent.text
    assert "2 people" in agent.text
    assert "free until" in agent.text
    assert buttons(agent.text, visit) == ["arrived", "absent"]


async def test_the_navigation_counts_what_has_no_outcome_yet(office, visit):
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    agent = await office.agent()

    async def counted():
        await agent.get("calendars")
        return re.findall(r'<span class="count">(\d+)<', agent.page.text)

    assert await counted() == []
    put_clock(office.calendar.at(10))
    assert await counted() == ["1"]
    await agent.post("today", arrived=visit.hex)
    await agent.post("today", served=visit.hex)
    assert await counted() == []


async def test_an_agent_takes_every_step_and_undoes_it(office, visit):
    agent = await office.agent()
    for name, standing in (("arrived", Standing.ARRIVED), ("served", Standing.SERVED)):
        await agent.post("today", **{name: visit.hex})
        assert agent.status == 200
        assert await stands(visit) is standing
    for standing in (Standing.ARRIVED, Standing.LATE):
        step = re.search(r'name="undo" value="(\w+)"', agent.page.text)[1]
        await agent.post("today", undo=step)
        assert await stands(visit) is standing
    await agent.post("today", absent=visit.hex)
    assert await stands(visit) is Standing.ABSENT


async def test_a_scripted_page_gets_the_line_and_the_figures_only(office, visit):
    agent = await office.agent()
    await agent.post("today", arrived=visit.hex, headers=SCRIPTED)
    assert agent.status == 200
    ids = re.findall(r'id="(\w+)"', agent.page.text)
    assert ids == [f"v{visit.hex}", "figures", "said"]
    assert agent.page.text.count('hx-swap-oob="true"') == 3
    await agent.post("today?show=open", served=visit.hex, headers=SCRIPTED)
    assert f'id="v{visit.hex}" hx-swap-oob="delete"' in agent.page.text


async def test_what_cannot_be_done_is_said_and_nothing_changes(office, visit):
    agent = await office.agent()
    await agent.post("today", served=visit.hex)
    await agent.post("today", absent=visit.hex)
    assert agent.status == 409
    assert "Undo that first" in agent.text
    await agent.post("today", absent=visit.hex, headers=SCRIPTED)
    assert (agent.status, "Undo that first" in agent.text) == (409, True)
    assert await stands(visit) is Standing.SERVED


async def test_an_undoing_that_came_too_late_is_said(office, visit):
    agent = await office.agent()
    await attendance.take(visit, Step.ARRIVED, Who("staff"))
    [arrived] = await queries.steps_of(visit)
    await attendance.take(visit, Step.SERVED, Who("staff"))
    await agent.post("today", undo=arrived.id.hex)
    assert agent.status == 409
    assert "Somebody did something else" in agent.text


@pytest.mark.parametrize(
    "pressed", [{}, {"arrived": "x"}, {"arrived": "0" * 32}, {"undo": "0" * 32}, {"undo": "😀"}, {"absent": "\x00"}]
)
async def test_made_up_buttons_find_nothing(office, visit, pressed):
    assert (await (await office.agent()).post("today", **pressed)).status == 404


@pytest.mark.parametrize(
    "query",
    ["day=31/02/2027", "day=0001-01-01", "day=9999-12-31", "view=wall", "show=nobody", f"desk={'x' * 100}"],
)
async def test_an_address_that_cannot_be_read_shows_today_and_says_so(office, visit, query):
    agent = await (await office.agent()).get(f"today?{query}")
    assert agent.status == 422
    assert "Léa Müller" in agent.text


async def test_a_foreign_agent_finds_nothing_anywhere(office, visit):
    other = await a_calendar()
    stranger = await office.agent(at=other)
    for path in ("today", "today/live", "today/settings", f"visits/{visit}"):
        assert (await stranger.get(f"/office/{office.slug}/{path}")).status == 404
    assert (await stranger.post(f"/office/{office.slug}/today", arrived=visit.hex)).status == 404
    # Nor by the address of their own town hall.
    assert (await stranger.get(f"visits/{visit}")).status == 404
    assert (await stranger.post(f"visits/{visit}", note="x")).status == 404
    assert (await stranger.post("today", arrived=visit.hex)).status == 404
    await attendance.take(visit, Step.ARRIVED, Who("staff"))
    [step] = await queries.steps_of(visit)
    assert (await stranger.post("today", undo=step.id.hex)).status == 404
    assert await stands(visit) is Standing.ARRIVED
    assert "Müller" not in (await stranger.get("today")).text


async def test_a_reader_looks_and_does_nothing(office, visit):
    reader = await (await office.agent("reader")).get("today")
    assert "Léa Müller" in reader.text
    assert 'class="do"' not in reader.text
    assert (await reader.post("today", arrived=visit.hex)).status == 403
    assert (await reader.post("today/walk-in", walk="x")).status == 403
    assert (await reader.get(f"visits/{visit}")).status == 200
    assert "Keep" not in reader.text


async def test_walk_ins_are_taken_in_with_one_button(office, visit):
    agent = await (await office.agent()).get("today")
    walk = re.search(r'<option value="(\w+ deposit)"', agent.page.text)[1]
    await agent.post("today/walk-in", walk=walk)
    assert agent.status == 200
    assert "Without appointment" in agent.text
    shown = await queries.visits(office.calendar.emitter, office.calendar.day)
    [walked] = [one for one in shown if one.dossier is None]
    assert walked.standing(clock.now()) is Standing.ARRIVED
    await agent.get(f"visits/{walked.id}")
    assert agent.status == 200
    for typed in ({"walk": "x"}, {"walk": f"{'0' * 32} deposit"}, {"walk": walk, "people": "9"}, {}):
        assert (await agent.post("today/walk-in", **typed)).status in {404, 409, 422}


async def test_when_nothing_is_free_a_walk_in_is_told_so(office):
    put_clock(office.calendar.at(12))
    agent = await office.agent()
    walk = f"{office.calendar.id.hex} deposit"
    assert (await agent.post("today/walk-in", walk=walk)).status == 409
    assert "No desk is free" in agent.text


async def test_every_opening_of_a_visit_is_traced_and_a_list_once(office):
    booking, dossier = await a_visit(office.calendar, office.calendar.at(9))
    agent = await office.agent()
    await agent.get("today", day=office.calendar.day)
    assert len(await audit.readers_of(dossier)) == 1
    await agent.get("today", day=office.calendar.day)
    assert len(await audit.readers_of(dossier)) == 1
    await agent.get(f"visits/{booking}")
    assert len(await audit.readers_of(dossier)) == 2
    another = await office.agent()
    await another.get("today", day=office.calendar.day)
    assert len(await audit.readers_of(dossier)) == 3


async def test_a_list_that_leaves_somebody_out_is_not_their_reading(office):
    _, dossier = await a_visit(office.calendar, office.calendar.at(9))
    agent = await office.agent()
    await agent.get("today", day=office.calendar.day, show="over")
    await agent.get("today", day=office.calendar.day, desk="Desk 2")
    assert await audit.readers_of(dossier) == []


async def test_a_note_is_kept_shown_and_refused_if_too_long(office, visit):
    agent = await office.agent()
    await agent.post(f"visits/{visit}", note="comes with a pram")
    assert 'value="comes with a pram"' in agent.text
    await agent.post(f"visits/{visit}", note="x" * 141)
    assert (agent.status, "141" in agent.text) == (422, True)
    assert (await queries.sheet(visit)).note == "comes with a pram"
    await agent.get("today")
    assert "pram" not in agent.text


async def test_a_visit_of_another_day_is_not_checked_in(office):
    booking, _ = await a_visit(office.calendar, office.calendar.at(9, days=1))
    put_clock(office.calendar.at(9))
    agent = await office.agent()
    await agent.post(f"today?day={office.calendar.day}", arrived=booking.hex)
    assert agent.status == 409
    assert "another day" in agent.text


async def test_forgotten_outcomes_of_other_days_are_linked(office, visit):
    put_clock(office.calendar.at(9, days=2))
    agent = await (await office.agent()).get("today")
    assert f"day={office.calendar.day}" in agent.text
    await agent.get("today", day=office.calendar.day, show="open")
    assert buttons(agent.text, visit) == ["served", "absent"]
    await agent.post(f"today?day={office.calendar.day}", absent=visit.hex)
    assert await stands(visit) is Standing.ABSENT


async def test_a_manager_sets_when_late_hours_go_back(office, visit):
    manager = await (await office.agent("manager")).get("today/settings")
    assert manager.status == 200
    await manager.post("today/settings", calendar=office.calendar.id.hex, minutes="10")
    [(_, _, _, minutes)] = await queries.release_minutes(office.calendar.emitter)
    assert minutes == 10
    other = await a_calendar()
    for wrong in ({"calendar": other.id.hex, "minutes": "10"}, {"calendar": office.calendar.id.hex, "minutes": "7"}):
        assert (await manager.post("today/settings", **wrong)).status == 422
    assert (await (await office.agent()).get("today/settings")).status == 403


async def test_the_time_line_has_each_desk_with_its_visits(office, visit):
    agent = await (await office.agent()).get("today", view="desks")
    assert agent.text.count("<svg viewBox") == 2
    assert f'href="visits/{visit.hex}"' in agent.text
    assert "style=" not in agent.text


async def test_who_cancelled_is_said_in_the_list(office):
    _, dossier = await a_visit(office.calendar, office.calendar.at(9))
    await dossiers.cancel_visit(dossier, By("resident"))
    agent = await (await office.agent()).get("today", day=office.calendar.day)
    assert "cancelled by the resident" in agent.text


async def test_the_day_of_what_was_erased_is_shown_without_who(office):
    for n, end in enumerate(("cancelled", "served")):
        booking, dossier = await a_visit(office.calendar, office.calendar.at(9, n * 20), "Léa Müller")
        if end == "cancelled":
            await dossiers.cancel_visit(dossier, By("resident"))
        else:
            put_clock(office.calendar.at(9, n * 20))
            await attendance.take(booking, Step.SERVED, Who("staff"))
    put_clock(office.calendar.at(9, days=40))
    assert await dossiers.close_past_visits() == 1
    assert await erasing.erase_kept_long_enough([]) == 2
    agent = await (await office.agent()).get("today", day=office.calendar.day.isoformat())
    assert agent.status == 200
    assert "cancelled" in agent.text
    assert "Müller" not in agent.text
    await agent.get("today", day=office.calendar.day.isoformat(), view="desks")
    assert agent.status == 200


async def test_a_day_of_two_hundred_appointments_is_a_page_under_100_kb(office):
    calendar = await a_calendar(desks=20, minutes=(15, 10))
    await planning.offer(calendar.id, "collection", 5, 5)
    for n in range(200):
        minute = n // 20 * 15
        await a_visit(calendar, calendar.at(9 + minute // 60, minute % 60), "Marie-Antoinette Zimmermann-Oberlin")
    put_clock(calendar.at(10))
    agent = await office.agent(at=calendar, lang="fr")
    for view in ("list", "desks"):
        await agent.get("today", view=view)
        assert agent.status == 200
        assert agent.text.count("Zimmermann") >= 200
        assert len(agent.page.content) < 100_000


async def test_a_resident_says_by_their_link_that_they_are_there(office):
    booking, dossier = await a_visit(office.calendar, office.calendar.at(9))
    key = dossier_queries.link_key(dossier, office.calendar.at(12))
    resident = await office.agent()
    resident.http.cookies.clear()
    address = f"/my/visits/{dossier}?key={key}"
    assert (await resident.get(f"/my/visits/{dossier}")).status == 404
    await resident.get(f"/my/visits/{dossier}", key=key)
    assert "from one hour before" in resident.text
    assert (await resident.post(address)).status == 409
    put_clock(office.calendar.at(9), minutes=-30)
    await resident.get(f"/my/visits/{dossier}", key=key)
    assert "I have arrived" in resident.text
    assert await stands(booking) is Standing.EXPECTED
    await resident.post(address)
    assert "You are announced" in resident.text
    agent = await (await office.agent()).get("today")
    assert "arrived by the resident" in agent.text
    assert (await resident.get(f"/my/visits/{dossier}", key=f"{key}x")).status == 403


async def test_nothing_written_down_is_readable_at_rest(office, visit):
    await attendance.write_note(visit, "comes with a pram")
    async with connection() as c:
        for table in ("attendance_step", "attendance_sheet", "audit_trace", "event"):
            kept = await c.fetchval(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM parvis.{table} t")
            for told in ("pram", "Müller"):
                assert told not in kept
                assert told.encode().hex() not in kept
