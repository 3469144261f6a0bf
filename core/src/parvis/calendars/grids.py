"""Desk days in the database, brought in line with the opening rules. Live bookings are never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.calendars import timetable_rows, timetables
from parvis.calendars.bitmaps import pack, run, unpack, window
from parvis.calendars.openings import DayGrid
from parvis.calendars.timetables import Plan
from parvis.db import Connection, connection, transaction

_CHUNK = 31
_SHUT = DayGrid(0, 0)

# A desk and one of its local days.
DeskDay: TypeAlias = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Live:
    """A live booking's cells of a desk's day. `state` is held, confirmed or kept."""

    id: UUID
    desk: UUID
    day: date
    bits: int
    kind: str
    state: str
    outside: bool


async def plan_of(calendar: UUID) -> Plan:
    """The rules of a calendar at this moment. Raises NotFound."""
    return timetables.plan((await timetable_rows.read(calendar)).timetable, clock.now())


async def open_days(calendar: UUID, since: date | None = None) -> int:
    """Open the days that are due and bring the open ones in line with the rules; how many desk days changed.

    `since` is a local day of the past from which on days are opened too, for appointments that are brought in.
    """
    changed = 0
    while True:
        kept = await timetable_rows.read(calendar)
        plan = timetables.plan(kept.timetable, clock.now())
        days = [*_past(since or plan.today, plan.today), *await days_of(calendar, plan)]
        try:
            for desk in sorted(plan.openings):
                for at in range(0, len(days), _CHUNK):
                    changed += await _bring_in_line(calendar, kept.version, plan, desk, days[at : at + _CHUNK])
        except _Outdated:
            continue
        return changed


async def open_all() -> int:
    """`open_days` of every calendar in use; how many desk days changed."""
    async with connection() as c:
        calendars = await c.fetch("SELECT id FROM parvis.calendar WHERE active")
    return sum([await open_days(row["id"]) for row in calendars])


async def days_of(calendar: UUID, plan: Plan) -> list[date]:
    """The local days from today on that are open, or were opened once."""
    async with connection() as c:
        sql = "SELECT max(day) FROM parvis.desk_day d JOIN parvis.desk k ON k.id = d.desk WHERE k.calendar = $1"
        furthest = await c.fetchval(sql, calendar)
    last = max(plan.last, furthest or plan.last)
    return [plan.today + timedelta(days=n) for n in range((last - plan.today).days + 1)]


async def unlike(c: Connection, plan: Plan, desks: Iterable[UUID], days: Sequence[date]) -> dict[DeskDay, DayGrid]:
    """What the rules open where the stored grid is another one. Only who locked the calendar can count on it."""
    there = await _grids(c, desks, days)
    wanted = {(desk, day): plan.grid(desk, day) for desk in desks for day in days}
    return {key: grid for key, grid in wanted.items() if there.get(key, _SHUT) != grid}


async def lock_days(c: Connection, days: Iterable[DeskDay]) -> None:
    """Lock desk days, in the order in which everyone locks them: whoever held one has its booking committed then."""
    sql = (
        "SELECT 1 FROM parvis.desk_day d JOIN unnest($1::uuid[], $2::date[]) AS w (desk, day) USING (desk, day) "
        "ORDER BY d.day, d.desk FOR NO KEY UPDATE OF d"
    )
    await c.execute(sql, *_columns(days))


async def live_on(c: Connection, days: Iterable[DeskDay]) -> list[Live]:
    """The live bookings of some desk days."""
    sql = (
        "SELECT id, desk, day, cell, cells, kind, state, outside FROM parvis.booking b "
        "JOIN unnest($1::uuid[], $2::date[]) AS w (desk, day) USING (desk, day) "
        "WHERE state IN ('held', 'confirmed', 'kept')"
    )
    return [
        Live(r["id"], r["desk"], r["day"], run(r["cell"], r["cells"]), r["kind"], r["state"], r["outside"])
        for r in await c.fetch(sql, *_columns(days))
    ]


async def write(c: Connection, wanted: Mapping[DeskDay, DayGrid], live: Iterable[Live]) -> None:
    """Write locked desk days, free where nobody of the `live` is; a day without anything is removed."""
    taken: dict[DeskDay, int] = {}
    for booked in live:
        taken[booked.desk, booked.day] = taken.get((booked.desk, booked.day), 0) | booked.bits
    shut = [key for key, grid in wanted.items() if not grid.grid and not taken.get(key)]
    sql = "DELETE FROM parvis.desk_day d USING unnest($1::uuid[], $2::date[]) AS w (desk, day)"
    await c.execute(f"{sql} WHERE d.desk = w.desk AND d.day = w.day", *_columns(shut))
    rows = [(*key, *_strings(wanted[key], taken.get(key, 0))) for key in sorted(wanted.keys() - set(shut))]
    await c.execute(
        "INSERT INTO parvis.desk_day (desk, day, opens, grid, free, kept) "
        "SELECT * FROM unnest($1::uuid[], $2::date[], $3::smallint[], $4::varbit[], $5::varbit[], $6::varbit[]) "
        "ON CONFLICT (desk, day) DO UPDATE SET opens = excluded.opens, grid = excluded.grid, free = excluded.free, "
        "kept = excluded.kept",
        *([row[column] for row in rows] for column in range(6)),
    )


def bits_of(row: asyncpg.Record, column: str) -> int:
    """A bit string of a desk day as a bitmap; nothing is no bits."""
    return unpack(row[column].bytes, row["opens"]) if row[column] is not None else 0


def _past(since: date, today: date) -> list[date]:
    return [since + timedelta(days=n) for n in range((today - since).days)]


class _Outdated(Exception):
    """The rules changed since they were read."""


async def _bring_in_line(calendar: UUID, version: int, plan: Plan, desk: UUID, days: Sequence[date]) -> int:
    async with connection() as c:
        if not await unlike(c, plan, [desk], days):
            return 0
    async with transaction() as c:
        if await timetable_rows.lock(c, calendar) != version:
            raise _Outdated
        wanted = await unlike(c, plan, [desk], days)
        await lock_days(c, wanted)
        await write(c, wanted, await live_on(c, wanted))
        await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES ($1)", calendar)
    return len(wanted)


async def _grids(c: Connection, desks: Iterable[UUID], days: Sequence[date]) -> dict[DeskDay, DayGrid]:
    sql = "SELECT desk, day, opens, grid, kept FROM parvis.desk_day WHERE desk = ANY ($1) AND day = ANY ($2)"
    rows = await c.fetch(sql, list(desks), list(days))
    return {(row["desk"], row["day"]): DayGrid(bits_of(row, "grid"), bits_of(row, "kept")) for row in rows}


def _columns(days: Iterable[DeskDay]) -> tuple[list[UUID], list[date]]:
    both = list(days)
    return [desk for desk, _ in both], [day for _, day in both]


def _strings(wanted: DayGrid, live: int) -> tuple[object, ...]:
    # The window covers bookings outside the rules too, so that their cells can be given back.
    opens, cells = window(wanted.grid | live)
    free, kept = wanted.grid & ~live, wanted.kept
    strings = [asyncpg.BitString.frombytes(pack(bits, opens, cells), cells) for bits in (wanted.grid, free, kept)]
    return opens, strings[0], strings[1], strings[2] if kept else None
