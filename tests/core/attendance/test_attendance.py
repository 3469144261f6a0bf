"""A visit's day against the database: steps, undoing, walk-ins, hours given back, sheets."""

import asyncio
import random
from contextlib import suppress
from datetime import time, timedelta

import pytest
from tests.seeds import seeds

from parvis import clock
from parvis.attendance import actions, queries
from parvis.attendance.actions import Overtaken, Who
from parvis.attendance.rules import Standing, Step
from parvis.calendars import actions as calendars
from parvis.calendars import counter, proofs
from parvis.calendars import queries as calendar_queries
from parvis.calendars.counter import HourGone, NothingToday
from parvis.calendars.slots import UnknownSlot
from parvis.db import connection, new_id
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By
from parvis.errors import NotFound, Refused
from parvis.testing.calendars import a_calendar, every_day
from parvis.testing.people import a_person
from parvis.testing.visits import a_visit, put_clock

pytestmark = pytest.mark.usefixtures("database")
STAFF = Who("staff")


async def stands(calendar) -> list[Standing]:
    return [visit.standing(clock.now()) for visit in await queries.visits(calendar.emitter, calendar.day)]


async def last_step(visit):
    return (await queries.steps_of(visit))[-1].id


async def length(visit) -> timedelta:
    found = await calendar_queries.booking(visit)
    return found.end - found.start


async def test_somebody_arrives_and_is_served():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9), minutes=-5)
    agent = await a_person()
    await actions.take(visit, Step.ARRIVED, Who("staff", agent))
    await actions.take(visit, Step.ARRIVED, Who("staff", agent))
    assert await stands(calendar) == [Standing.ARRIVED]
    await actions.take(visit, Step.SERVED, Who("staff", agent))
    assert await stands(calendar) == [Standing.SERVED]
    assert [(one.step, one.by) for one in await queries.steps_of(visit)] == [
        (Step.ARRIVED, "staff"),
        (Step.SERVED, "staff"),
    ]


async def test_every_step_is_undone_one_by_one():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9), minutes=1)
    await actions.take(visit, Step.ARRIVED, STAFF)
    await actions.take(visit, Step.SERVED, STAFF)
    served = await last_step(visit)
    assert await actions.undo(served, STAFF) == visit
    assert await actions.undo(served, STAFF) == visit
    assert await stands(calendar) == [Standing.ARRIVED]
    await actions.undo(await last_step(visit), STAFF)
    assert await stands(calendar) == [Standing.LATE]


async def test_a_step_that_is_not_the_last_any_more_is_not_undone():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9))
    await actions.take(visit, Step.ARRIVED, STAFF)
    arrived = await last_step(visit)
    await actions.take(visit, Step.SERVED, STAFF)
    with pytest.raises(Overtaken):
        await actions.undo(arrived, STAFF)
    assert await stands(calendar) == [Standing.SERVED]
    with pytest.raises(NotFound):
        await actions.undo(new_id(), STAFF)


async def test_two_agents_at_once_take_one_step():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9))
    await asyncio.gather(*(actions.take(visit, Step.ARRIVED, STAFF) for _ in range(8)))
    assert len(await queries.steps_of(visit)) == 1


async def test_who_does_not_come_gives_the_rest_of_the_hour_back_and_gets_it_again():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9), minutes=6)
    await actions.take(visit, Step.RELEASED, STAFF)
    assert await stands(calendar) == [Standing.RELEASED]
    assert await length(visit) == timedelta(minutes=10)
    assert await proofs.unlike_bookings() == []
    await actions.take(visit, Step.ARRIVED, STAFF)
    assert await length(visit) == timedelta(minutes=20)
    assert await proofs.unlike_bookings() == []
    await actions.undo(await last_step(visit), STAFF)
    assert await stands(calendar) == [Standing.LATE]


async def test_an_hour_that_was_given_to_somebody_else_is_not_taken_back():
    calendar = await a_calendar(minutes=(5, 5))
    visit, _ = await a_visit(calendar, calendar.at(9), "Léa", "Paul", "Nina")
    put_clock(calendar.at(9), minutes=6)
    await actions.take(visit, Step.RELEASED, STAFF)
    released = await last_step(visit)
    await calendars.hold(calendar.id, "deposit", calendar.at(9, 10), counter=True)
    with pytest.raises(HourGone):
        await actions.undo(released, STAFF)
    await actions.take(visit, Step.ARRIVED, STAFF)
    assert await stands(calendar) == [Standing.ARRIVED]
    assert await length(visit) == timedelta(minutes=10)
    assert await proofs.unlike_bookings() == []


async def test_an_absence_gives_back_what_is_left_and_is_undone_in_one_go():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9), minutes=8)
    await actions.take(visit, Step.ABSENT, STAFF)
    assert await length(visit) == timedelta(minutes=10)
    await actions.undo(await last_step(visit), STAFF)
    assert await stands(calendar) == [Standing.LATE]
    assert await length(visit) == timedelta(minutes=20)
    put_clock(calendar.at(9), minutes=25)
    await actions.take(visit, Step.ABSENT, STAFF)
    assert [one.step for one in await queries.steps_of(visit)] == [Step.ABSENT]
    assert await proofs.unlike_bookings() == []


async def test_late_hours_go_back_by_themselves_where_the_calendar_says_so():
    calendar, other = await a_calendar(), await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    elsewhere, _ = await a_visit(other, other.at(9))
    come, _ = await a_visit(calendar, calendar.at(9, 20))
    await actions.release_after(calendar.id, 10)
    put_clock(calendar.at(9), minutes=9)
    assert await actions.release_late() == 0
    put_clock(calendar.at(9), minutes=10)
    await actions.take(come, Step.ARRIVED, STAFF)
    assert await actions.release_late() == 1
    assert await actions.release_late() == 0
    # The cell that runs is theirs to the end.
    assert await length(visit) == timedelta(minutes=15)
    assert await length(elsewhere) == timedelta(minutes=20)
    await actions.release_after(calendar.id, None)
    [(found, _, service, minutes)] = await queries.release_minutes(calendar.emitter)
    assert (found, service, minutes) == (calendar.id, "idcard", None)


async def test_a_resident_says_that_they_are_there():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    put_clock(calendar.at(9), hours=-2)
    with pytest.raises(Refused):
        await actions.arrive(visit, None)
    put_clock(calendar.at(9), minutes=-20)
    await actions.arrive(visit, None)
    await actions.arrive(visit, None)
    assert [(one.step, one.by) for one in await queries.steps_of(visit)] == [(Step.ARRIVED, "resident")]


async def test_somebody_without_an_appointment_is_taken_in_at_once_and_out_again():
    calendar = await a_calendar()
    put_clock(calendar.at(9), minutes=3)
    taken = await actions.walk_in(calendar.id, "deposit", 1, STAFF)
    assert taken.start == calendar.at(9)
    assert await stands(calendar) == [Standing.ARRIVED]
    assert (await actions.walk_in(calendar.id, "deposit", 1, STAFF)).start == calendar.at(9, 20)
    await actions.undo(await last_step(taken.id), STAFF)
    assert await stands(calendar) == [Standing.ARRIVED]
    assert (await actions.walk_in(calendar.id, "deposit", 1, STAFF)).start == calendar.at(9)
    assert await proofs.unlike_bookings() == []


async def test_a_walk_in_takes_the_counters_share_and_kinds_that_are_not_online():
    calendar = await a_calendar(weekly=every_day(time(9), time(9, 20), counter=True))
    put_clock(calendar.at(9), minutes=-1)
    with pytest.raises(calendars.SlotFull):
        await calendars.hold(calendar.id, "deposit", calendar.at(9))
    put_clock(calendar.at(9))
    assert (await actions.walk_in(calendar.id, "deposit", 1, STAFF)).start == calendar.at(9)
    with pytest.raises(NothingToday):
        await actions.walk_in(calendar.id, "deposit", 1, STAFF)
    with pytest.raises(UnknownSlot):
        await actions.walk_in(calendar.id, "wedding", 1, STAFF)


async def test_many_walk_ins_at_once_never_share_an_hour():
    calendar = await a_calendar(desks=2)
    put_clock(calendar.at(9))
    taken = await asyncio.gather(*(actions.walk_in(calendar.id, "deposit", 1, STAFF) for _ in range(8)))
    assert len({(one.desk, one.start) for one in taken}) == 8
    assert await proofs.unlike_bookings() == []


async def test_a_cancellation_is_undone_while_the_hour_is_there():
    calendar = await a_calendar()
    near, _ = await a_visit(calendar, calendar.at(9))
    for _ in range(2):
        await calendars.cancel(near)
        assert (await counter.restore(near)).state == "confirmed"
    assert await proofs.unlike_bookings() == []
    put_clock(calendar.at(8))
    await calendars.cancel(near)
    await calendars.hold(calendar.id, "deposit", calendar.at(9))
    with pytest.raises(HourGone):
        await counter.restore(near)
    assert (await calendar_queries.booking(near)).state == "cancelled"
    assert await proofs.unlike_bookings() == []


async def test_who_cancelled_is_seen():
    calendar = await a_calendar()
    for minute, by in ((0, "resident"), (20, "staff")):
        _, dossier = await a_visit(calendar, calendar.at(9, minute))
        await dossiers.cancel_visit(dossier, By(by))
    found = await queries.visits(calendar.emitter, calendar.day)
    assert [(one.standing(clock.now()), one.cancelled_by) for one in found] == [
        (Standing.CANCELLED, "resident"),
        (Standing.CANCELLED, "staff"),
    ]


async def test_what_was_written_down_is_encrypted_and_erased_with_the_day():
    calendar = await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    await actions.tick(visit, ["0:photo", "0:address"])
    await actions.tick(visit, ["0:photo"])
    await actions.write_note(visit, "comes with her mother")
    found = await queries.sheet(visit)
    assert (found.ticks, found.note) == ({"0:photo"}, "comes with her mother")
    [shown] = await queries.visits(calendar.emitter, calendar.day)
    assert (shown.noted, shown.ticked) == (True, 1)
    async with connection() as c:
        assert b"mother" not in await c.fetchval("SELECT note FROM parvis.attendance_sheet")
    assert await actions.erase_sheets(calendar.day) == 0
    assert await actions.erase_sheets(calendar.day + timedelta(days=1)) == 1
    assert (await queries.sheet(visit)).note == ""
    with pytest.raises(Refused):
        await actions.write_note(visit, "x" * 141)
    await actions.write_note(visit, "")
    assert (await queries.sheet(visit)).note == ""


async def test_what_has_no_outcome_is_counted_by_day():
    calendar = await a_calendar()
    served, _ = await a_visit(calendar, calendar.at(9))
    await a_visit(calendar, calendar.at(9, 20))
    await a_visit(calendar, calendar.at(11))
    put_clock(calendar.at(9), minutes=45)
    await actions.take(served, Step.SERVED, STAFF)
    counted = await queries.without_outcome(calendar.emitter, calendar.day - timedelta(days=7), clock.now())
    assert counted == {calendar.day: 1}


async def test_another_emitters_day_is_not_shown():
    calendar, other = await a_calendar(), await a_calendar()
    visit, _ = await a_visit(calendar, calendar.at(9))
    assert await queries.visits(other.emitter, calendar.day) == []
    assert await queries.is_at(visit, calendar.emitter)
    assert not await queries.is_at(visit, other.emitter)


async def undo_last(visit) -> None:
    if done := await queries.steps_of(visit):
        await actions.undo(done[-1].id, STAFF)


async def undo_everything(visit) -> None:
    with suppress(HourGone):
        while await queries.steps_of(visit):
            await undo_last(visit)


@pytest.mark.parametrize("seed", seeds())
async def test_whatever_is_done_and_undone_free_is_the_grid_without_the_live_bookings(seed):
    """Any sequence of steps, undoings, walk-ins and cancellations, then all of it undone."""
    rng = random.Random(seed)
    calendar = await a_calendar(desks=2)
    visits = [(await a_visit(calendar, calendar.at(9, minute)))[0] for minute in (0, 0, 20, 40)]

    async def take_in(_) -> None:
        visits.append((await actions.walk_in(calendar.id, "deposit", 1, STAFF)).id)

    async def step(visit) -> None:
        await actions.take(visit, rng.choice(list(Step)), STAFF)

    put_clock(calendar.at(9), minutes=rng.randrange(-5, 50))
    for _ in range(25):
        act = rng.choice([step, step, undo_last, take_in, counter.withdraw, counter.restore])
        with suppress(Refused, HourGone, NothingToday):
            await act(rng.choice(visits))
        put_clock(clock.now(), minutes=rng.randrange(3))
        assert await proofs.unlike_bookings() == []
    for visit in visits:
        await undo_everything(visit)
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(calendar.id) == []
