"""Reads of the attendance: a visit's steps and sheet, and everything that one day at an emitter's places shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock, crypto
from parvis.attendance.rules import Done, Hour, Standing, Step, standing
from parvis.calendars.grids import bits_of
from parvis.calendars.queries import booking
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound

NOTE = "attendance-note"
_STEPS = (
    "ARRAY(SELECT ROW(t.id, t.step, t.at, t.by, t.cells) FROM parvis.attendance_step t "
    "WHERE t.booking = b.id AND t.undone_at IS NULL ORDER BY t.ord)"
)
_DESKS = """
WITH desks AS (
    SELECT d.id AS desk, d.name AS desk_name, c.id AS calendar, c.zone, c.service, p.name AS place
    FROM parvis.run_by($1, $2) r JOIN parvis.calendar c ON c.id = r.calendar JOIN parvis.place p ON p.id = c.place
    JOIN parvis.desk d ON d.calendar = c.id
)
"""
# Live ones are found by the exclusion constraint's index, cancelled ones by one of their own.
_VISITS = (
    _DESKS
    + """, visits AS (
    SELECT desks.*, b.id, b.kind, b.people, b.dossier, b.state, b.period FROM desks
    JOIN parvis.booking b ON b.desk = desks.desk
    WHERE b.state = 'confirmed' AND b.day = $3 AND b.period && tstzrange($4, $5)
    UNION ALL
    SELECT desks.*, b.id, b.kind, b.people, b.dossier, b.state, b.period FROM desks
    JOIN parvis.booking b ON b.desk = desks.desk
    WHERE b.state = 'cancelled' AND b.day = $3 AND b.dossier IS NOT NULL
)
SELECT b.*, lower(b.period) AS start, upper(b.period) AS "end", o.reference, @STEPS@ AS done,
    s.note IS NOT NULL AS noted, coalesce(cardinality(s.ticks), 0) AS ticked,
    CASE WHEN b.state = 'cancelled' THEN (
        SELECT t.by FROM parvis.timeline t
        WHERE t.dossier = b.dossier AND t.event IN ('booking.cancelled', 'visit.given-back') ORDER BY t.at DESC LIMIT 1
    ) END AS cancelled_by
FROM visits b
LEFT JOIN parvis.dossier o ON o.id = b.dossier
LEFT JOIN parvis.attendance_sheet s ON s.booking = b.id
ORDER BY start, place, desk_name
""".replace("@STEPS@", _STEPS)
)
_DESK_DAYS = (
    _DESKS
    + """
SELECT desks.*, d.opens, d.grid, d.free, d.kept FROM desks
JOIN parvis.desk_day d ON d.desk = desks.desk AND d.day = $3 ORDER BY place, desk_name
"""
)
_PLAIN = ("id", "desk", "desk_name", "calendar", "place", "service", "kind", "people", "dossier", "reference")
_MORE = ("cancelled_by", "noted", "ticked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit of a day, with the steps taken. `dossier` is None for somebody who came without an appointment.

    `cancelled_by` is resident, staff, helper or system; `noted` says that there is a note.
    """

    id: UUID
    hour: Hour
    desk: UUID
    desk_name: str
    calendar: UUID
    place: str
    service: str
    kind: str
    people: int
    dossier: UUID | None
    reference: str | None
    names: tuple[str, ...]
    done: tuple[Done, ...]
    cancelled_by: str | None
    noted: bool
    ticked: int

    def standing(self, now: datetime) -> Standing:
        """How it stands."""
        return standing(self.done, self.hour, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDay:
    """A desk's day: what is open and what of it is free, as bitmaps (`calendars.bitmaps`)."""

    desk: UUID
    name: str
    place: str
    calendar: UUID
    zone: ZoneInfo
    grid: int
    free: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetInfo:
    """What was written down for a visit; empty once its day is over."""

    ticks: frozenset[str] = frozenset()
    note: str = ""


async def visits(emitter: UUID, day: date) -> list[Visit]:
    """The visits of a local day at an emitter's places, cancelled ones too, by hour and desk.

    Whoever shows the names to staff traces it.
    """
    # Wide enough for every zone; the day itself is the place's.
    since = datetime.combine(day - timedelta(days=1), time(), UTC)
    async with connection() as c:
        rows = await c.fetch(_VISITS, emitter, clock.now(), day, since, since + timedelta(days=3))
    names = await dossiers.names([row["dossier"] for row in rows if row["dossier"]])
    return [_visit(row, names) for row in rows]


async def desk_days(emitter: UUID, day: date) -> list[DeskDay]:
    """The desks that are open on a local day at an emitter's places."""
    async with connection() as c:
        rows = await c.fetch(_DESK_DAYS, emitter, clock.now(), day)
    return [
        DeskDay(
            desk=row["desk"],
            name=row["desk_name"],
            place=row["place"],
            calendar=row["calendar"],
            zone=ZoneInfo(row["zone"]),
            **{column: bits_of(row, column) for column in ("grid", "free", "kept")},
        )
        for row in rows
    ]


async def steps_of(visit: UUID) -> list[Done]:
    """The steps of a visit that were not undone, the oldest first."""
    sql = (
        "SELECT id, step, at, by, cells FROM parvis.attendance_step "
        "WHERE booking = $1 AND undone_at IS NULL ORDER BY ord"
    )
    async with connection() as c:
        return _done(await c.fetch(sql, visit))


async def visit_of_step(step: UUID) -> UUID:
    """The visit that a step was taken with, undone or not. Raises NotFound."""
    async with connection() as c:
        found: UUID | None = await c.fetchval("SELECT booking FROM parvis.attendance_step WHERE id = $1", step)
    if found is None:
        raise NotFound
    return found


async def hour_of(visit: UUID) -> Hour:
    """A visit's hour. Raises NotFound."""
    found = await booking(visit)
    return Hour(found.start, found.end, ZoneInfo(found.zone), found.state == "cancelled")


async def sheet(visit: UUID) -> SheetInfo:
    """What was written down for a visit."""
    async with connection() as c:
        row = await c.fetchrow("SELECT ticks, note FROM parvis.attendance_sheet WHERE booking = $1", visit)
    if row is None:
        return SheetInfo()
    note = crypto.decrypt(row["note"], NOTE).decode() if row["note"] else ""
    return SheetInfo(ticks=frozenset(row["ticks"]), note=note)


async def without_outcome(emitter: UUID, since: date, now: datetime) -> dict[date, int]:
    """How many visits are over and have no outcome, for each local day from `since` on that has some."""
    sql = (
        "SELECT b.day, count(*) FROM desks JOIN parvis.booking b ON b.desk = desks.desk "
        "WHERE b.state = 'confirmed' AND b.day >= $3 AND b.period && tstzrange($4, $2) AND upper(b.period) <= $2 "
        "AND NOT EXISTS (SELECT FROM parvis.attendance_step t WHERE t.booking = b.id AND t.undone_at IS NULL "
        "AND t.step IN ('served', 'absent')) GROUP BY b.day ORDER BY b.day"
    )
    begins = datetime.combine(since - timedelta(days=1), time(), UTC)
    async with connection() as c:
        return {row["day"]: row["count"] for row in await c.fetch(_DESKS + sql, emitter, now, since, begins)}


async def release_minutes(emitter: UUID) -> list[tuple[UUID, str, str, int | None]]:
    """Each calendar that an emitter works with: its id, place and service, and when late hours are given back."""
    sql = (
        "SELECT c.id, p.name, c.service, s.release_minutes FROM parvis.run_by($1, $2) r "
        "JOIN parvis.calendar c ON c.id = r.calendar JOIN parvis.place p ON p.id = c.place "
        "LEFT JOIN parvis.attendance_setting s ON s.calendar = c.id ORDER BY p.name, c.service"
    )
    async with connection() as c:
        return [tuple(row) for row in await c.fetch(sql, emitter, clock.now())]


async def is_at(visit: UUID, emitter: UUID) -> bool:
    """Whether a visit is in a calendar that an emitter works with now."""
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.booking b JOIN parvis.desk d ON d.id = b.desk "
        "JOIN parvis.run_by($2, $3) r ON r.calendar = d.calendar WHERE b.id = $1)"
    )
    async with connection() as c:
        return bool(await c.fetchval(sql, visit, emitter, clock.now()))


def _visit(row: asyncpg.Record, names: Mapping[UUID, tuple[str, ...]]) -> Visit:
    return Visit(
        **{name: row[name] for name in (*_PLAIN, *_MORE)},
        hour=Hour(row["start"], row["end"], ZoneInfo(row["zone"]), row["state"] == "cancelled"),
        names=names.get(row["dossier"], ()) if row["dossier"] else (),
        done=tuple(_done(row["done"])),
    )


def _done(rows: Sequence[asyncpg.Record]) -> list[Done]:
    return [Done(id_, Step(step), at, by, cells) for id_, step, at, by, cells in rows]
