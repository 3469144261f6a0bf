"""Desk days in the database, brought in line with the opening rules. Live bookings are never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock
from parvis.calendars import rules
from parvis.calendars.bitmaps import pack, run, unpack, window
from parvis.calendars.openings import DayGrid, Exceptional, Openings, Weekly, grid_of
from parvis.calendars.queries import BOOKING, BookingInfo, booking_of
from parvis.db import Connection, connection, transaction
from parvis.errors import NotFound

_CHUNK = 31


@dataclass(frozen=True, slots=True)
class Plan:
    """A calendar's rules as they are saved: each desk's openings, and the local days they apply to."""

    openings: Mapping[UUID, Openings]
    today: date
    last: date
    counter_until: date

    def grid(self, desk: UUID, day: date) -> DayGrid:
        """What the rules open at a desk on a day, the counter's share having gone to the public when it is near."""
        return grid_of(self.openings[desk], day, share=day > self.counter_until)


async def plan_of(calendar: UUID) -> Plan:
    """The rules of a calendar; a desk out of use opens nothing. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.calendar WHERE id = $1", calendar)
        if row is None:
            raise NotFound
        desks = await c.fetch("SELECT id, active FROM parvis.desk WHERE calendar = $1", calendar)
        weekly = await c.fetch(
            "SELECT r.* FROM parvis.opening_rule r JOIN parvis.desk d ON d.id = r.desk WHERE d.calendar = $1", calendar
        )
        exceptions = await c.fetch("SELECT * FROM parvis.opening_exception WHERE calendar = $1", calendar)
        steps = await c.fetchval("SELECT max(step_minutes) FROM parvis.calendar_kind WHERE calendar = $1", calendar)
    zone = ZoneInfo(row["zone"])
    now = clock.now().astimezone(zone)
    openings = {
        desk["id"]: Openings(
            zone=zone,
            weekly=_weekly(weekly, desk["id"]) if desk["active"] else (),
            exceptions=_exceptions(exceptions, desk["id"]) if desk["active"] else (),
            public_holidays=row["public_holidays"],
            school_zone=row["school_zone"],
            counter_percent=row["counter_percent"],
            counter_step=(steps or 20) // 5,
        )
        for desk in desks
    }
    last = rules.last_open_day(now, row["horizon_days"], row["opens_weekday"], row["opens_at"])
    return Plan(openings, now.date(), last, now.date() + timedelta(days=row["counter_days"]))


async def open_days(calendar: UUID) -> int:
    """Open the days that are due and bring the open ones in line with the rules; how many desk days changed."""
    plan = await plan_of(calendar)
    async with connection() as c:
        sql = "SELECT max(day) FROM parvis.desk_day d JOIN parvis.desk k ON k.id = d.desk WHERE k.calendar = $1"
        furthest = await c.fetchval(sql, calendar)
    last = max(plan.last, furthest or plan.last)
    days = [plan.today + timedelta(days=n) for n in range((last - plan.today).days + 1)]
    changed = 0
    for desk in sorted(plan.openings):
        for at in range(0, len(days), _CHUNK):
            changed += await _bring_in_line(calendar, plan, desk, days[at : at + _CHUNK])
    return changed


async def open_all() -> int:
    """`open_days` of every calendar in use; how many desk days changed."""
    async with connection() as c:
        calendars = await c.fetch("SELECT id FROM parvis.calendar WHERE active")
    return sum([await open_days(row["id"]) for row in calendars])


async def orphans(calendar: UUID, proposed: Mapping[UUID, Openings] | None = None) -> list[BookingInfo]:
    """The coming bookings that rules, the saved or proposed ones of some desks, would leave outside opening hours."""
    plan = await plan_of(calendar)
    openings = {**plan.openings, **(proposed or {})}
    sql = (
        f"{BOOKING.replace('SELECT', 'SELECT b.day, b.cell, b.cells,', 1)} WHERE d.calendar = $1 "
        "AND b.state IN ('held', 'confirmed') AND upper(b.period) > $2 ORDER BY lower(b.period)"
    )
    async with connection() as c:
        rows = await c.fetch(sql, calendar, clock.now())
    return [
        booking_of(row)
        for row in rows
        if run(row["cell"], row["cells"]) & ~grid_of(openings[row["desk"]], row["day"], share=False).grid
    ]


async def _bring_in_line(calendar: UUID, plan: Plan, desk: UUID, days: Sequence[date]) -> int:
    async with connection() as c:
        there = await _grids(c, desk, days)
    wanted = {day: plan.grid(desk, day) for day in days}
    unlike = [day for day in days if there.get(day, DayGrid(0, 0)) != wanted[day]]
    if unlike:
        async with transaction() as c:
            # One at a time; claims lock desk days only, so they go on.
            await c.execute("SELECT 1 FROM parvis.calendar WHERE id = $1 FOR NO KEY UPDATE", calendar)
            await _write(c, desk, {day: wanted[day] for day in unlike})
            await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES ($1)", calendar)
    return len(unlike)


async def _grids(c: Connection, desk: UUID, days: Sequence[date]) -> dict[date, DayGrid]:
    sql = "SELECT day, opens, grid, kept FROM parvis.desk_day WHERE desk = $1 AND day = ANY ($2) ORDER BY day"
    return {row["day"]: DayGrid(bits_of(row, "grid"), bits_of(row, "kept")) for row in await c.fetch(sql, desk, days)}


def bits_of(row: asyncpg.Record, column: str) -> int:
    """A bit string of a desk day as a bitmap; nothing is no bits."""
    return unpack(row[column].bytes, row["opens"]) if row[column] is not None else 0


async def _write(c: Connection, desk: UUID, wanted: Mapping[date, DayGrid]) -> None:
    days = list(wanted)
    # Locked before the bookings are read: whoever holds a row now has its booking committed when we go on.
    await c.execute(
        "SELECT 1 FROM parvis.desk_day WHERE desk = $1 AND day = ANY ($2) ORDER BY day FOR NO KEY UPDATE", desk, days
    )
    live = await _live(c, desk, days)
    shut = [day for day in days if not wanted[day].grid and not live.get(day)]
    await c.execute("DELETE FROM parvis.desk_day WHERE desk = $1 AND day = ANY ($2)", desk, shut)
    await c.executemany(
        "INSERT INTO parvis.desk_day (desk, day, opens, grid, free, kept) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (desk, day) DO UPDATE SET opens = excluded.opens, grid = excluded.grid, free = excluded.free, "
        "kept = excluded.kept",
        [(desk, day, *_strings(wanted[day], live.get(day, 0))) for day in days if day not in shut],
    )


async def _live(c: Connection, desk: UUID, days: Sequence[date]) -> dict[date, int]:
    sql = (
        "SELECT day, cell, cells FROM parvis.booking WHERE desk = $1 AND day = ANY ($2) "
        "AND state IN ('held', 'confirmed', 'kept')"
    )
    taken: dict[date, int] = {}
    for row in await c.fetch(sql, desk, list(days)):
        taken[row["day"]] = taken.get(row["day"], 0) | run(row["cell"], row["cells"])
    return taken


def _strings(wanted: DayGrid, live: int) -> tuple[object, ...]:
    # The window covers bookings outside the rules too, so that their cells can be given back.
    opens, cells = window(wanted.grid | live)
    free, kept = wanted.grid & ~live, wanted.kept
    strings = [asyncpg.BitString.frombytes(pack(bits, opens, cells), cells) for bits in (wanted.grid, free, kept)]
    return opens, strings[0], strings[1], strings[2] if kept else None


def _weekly(rows: Iterable[asyncpg.Record], desk: UUID) -> tuple[Weekly, ...]:
    return tuple(
        Weekly(r["weekday"], r["opens"], r["closes"], r["valid_from"], r["valid_until"], r["season"], r["counter"])
        for r in rows
        if r["desk"] == desk
    )


def _exceptions(rows: Iterable[asyncpg.Record], desk: UUID) -> tuple[Exceptional, ...]:
    return tuple(
        Exceptional(r["sort"], r["first_day"], r["last_day"], r["opens"], r["closes"], r["counter"])
        for r in rows
        if not r["desks"] or desk in r["desks"]
    )
