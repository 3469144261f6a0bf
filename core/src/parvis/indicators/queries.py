"""Figures over the days of a period, of some emitters' places. Nothing here names a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.db import connection
from parvis.indicators.rules import Period

_DESKS = (
    "WITH desks AS (SELECT d.id AS desk, c.zone, p.emitter FROM parvis.place p "
    "JOIN parvis.calendar c ON c.place = p.id JOIN parvis.desk d ON d.calendar = c.id WHERE p.emitter = ANY ($1)) "
)
_OPEN = (
    "SELECT date_trunc('week', y.day)::date AS monday, sum(bit_count(y.grid)) AS open, "
    "sum(bit_count(y.free)) AS free FROM desks JOIN parvis.desk_day y ON y.desk = desks.desk "
    "WHERE y.day BETWEEN $2 AND $3 GROUP BY 1 ORDER BY 1"
)
_LAST_STEP = (
    "LEFT JOIN LATERAL (SELECT t.step FROM parvis.attendance_step t WHERE t.booking = b.id AND t.undone_at IS NULL "
    "ORDER BY t.ord DESC LIMIT 1) last ON true"
)
_WHO = "JOIN parvis.cancellation k ON k.booking = b.id"
_CONFIRMED = "b.state = 'confirmed'"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """A week from its Monday: appointments taken, and the desks' minutes that are open and still free."""

    monday: date
    taken: int
    open_minutes: int
    free_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of appointments whose time is over, and of those that were cancelled, by whom."""

    served: int
    absent: int
    unknown: int
    cancelled: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """People of the appointments by where they come from: the same municipality, another one, not said."""

    own: int
    other: int
    unknown: int


async def weeks(emitters: Sequence[UUID], over: Period) -> list[WeekFigures]:
    """Each week of the period in which anything is open or taken."""
    rows = await _rows(_DESKS + _OPEN, emitters, over)
    taken = dict(map(tuple, await _booked("date_trunc('week', b.day)::date, count(*)", "1", emitters, over)))
    return [
        WeekFigures(
            monday=row["monday"],
            taken=taken.get(row["monday"], 0),
            open_minutes=int(row["open"]) * CELL_MINUTES,
            free_minutes=int(row["free"]) * CELL_MINUTES,
        )
        for row in rows
    ]


async def outcomes(emitters: Sequence[UUID], over: Period, now: datetime) -> Mapping[UUID, Outcomes]:
    """By emitter, those that have any."""
    ended = f"{_CONFIRMED} AND upper(b.period) <= $4"
    steps = await _booked("desks.emitter, last.step, count(*)", "1, 2", emitters, over, _LAST_STEP, ended, now)
    gone = await _booked("desks.emitter, k.by, count(*)", "1, 2", emitters, over, _WHO, "b.state = 'cancelled'")
    known = {row["emitter"] for row in (*steps, *gone)}
    return {emitter: _outcomes(emitter, steps, gone) for emitter in known}


async def taken(emitters: Sequence[UUID], over: Period) -> Mapping[UUID, int]:
    """Appointments by emitter."""
    return dict(map(tuple, await _booked("desks.emitter, count(*)", "1", emitters, over)))


async def origins(emitters: Sequence[UUID], over: Period) -> Origins:
    """Where the people of the appointments come from, seen from the town hall they go to."""
    join = "LEFT JOIN parvis.dossier o ON o.id = b.dossier JOIN parvis.emitter e ON e.id = desks.emitter"
    rows = await _booked("o.home = e.insee, sum(b.people)", "1", emitters, over, join)
    found = {row[0]: int(row[1]) for row in rows}
    return Origins(own=found.get(True, 0), other=found.get(False, 0), unknown=found.get(None, 0))


async def by_hour(emitters: Sequence[UUID], over: Period) -> Mapping[tuple[int, int], int]:
    """Appointments by weekday (1 is Monday) and hour of the place's clock."""
    what = (
        "extract(isodow FROM b.day)::int AS weekday, "
        "extract(hour FROM lower(b.period) AT TIME ZONE desks.zone)::int AS hour, count(*)"
    )
    return {(row[0], row[1]): row[2] for row in await _booked(what, "1, 2", emitters, over)}


def _outcomes(emitter: UUID, steps: Sequence[asyncpg.Record], gone: Sequence[asyncpg.Record]) -> Outcomes:
    ended = {row["step"]: row["count"] for row in steps if row["emitter"] == emitter}
    served, absent = ended.get("served", 0), ended.get("absent", 0)
    return Outcomes(
        served=served,
        absent=absent,
        unknown=sum(ended.values()) - served - absent,
        cancelled={row["by"]: row["count"] for row in gone if row["emitter"] == emitter},
    )


async def _booked(
    what: str,
    by: str,
    emitters: Sequence[UUID],
    over: Period,
    join: str = "",
    state: str = _CONFIRMED,
    *given: Any,
) -> list[asyncpg.Record]:
    sql = (
        f"{_DESKS} SELECT {what} FROM desks JOIN parvis.booking b ON b.desk = desks.desk {join} "  # noqa: S608 - ours
        f"WHERE b.day BETWEEN $2 AND $3 AND {state} GROUP BY {by} ORDER BY {by}"
    )
    return await _rows(sql, emitters, over, *given)


async def _rows(sql: str, emitters: Sequence[UUID], over: Period, *given: Any) -> list[asyncpg.Record]:
    async with connection() as c:
        return list(await c.fetch(sql, list(emitters), over.since, over.until, *given))
