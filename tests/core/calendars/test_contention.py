"""Many at once: no hour is given twice, and every run ends with all proofs holding."""

import asyncio
import random
from collections import Counter
from datetime import time, timedelta

import asyncpg
import pytest
from tests.seeds import seeds

from parvis import clock, settings
from parvis.calendars import actions, claims, grids, planning, proofs
from parvis.calendars.following import catch_up, refill
from parvis.calendars.index import Index
from parvis.calendars.openings import Exceptional
from parvis.db import close_pool, connection, open_pool
from parvis.errors import Refused
from parvis.testing.calendars import SomeCalendar, a_calendar, every_day, numbered

CLAIMS, PLACES = 500, 100
REPEATED = pytest.mark.parametrize("seed", seeds())


@pytest.fixture
async def crowd(database: str):
    """A pool as wide as a busy web process's."""
    await close_pool()
    await open_pool(database, size=16)
    return database


async def four_desks() -> tuple[SomeCalendar, list]:
    """A hundred places: four desks with 25 starts each."""
    calendar = await a_calendar(desks=4, weekly=every_day(time(8), time(16, 20)))
    return calendar, [calendar.at(8) + n * timedelta(minutes=20) for n in range(25)]


async def proved(calendar: SomeCalendar, index: Index) -> None:
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(calendar.id) == []
    await numbered()
    await catch_up(index)
    fresh = Index()
    await refill(fresh)
    async with connection() as c:
        days = await c.fetch("SELECT desk, day FROM parvis.desk_day")
    assert [index.free(*row) for row in days] == [fresh.free(*row) for row in days]


@REPEATED
async def test_five_hundred_claims_on_a_hundred_places_sell_a_hundred(crowd, seed: int):
    calendar, starts = await four_desks()
    index = Index()
    await refill(index)
    wishes = [starts[n % 25] for n in range(CLAIMS)]
    random.Random(seed).shuffle(wishes)
    answers = await asyncio.gather(
        *(actions.hold(calendar.id, "deposit", start) for start in wishes), return_exceptions=True
    )
    outcome = Counter(type(answer).__name__ for answer in answers)
    assert outcome == {"Hold": PLACES, "SlotFull": CLAIMS - PLACES}
    await proved(calendar, index)


@REPEATED
async def test_moves_and_cancellations_in_the_mix(crowd, seed: int):
    calendar, starts = await four_desks()
    other = await a_calendar(desks=2, weekly=every_day(time(8), time(16, 20)))
    index = Index()
    await refill(index)
    rng = random.Random(seed)
    both = [calendar.id, other.id]
    await asyncio.gather(*(one_person(random.Random(rng.random()), both, starts) for _ in range(150)))
    await planning.add_exception(other.id, Exceptional("closed", other.day, other.day, time(9), time(10)))
    await grids.open_days(other.id)
    await proved(calendar, index)
    clock.move(timedelta(hours=5))
    await asyncio.gather(*(actions.sweep() for _ in range(4)))
    await proved(other, index)
    async with connection() as c:
        states = await c.fetch("SELECT DISTINCT state FROM parvis.booking ORDER BY state")
    assert [row["state"] for row in states] == ["cancelled", "confirmed"]


async def one_person(rng: random.Random, calendars: list, starts: list) -> None:
    """Holds and confirms an hour, then moves it about, releases another, and perhaps cancels."""
    try:
        held = await actions.hold(rng.choice(calendars), "deposit", rng.choice(starts), rng.choice([1, 1, 2]))
        booked = await actions.confirm(held.id, held.secret)
    except actions.SlotFull:
        return
    for _ in range(rng.randrange(4)):
        step = rng.choice(["move", "move", "again", "extend"])
        try:
            if step == "move":
                await actions.move(booked.id, rng.choice(calendars), rng.choice(starts))
                continue
            spare = await actions.hold(rng.choice(calendars), "deposit", rng.choice(starts))
            if step == "extend":
                await actions.extend(spare.id, spare.secret)
            else:
                await actions.release(spare.id, spare.secret)
        except actions.SlotFull:
            continue
    if rng.random() < 0.4:
        await actions.cancel(booked.id)


@REPEATED
async def test_rules_change_while_people_book(crowd, seed: int):
    calendar, starts = await four_desks()
    index = Index()
    await refill(index)
    rng = random.Random(seed)

    async def change_rules() -> None:
        for hour in (9, 11, 13):
            added = await planning.add_exception(
                calendar.id, Exceptional("closed", calendar.day, calendar.day, time(hour), time(hour + 1))
            )
            await grids.open_days(calendar.id)
            await planning.remove_exception(added)
            await grids.open_days(calendar.id)

    people = [one_person(random.Random(rng.random()), [calendar.id], starts) for _ in range(120)]
    await asyncio.gather(change_rules(), *people)
    await proved(calendar, index)


def unlocked() -> str:
    """The claim without its lock and without its condition."""
    statement = claims.SECOND_LOOK.replace("FOR NO KEY UPDATE OF d", "")
    condition = "AND substring(d.free, p.at, p.cells) = substring(~B'0'::bit(300), 1, p.cells)"
    assert condition in statement
    return statement.replace(condition, "")


async def claims_without_lock(calendar: SomeCalendar, url: str) -> Counter:
    """A dozen claims that all saw the hour free before the first of them went on."""

    async def one() -> str:
        asked = claims.Hour(calendar.id, "deposit", calendar.at(9), 1, False)
        claim = claims.Claim(asked, clock.now(), clock.now() + timedelta(minutes=10))
        try:
            async with connection() as c:
                row = await c.fetchrow(unlocked(), *claim.values)
        except (asyncpg.ExclusionViolationError, asyncpg.DeadlockDetectedError) as error:
            return type(error).__name__
        return "sold" if row["desk"] else "full"

    gate = await asyncpg.connect(url)
    shut = gate.transaction()
    await shut.start()
    await gate.execute("SELECT 1 FROM parvis.desk_day FOR UPDATE")
    claimers = [asyncio.create_task(one()) for _ in range(12)]
    stuck = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await gate.fetchval(stuck) < len(claimers):
        await asyncio.sleep(0.01)
        await gate.execute("SELECT pg_stat_clear_snapshot()")
    await shut.rollback()
    await gate.close()
    return Counter(await asyncio.gather(*claimers))


async def test_control_without_the_lock_the_constraint_fires(crowd):
    calendar = await a_calendar()
    outcome = await claims_without_lock(calendar, crowd)
    assert outcome.pop("sold") == 1
    assert outcome.total() == 11
    assert outcome["ExclusionViolationError"] > 0


async def test_control_without_lock_and_constraint_it_oversells(crowd):
    calendar = await a_calendar()
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute("ALTER TABLE parvis.booking DROP CONSTRAINT booking_no_overlap")
    await owner.close()
    outcome = await claims_without_lock(calendar, crowd)
    assert outcome["sold"] > 1


async def test_crossing_moves_do_not_deadlock(crowd):
    calendar, starts = await four_desks()
    booked = []
    for day in range(2):
        for start in starts[:10]:
            held = await actions.hold(calendar.id, "deposit", start + timedelta(days=day))
            booked.append((day, await actions.confirm(held.id, held.secret)))

    async def swap(day: int, booking_id, start) -> None:
        try:
            await actions.move(booking_id, calendar.id, start + timedelta(days=1 - 2 * day))
        except (actions.SlotFull, Refused):
            return

    await asyncio.gather(*(swap(day, found.id, found.start) for day, found in booked))
    assert await proofs.unlike_bookings() == []
