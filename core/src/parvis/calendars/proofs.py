"""Proofs over the stored state, for tests, benchmarks and the operator: each lists what is wrong, so empty is right."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from parvis import clock
from parvis.calendars import timetable_rows
from parvis.calendars.bitmaps import run
from parvis.calendars.grids import bits_of, plan_of
from parvis.calendars.orphaned import strays
from parvis.db import connection


async def unlike_rules(calendar: UUID) -> list[tuple[UUID, date]]:
    """The desk days from today on whose grid is not what the rules open."""
    plan = await plan_of(calendar)
    sql = "SELECT d.* FROM parvis.desk_day d JOIN parvis.desk k ON k.id = d.desk WHERE k.calendar = $1 AND d.day >= $2"
    async with connection() as c:
        rows = await c.fetch(sql, calendar, plan.today)
    return [
        (row["desk"], row["day"]) for row in rows if bits_of(row, "grid") != plan.grid(row["desk"], row["day"]).grid
    ]


async def unlike_bookings() -> list[tuple[UUID, date]]:
    """The desk days on which free is not the grid without the live bookings, over all calendars."""
    live = (
        "SELECT desk, day, cell, cells FROM parvis.booking WHERE state IN ('held', 'confirmed', 'kept') "
        "ORDER BY desk, day"
    )
    async with connection() as c:
        taken: dict[tuple[UUID, date], int] = {}
        for row in await c.fetch(live):
            key = row["desk"], row["day"]
            taken[key] = taken.get(key, 0) | run(row["cell"], row["cells"])
        days = await c.fetch("SELECT * FROM parvis.desk_day")
    return [
        (row["desk"], row["day"])
        for row in days
        if bits_of(row, "free") != bits_of(row, "grid") & ~taken.get((row["desk"], row["day"]), 0)
    ]


async def outside_undecided(calendar: UUID) -> list[UUID]:
    """The coming bookings and holds outside the opening hours that no agent decided to keep there."""
    timetable = (await timetable_rows.read(calendar)).timetable
    async with connection() as c:
        return [live.id for live in await strays(c, timetable, timetable, clock.now())]
