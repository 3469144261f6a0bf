"""Figures over real rows: counted as they are, kept when dossiers are erased, silent about few people."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.attendance import actions as attendance
from parvis.attendance.actions import Who
from parvis.attendance.rules import Step
from parvis.db import connection
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By
from parvis.events import BookingCancelled, BookingRestored
from parvis.indicators import queries, reactions
from parvis.indicators.rules import FEWEST, Period, percent, period, tellable
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit, put_clock


@given(st.sampled_from(["past", "next", "year"]), st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_a_period_is_whole_weeks_with_the_running_one(span, today):
    over = period(span, today)
    assert over.since.weekday() == 0
    assert over.until.weekday() == 6
    assert over.since <= today <= over.until
    assert (over.until - over.since).days % 7 == 6


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_shares_are_percents_and_few_people_are_never_told(part, rest):
    share = percent(part, part + rest)
    assert share is None if part + rest == 0 else 0 <= share <= 100
    assert tellable(part) in ({0} if part == 0 else {None} if part < FEWEST else {part})


@pytest.fixture
async def town(database):
    return await a_calendar(desks=2)


def around(town):
    monday = town.day - timedelta(days=town.day.weekday())
    return Period(monday, monday + timedelta(days=6))


async def cancelled(town, hour, by):
    booking, dossier = await a_visit(town, town.at(hour), "Zoé Roth")
    await dossiers.cancel_visit(dossier, by)
    event = {"emitter": town.emitter, "booking": booking, "dossier": dossier, "calendar": town.id}
    times = {"start": town.at(hour), "end": town.at(hour, 20)}
    await reactions.note_cancelled(BookingCancelled(**event, **times))
    return booking, dossier, event | times


async def test_a_week_is_what_its_desks_have(town):
    await a_visit(town, town.at(9))
    [week] = await queries.weeks([town.emitter], around(town))
    days = (around(town).until - max(around(town).since, clock.now().date())).days + 1
    assert week.taken == 1
    assert week.open_minutes - week.free_minutes == 20
    assert week.open_minutes <= days * 2 * 180
    assert await queries.taken([town.emitter], around(town)) == {town.emitter: 1}
    assert await queries.by_hour([town.emitter], around(town)) == {(town.day.isoweekday(), 9): 1}


async def test_absences_and_who_cancelled_outlive_the_dossiers(town):
    came, _ = await a_visit(town, town.at(9))
    missed, _ = await a_visit(town, town.at(9, 20))
    await a_visit(town, town.at(9, 40))
    await cancelled(town, 10, By("resident"))
    _, restored, event = await cancelled(town, 11, By("staff"))
    await dossiers.restore_visit(restored, By("staff"))
    await reactions.forget_restored(BookingRestored(**event))
    put_clock(town.at(11, 30))
    for visit, step in ((came, Step.SERVED), (missed, Step.ABSENT)):
        await attendance.take(visit, step, Who("staff", None))
    async with connection() as c:
        await c.execute("DELETE FROM parvis.timeline")
    found = (await queries.outcomes([town.emitter], around(town), clock.now()))[town.emitter]
    assert (found.served, found.absent, found.unknown) == (1, 1, 2)
    assert found.cancelled == {"resident": 1}


async def test_the_same_fact_twice_is_once_and_a_booking_without_a_dossier_is_nobodys(town):
    booking, _, event = await cancelled(town, 9, By("helper"))
    await reactions.note_cancelled(BookingCancelled(**event))
    await reactions.note_cancelled(BookingCancelled(**(event | {"dossier": None})))
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.cancellation WHERE booking = $1", booking) == 1


async def test_people_are_counted_by_where_they_come_from(town):
    own = await territory.emitter(town.emitter)
    async with connection() as c:
        await c.execute("UPDATE parvis.emitter SET insee = '68154' WHERE id = $1", own.id)
        for minute, home in ((0, "68154"), (20, "68224"), (40, None)):
            _, dossier = await a_visit(town, town.at(9, minute), "A B", "C D")
            await c.execute("UPDATE parvis.dossier SET home = $2 WHERE id = $1", dossier, home)
    found = await queries.origins([town.emitter], around(town))
    assert (found.own, found.other, found.unknown) == (2, 2, 2)
