"""Agents save rules while residents book, move and cancel, and while the worker opens days."""

import asyncio
import random
from contextlib import suppress
from datetime import time

import asyncpg
import msgspec
import pytest
from tests.core.calendars.test_contention import REPEATED, crowd, four_desks, one_person, proved  # noqa: F401

from parvis.calendars import actions, grids, proofs, saving, timetable_rows
from parvis.calendars.following import refill
from parvis.calendars.index import Index
from parvis.calendars.openings import Exceptional
from parvis.calendars.orphaned import Decision, orphans, proposals
from parvis.calendars.timetables import Special, Timetable
from parvis.db import new_id, transaction
from parvis.errors import Conflict, Refused
from parvis.testing.calendars import SomeCalendar

_REFUSALS = (saving.Undecided, saving.RulesChanged, actions.SlotFull)


async def try_to_save(calendar: SomeCalendar, rng: random.Random, change) -> bool:
    """As an agent does: look, decide, save; False if something happened in between."""
    kept = await timetable_rows.read(calendar.id)
    proposed = change(kept.timetable)
    left = [found.booking for found in await orphans(kept.timetable, proposed) if found.booking.state == "confirmed"]
    offered = await proposals(proposed, left)
    decisions = {found.id: decision(rng, offered[found.id]) for found in left}
    edit = saving.Edit(calendar=calendar.id, base=kept.version, proposed=proposed, sort="closure", by=None)
    try:
        async with transaction():
            saved = await saving.save(edit, decisions)
            for found in sorted(saved.settled, key=lambda booking: (decisions[booking].start is None, booking)):
                if decisions[found].what == "cancel":
                    await actions.cancel(found)
                elif decisions[found].start:
                    await actions.move(found, calendar.id, decisions[found].start, counter=True)
    except _REFUSALS:
        return False
    return True


def decision(rng: random.Random, offered: list) -> Decision:
    what = rng.choice(["keep", "move", "cancel"])
    return (
        Decision("move", rng.choice(offered))
        if what == "move" and offered
        else Decision("cancel" if offered else "keep")
    )


async def somebody(rng: random.Random, calendar: SomeCalendar, starts: list) -> None:
    """Books and moves about, until an agent closes the hour that is held or cancels what was booked."""
    with suppress(actions.HoldGone, Refused):
        await one_person(rng, [calendar.id], starts)


def closing(calendar: SomeCalendar, hour: int):
    def change(now: Timetable) -> Timetable:
        rule = Exceptional("closed", calendar.day, calendar.day, time(hour), time(hour + 1))
        return msgspec.structs.replace(now, specials={**now.specials, new_id(): Special(rule=rule)})

    return change


def reopening(now: Timetable) -> Timetable:
    return msgspec.structs.replace(now, specials={})


@REPEATED
async def test_rules_are_saved_while_people_book(crowd, seed: int):  # noqa: F811
    calendar, starts = await four_desks()
    index = Index()
    await refill(index)
    rng = random.Random(seed)
    busy = True

    async def agent(hours: range) -> None:
        for hour in hours:
            await try_to_save(calendar, rng, closing(calendar, hour))
            await try_to_save(calendar, rng, reopening)

    async def worker() -> None:
        while busy:
            await grids.open_days(calendar.id)
            await actions.sweep()

    beside = asyncio.create_task(worker())
    people = [somebody(random.Random(rng.random()), calendar, starts) for _ in range(80)]
    try:
        await asyncio.gather(agent(range(8, 12)), agent(range(12, 16)), *people)
    finally:
        busy = False
        await beside
    for hour in (9, 11, 13):
        while not await try_to_save(calendar, rng, closing(calendar, hour)):
            continue
    assert await proofs.outside_undecided(calendar.id) == []
    await proved(calendar, index)


async def test_a_save_gives_up_on_hours_that_are_in_somebodys_hands(crowd):  # noqa: F811
    calendar, _ = await four_desks()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    hands = await asyncpg.connect(crowd)
    async with hands.transaction():
        await hands.execute("SELECT 1 FROM parvis.booking WHERE id = $1 FOR UPDATE", held.id)
        with pytest.raises(Conflict, match="being booked"):
            await try_to_save(calendar, random.Random(0), closing(calendar, 9))
    await hands.close()
    assert await try_to_save(calendar, random.Random(0), closing(calendar, 9))
    assert await proofs.unlike_rules(calendar.id) == []
