"""Whatever agents and residents do: free = grid − live bookings, and no appointment is left out unawares."""

import os
import random
from dataclasses import dataclass, field
from datetime import time
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.calendars.test_contention import crowd  # noqa: F401

from parvis.calendars import actions, grids, history, proofs, saving, timetable_rows
from parvis.calendars.bitmaps import run
from parvis.calendars.openings import Exceptional, Weekly
from parvis.calendars.orphaned import Decision, orphans, proposals
from parvis.calendars.timetables import Special, Timetable
from parvis.db import connection, new_id, transaction
from parvis.errors import Refused
from parvis.testing.calendars import SomeCalendar, a_calendar

changed = msgspec.structs.replace
SOAK = os.environ.get("PARVIS_SOAK") == "1"
WEEKS = [
    (),
    tuple(Weekly(day, time(9), time(12)) for day in range(1, 8)),
    tuple(Weekly(day, time(8), time(10, 40)) for day in range(1, 8)),
    tuple(Weekly(day, time(9, 10), time(11), counter=day % 2 == 0) for day in range(1, 8)),
]
HOURS = [(None, None), (time(9), time(10)), (time(10, 20), time(11, 40))]

small = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("book"), small, st.integers(0, 8)),
        st.tuples(st.just("cancel"), small, small),
        st.tuples(st.just("move"), small, st.integers(0, 8)),
        st.tuples(st.just("week"), st.integers(0, 1), st.integers(0, 3)),
        st.tuples(st.just("special"), small, st.integers(0, 11)),
        st.tuples(st.just("share"), st.sampled_from([0, 10, 50]), small),
        st.tuples(st.just("desk"), st.integers(0, 1), small),
        st.tuples(st.just("horizon"), st.integers(0, 10), small),
        st.tuples(st.just("undo"), small, small),
    ),
    min_size=3,
    max_size=12,
)


@dataclass
class Town:
    """A calendar, what was booked in it, and which appointments agents decided to keep outside the hours."""

    calendar: SomeCalendar
    decide: random.Random
    booked: list[UUID] = field(default_factory=list)
    kept: set[UUID] = field(default_factory=set)

    def start(self, number: int, day: int = 0):
        return self.calendar.at(9 + number // 3, 20 * (number % 3), days=day)

    async def do(self, what: str, one: int, other: int) -> None:
        try:
            await getattr(self, what)(one, other)
        except (actions.SlotFull, Refused):
            return

    async def book(self, day: int, number: int) -> None:
        held = await actions.hold(self.calendar.id, "deposit", self.start(number, day - 2))
        self.booked.append((await actions.confirm(held.id, held.secret)).id)

    async def cancel(self, which: int, _: int) -> None:
        if self.booked:
            await actions.cancel(self.booked[which % len(self.booked)])

    async def move(self, which: int, number: int) -> None:
        if self.booked:
            moved = self.booked[which % len(self.booked)]
            await actions.move(moved, self.calendar.id, self.start(number, which - 2), counter=True)
            self.kept.discard(moved)

    async def week(self, desk: int, which: int) -> None:
        now = await self._now()
        found = self.calendar.desks[desk]
        await self._save({"desks": {**now.desks, found: changed(now.desks[found], weekly=WEEKS[which])}})

    async def special(self, day: int, which: int) -> None:
        now = await self._now()
        opens, closes = HOURS[which % 3]
        sort = ("closed", "closed", "extra", "instead")[which // 3] if opens else "closed"
        on = self.start(0, day - 2).astimezone(self.calendar.zone).date()
        desks = () if which % 2 else (self.calendar.desks[day % 2],)
        new = Special(rule=Exceptional(sort, on, on, opens, closes), desks=desks)
        await self._save({"specials": {**now.specials, new_id(): new}})

    async def share(self, percent: int, days: int) -> None:
        now = await self._now()
        await self._save({"frame": changed(now.frame, counter_percent=percent, counter_days=days)})

    async def desk(self, desk: int, _: int) -> None:
        now = await self._now()
        found = self.calendar.desks[desk]
        await self._save({"desks": {**now.desks, found: changed(now.desks[found], active=not now.desks[found].active)}})

    async def horizon(self, days: int, _: int) -> None:
        now = await self._now()
        await self._save({"frame": changed(now.frame, horizon_days=days)})

    async def undo(self, which: int, _: int) -> None:
        done = await history.changes(self.calendar.id)
        if done:
            await self._save_whole(done[which % len(done)].before, done[which % len(done)].version)

    async def _now(self) -> Timetable:
        return (await timetable_rows.read(self.calendar.id)).timetable

    async def _save(self, parts: dict) -> None:
        await self._save_whole(changed(await self._now(), **parts))

    async def _save_whole(self, proposed: Timetable, undoes: int | None = None) -> None:
        now = await timetable_rows.read(self.calendar.id)
        left = [found.booking for found in await orphans(now.timetable, proposed) if found.booking.state == "confirmed"]
        offered = await proposals(proposed, left)
        decisions = {found.id: self._decision(offered[found.id]) for found in left}
        edit = saving.Edit(
            calendar=self.calendar.id, base=now.version, proposed=proposed, sort="any", by=None, undoes=undoes
        )
        if left and self.decide.random() < 0.3:
            with pytest.raises((saving.Undecided, Refused)):
                await saving.save(edit, {})
            return
        async with transaction():
            saved = await saving.save(edit, decisions)
            for found in sorted(saved.settled):
                await self._settle(found, decisions[found])

    def _decision(self, offered: list) -> Decision:
        what = self.decide.choice(["keep", "move", "cancel"])
        if what == "move":
            return Decision("move", self.decide.choice(offered)) if offered else Decision("keep")
        return Decision(what)

    async def _settle(self, found: UUID, decision: Decision) -> None:
        if decision.what == "keep":
            self.kept.add(found)
        elif decision.what == "cancel":
            await actions.cancel(found)
        else:
            await actions.move(found, self.calendar.id, decision.start, counter=True)
            self.kept.discard(found)

    async def proved(self) -> None:
        assert await proofs.unlike_rules(self.calendar.id) == []
        assert await proofs.unlike_bookings() == []
        assert await proofs.outside_undecided(self.calendar.id) == []
        assert await self.outside() <= self.kept

    async def outside(self) -> set[UUID]:
        """The appointments that lie outside what is stored as open, whatever the bookings say of themselves."""
        sql = (
            "SELECT b.id, b.cell, b.cells, d.opens, d.grid FROM parvis.booking b JOIN parvis.desk k ON k.id = b.desk "
            "LEFT JOIN parvis.desk_day d ON d.desk = b.desk AND d.day = b.day "
            "WHERE b.state = 'confirmed' AND k.calendar = $1"
        )
        async with connection() as c:
            rows = await c.fetch(sql, self.calendar.id)
        return {
            row["id"]
            for row in rows
            if row["grid"] is None or run(row["cell"], row["cells"]) & ~grids.bits_of(row, "grid")
        }


@given(steps, st.integers(0, 1000))
@settings(max_examples=100 if SOAK else 15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_sequence_of_changes_leaves_anybody_out(database, sequence, seed):
    town = Town(await a_calendar(desks=2), random.Random(seed))
    for number in range(8):
        await town.do("book", number % 6, number)
    for what, one, other in sequence:
        await town.do(what, one, other)
        await town.proved()


async def test_the_property_sees_an_appointment_that_is_left_out(database):
    town = Town(await a_calendar(desks=1), random.Random(0))
    await town.book(2, 0)
    async with transaction() as c:
        await c.execute("UPDATE parvis.opening_rule SET opens = '10:00'")
    await grids.open_days(town.calendar.id)
    assert await town.outside() == set(town.booked)
    assert await proofs.outside_undecided(town.calendar.id) == town.booked
