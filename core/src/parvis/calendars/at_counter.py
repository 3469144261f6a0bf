"""The hours that agents choose among: what the public sees, the counter's share, and what was just freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars import freeing, search
from parvis.calendars.freeing import FreedHour
from parvis.calendars.rules import CELL, cells_needed
from parvis.calendars.search import FreeSlot, Wanted
from parvis.calendars.slots import Slot
from parvis.db import connection


async def free_hours(wanted: Wanted, emitter: UUID, limit: int) -> list[FreeSlot]:
    """The soonest hours of an emitter, once each; of `wanted` the service, kind, people and days count."""
    asked = replace(wanted, emitters=frozenset({emitter}), counter=True)
    free = (await search.search(asked, limit=limit)).items
    found = {slot.id: slot for slot in [*await _freed(asked, emitter), *free]}
    return sorted(found.values(), key=search.time_key)[:limit]


async def _freed(wanted: Wanted, emitter: UUID) -> list[FreeSlot]:
    hours = [hour for hour in await freeing.freed(clock.now(), emitter, wanted.service) if not hour.promised]
    cells = await _lengths({hour.calendar for hour in hours}, wanted)
    return [
        slot
        for hour in hours
        if (not hour.kinds or wanted.kind in hour.kinds) and _in(hour.local_start.date(), wanted)
        for slot in _starts(hour, *cells.get(hour.calendar, (0, 0)))
    ]


async def _lengths(calendars: set[UUID], wanted: Wanted) -> dict[UUID, tuple[int, int]]:
    """How many cells the appointment takes at each calendar that offers it, and from which to which it may begin."""
    sql = (
        "SELECT calendar, minutes_first, minutes_further, step_minutes FROM parvis.calendar_kind "
        "WHERE calendar = ANY ($1) AND kind = $2"
    )
    async with connection() as c:
        rows = await c.fetch(sql, list(calendars), wanted.kind)
    step = CELL.seconds // 60
    return {
        row["calendar"]: (
            cells_needed(row["minutes_first"], row["minutes_further"], wanted.people),
            max(row["step_minutes"] // step, 1),
        )
        for row in rows
    }


def _starts(hour: FreedHour, cells: int, step: int) -> Iterator[FreeSlot]:
    if not cells:
        return
    head = hour.calendar, hour.place, hour.place_name, hour.city, hour.emitter, ZoneInfo(hour.zone)
    for after in range(0, hour.cells - cells + 1, step):
        start = hour.start + after * CELL
        yield FreeSlot(Slot(hour.calendar, start).code, *head, start, start + cells * CELL, 1, None)


def _in(day: date, wanted: Wanted) -> bool:
    return (wanted.since is None or day >= wanted.since) and (wanted.until is None or day <= wanted.until)
