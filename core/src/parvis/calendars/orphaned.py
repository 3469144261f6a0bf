"""Bookings that a change of rules would leave outside opening hours, and the free hours nearest to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count as counting
from itertools import islice
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars import timetables
from parvis.calendars.bitmaps import CELL_MINUTES, cells_of, fitting, marks, run
from parvis.calendars.grids import Live
from parvis.calendars.queries import BOOKING, BookingInfo, booking_of
from parvis.calendars.rules import CELL, cells_needed, instant_of, midnight
from parvis.calendars.timetables import Plan, Timetable, serves
from parvis.db import Connection, connection

_A_DAY = 2
_FURTHEST = 60
_NOTICE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A booking that the rules would leave out, for its `hours` or because its desk no longer serves the kind."""

    booking: BookingInfo
    why: Literal["hours", "kind"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What an agent decided about an orphan; `start` is where it moves to (UTC)."""

    what: Literal["keep", "move", "cancel"]
    start: datetime | None = None


async def strays(c: Connection, before: Timetable, after: Timetable, now: datetime) -> list[Live]:
    """The coming bookings and holds that the rules leave out and nobody decided to keep there, by their hour."""
    sql = (
        "SELECT id, desk, day, cell, cells, kind, state, outside FROM parvis.booking WHERE desk = ANY ($1) "
        "AND state IN ('held', 'confirmed') AND NOT outside AND upper(period) > $2 ORDER BY lower(period), id"
    )
    plan = timetables.plan(after, now)
    rows = await c.fetch(sql, list(after.desks), now)
    found = [Live(r["id"], r["desk"], r["day"], run(r["cell"], r["cells"]), r["kind"], r["state"], False) for r in rows]
    return [live for live in found if _why(live, before, after, plan) is not None]


async def orphans(before: Timetable, after: Timetable) -> list[Orphan]:
    """What `after` would leave out instead of `before`, holds too, by their hour."""
    now = clock.now()
    plan = timetables.plan(after, now)
    async with connection() as c:
        found = {live.id: live for live in await strays(c, before, after, now)}
        rows = await c.fetch(f"{BOOKING} WHERE b.id = ANY ($1) ORDER BY lower(b.period), b.id", list(found))
    return [Orphan(booking_of(row), _why(found[row["id"]], before, after, plan) or "hours") for row in rows]


async def proposals(after: Timetable, left: Sequence[BookingInfo], count: int = 3) -> Mapping[UUID, list[datetime]]:
    """For each booking the free starts (UTC) nearest to its own under the rules to come, not two the same first one."""
    now = clock.now()
    sql = (
        "SELECT desk, day, cell, cells FROM parvis.booking WHERE desk = ANY ($1) AND day >= $2 "
        "AND state IN ('held', 'confirmed', 'kept')"
    )
    plan = timetables.plan(after, now)
    async with connection() as c:
        rows = await c.fetch(sql, list(after.desks), plan.today)
    taken: dict[tuple[UUID, date], int] = {}
    for row in rows:
        key = row["desk"], row["day"]
        taken[key] = taken.get(key, 0) | run(row["cell"], row["cells"])
    seeker = _Seeker(after, plan, taken, now)
    return {booking.id: seeker.nearest(booking, count) for booking in left}


class _Seeker:
    """Free hours under rules that are not saved yet; the first one proposed to somebody is proposed to nobody else."""

    def __init__(self, after: Timetable, plan: Plan, taken: dict[tuple[UUID, date], int], now: datetime) -> None:
        self._after, self._plan, self._taken, self._now = after, plan, taken, now
        self._zone = ZoneInfo(after.zone)

    def nearest(self, booking: BookingInfo, count: int) -> list[datetime]:
        kind = self._after.kinds.get(booking.kind)
        if kind is None:
            return []
        cells = cells_needed(kind.minutes_first, kind.minutes_further, booking.people)
        # A booking of this afternoon may move to this evening; one of next week not to tonight.
        earliest = max(self._now, min(booking.start, self._now + _NOTICE))
        found = list(islice(self._starts(booking, cells, kind.step_minutes // CELL_MINUTES, earliest), count))
        if found:
            self._take(booking.kind, found[0], cells)
        return found

    def _starts(self, booking: BookingInfo, cells: int, step: int, earliest: datetime) -> Iterator[datetime]:
        own = booking.start.astimezone(self._zone)
        for away in islice(_outwards(), 2 * _FURTHEST):
            day = own.date() + timedelta(days=away)
            if self._plan.today <= day <= self._plan.last:
                same = datetime.combine(day, own.time(), self._zone)
                free = {start for start in self._of_day(booking.kind, day, cells, step) if start >= earliest}
                yield from sorted(free - {booking.start}, key=lambda start: (abs(start - same), start))[:_A_DAY]

    def _of_day(self, kind: str, day: date, cells: int, step: int) -> Iterator[datetime]:
        for desk, rules in self._after.desks.items():
            if rules.active and serves(rules, kind):
                grid = self._plan.grid(desk, day).grid
                for cell in cells_of(fitting(grid & ~self._taken.get((desk, day), 0), cells) & marks(grid, step)):
                    yield instant_of(day, cell, self._zone)

    def _take(self, kind: str, start: datetime, cells: int) -> None:
        day = start.astimezone(self._zone).date()
        wanted = run((start - midnight(day, self._zone)) // CELL, cells)
        for desk, rules in self._after.desks.items():
            taken = self._taken.get((desk, day), 0)
            if rules.active and serves(rules, kind) and not wanted & (~self._plan.grid(desk, day).grid | taken):
                self._taken[desk, day] = taken | wanted
                return


def _why(live: Live, before: Timetable, after: Timetable, plan: Plan) -> Literal["hours", "kind"] | None:
    if live.bits & ~plan.grid(live.desk, live.day).grid:
        return "hours"
    desk, was = after.desks[live.desk], before.desks.get(live.desk)
    if not serves(desk, live.kind) and (was is None or serves(was, live.kind)):
        return "kind"
    return None


def _outwards() -> Iterator[int]:
    """0, 1, -1, 2, -2 …"""
    yield 0
    for away in counting(1):
        yield from (away, -away)
