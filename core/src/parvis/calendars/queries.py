"""Reads of bookings and holds. Instants are UTC."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock, crypto
from parvis.calendars import rules
from parvis.calendars.timetables import KindRules
from parvis.db import connection
from parvis.errors import NotFound

BOOKING = """
SELECT b.id, b.desk, d.name AS desk_name, d.calendar, c.place, p.emitter, c.service, c.zone, b.kind, b.people,
    lower(b.period) AS start, upper(b.period) AS "end", b.state, b.hold_until, b.extended, b.sequence, b.dossier
FROM parvis.booking b
JOIN parvis.desk d ON d.id = b.desk
JOIN parvis.calendar c ON c.id = d.calendar
JOIN parvis.place p ON p.id = c.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingInfo:
    """An hour somebody has. `state` is held, confirmed, kept or cancelled; `zone` is the place's.

    `extended` says whether a hold was prolonged, which it can be once.
    """

    id: UUID
    desk: UUID
    desk_name: str
    calendar: UUID
    place: UUID
    emitter: UUID
    service: str
    zone: str
    kind: str
    people: int
    start: datetime
    end: datetime
    state: str
    hold_until: datetime | None
    extended: bool
    sequence: int
    dossier: UUID | None

    @property
    def fact(self) -> dict[str, Any]:
        """What every event about a booking carries."""
        facts = {"emitter": self.emitter, "booking": self.id, "dossier": self.dossier}
        return {**facts, "calendar": self.calendar, "start": self.start, "end": self.end}


_FIELDS = tuple(f.name for f in fields(BookingInfo))


async def booking(booking_id: UUID) -> BookingInfo:
    """One booking, cancelled ones too. Raises NotFound."""
    async with connection() as c:
        return booking_of(await c.fetchrow(f"{BOOKING} WHERE b.id = $1", booking_id))


async def held(hold_id: UUID, secret: str) -> BookingInfo:
    """A hold, shown to whoever has its secret; it may have lapsed already. Raises NotFound."""
    async with connection() as c:
        sql = f"{BOOKING} WHERE b.id = $1 AND b.state = 'held' AND b.secret = $2"
        return booking_of(await c.fetchrow(sql, hold_id, crypto.digest(secret)))


async def was_held_with(booking_id: UUID, secret: str) -> bool:
    """Whether a hold or the booking it became was taken by whoever has this secret."""
    sql = "SELECT EXISTS (SELECT FROM parvis.booking WHERE id = $1 AND secret = $2)"
    async with connection() as c:
        return bool(await c.fetchval(sql, booking_id, crypto.digest(secret)))


async def place_of(calendar: UUID) -> UUID:
    """The place of a calendar. Raises NotFound."""
    async with connection() as c:
        found: UUID | None = await c.fetchval("SELECT place FROM parvis.calendar WHERE id = $1", calendar)
    if found is None:
        raise NotFound
    return found


async def calendar_of(place: UUID, service: str) -> UUID | None:
    """A place's calendar for a service; None where there is none."""
    async with connection() as c:
        sql = "SELECT id FROM parvis.calendar WHERE place = $1 AND service = $2"
        found: UUID | None = await c.fetchval(sql, place, service)
    return found


async def zone_of(calendar: UUID) -> ZoneInfo:
    """The time zone in which a calendar's hours are said. Raises NotFound."""
    async with connection() as c:
        found: str | None = await c.fetchval("SELECT zone FROM parvis.calendar WHERE id = $1", calendar)
    if found is None:
        raise NotFound
    return ZoneInfo(found)


async def opens_next(places: Collection[UUID], service: str) -> datetime | None:
    """When the first of these places opens new days for a service, in its zone; None where none will."""
    sql = (
        "SELECT zone, opens_weekday, opens_at, open_until FROM parvis.calendar "
        "WHERE place = ANY($1) AND service = $2 AND active"
    )
    async with connection() as c:
        rows = await c.fetch(sql, list(places), service)
    local = [(clock.now().astimezone(ZoneInfo(row["zone"])), *list(row)[1:]) for row in rows]
    return min(filter(None, (rules.next_opening(*each) for each in local)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarInfo:
    """The calendar of a place for a service; `owner` is the place's emitter."""

    id: UUID
    service: str
    zone: str
    place: UUID
    place_name: str
    owner: UUID


async def calendars_of(emitter: UUID) -> list[CalendarInfo]:
    """The calendars in use that an emitter works with now: its places', lent to it, or under its contract; by place."""
    sql = (
        "SELECT c.id, c.service, c.zone, c.place, p.name AS place_name, p.emitter AS owner FROM parvis.calendar c "
        "JOIN parvis.run_by($1, $2) r ON r.calendar = c.id JOIN parvis.place p ON p.id = c.place "
        "WHERE c.active AND p.active ORDER BY p.name, c.service"
    )
    async with connection() as c:
        return [CalendarInfo(**row) for row in await c.fetch(sql, emitter, clock.now())]


async def kinds_at(emitter: UUID) -> list[tuple[UUID, str, str, str]]:
    """What the calendars that an emitter works with offer: calendar, service, kind and place, the longest first."""
    sql = (
        "SELECT c.id, c.service, k.kind, p.name FROM parvis.run_by($1, $2) r "
        "JOIN parvis.calendar c ON c.id = r.calendar JOIN parvis.place p ON p.id = c.place "
        "JOIN parvis.calendar_kind k ON k.calendar = c.id WHERE c.active "
        "ORDER BY p.name, c.id, k.minutes_first DESC, k.kind"
    )
    async with connection() as c:
        return [tuple(row) for row in await c.fetch(sql, emitter, clock.now())]


async def kind_at(place: UUID, service: str, kind: str) -> KindRules:
    """What a place says of a kind of appointment. Raises NotFound where it is not offered."""
    sql = (
        "SELECT k.* FROM parvis.calendar_kind k JOIN parvis.calendar c ON c.id = k.calendar "
        "WHERE c.place = $1 AND c.service = $2 AND k.kind = $3"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, place, service, kind)
    if row is None:
        raise NotFound
    return KindRules(**{name: row[name] for name in KindRules.__struct_fields__})


async def kinds_online(service: str) -> frozenset[str]:
    """The kinds of a service that are open online at one place at least."""
    sql = (
        "SELECT DISTINCT kind FROM parvis.calendar_kind k JOIN parvis.calendar c ON c.id = k.calendar "
        "WHERE c.service = $1 AND c.active AND k.online"
    )
    async with connection() as c:
        return frozenset(row["kind"] for row in await c.fetch(sql, service))


async def agenda(place: UUID, day: date) -> list[BookingInfo]:
    """A place's held and confirmed hours of a local day, by start and desk."""
    sql = (
        f"{BOOKING} WHERE c.place = $1 AND b.day = $2 AND b.state IN ('held', 'confirmed') "
        "ORDER BY lower(b.period), d.name"
    )
    async with connection() as c:
        return [booking_of(row) for row in await c.fetch(sql, place, day)]


def booking_of(row: asyncpg.Record | None) -> BookingInfo:
    """The value of a row of `BOOKING`. Raises NotFound for None."""
    if row is None:
        raise NotFound
    return BookingInfo(**{name: row[name] for name in _FIELDS})


async def booked_from(places: Collection[UUID], service: str, since: datetime) -> list[BookingInfo]:
    """What is booked of a service at some places from an instant (UTC) on, by start."""
    sql = (
        f"{BOOKING} WHERE c.place = ANY ($1) AND c.service = $2 AND b.state = 'confirmed' "
        "AND lower(b.period) >= $3 ORDER BY lower(b.period), b.id"
    )
    async with connection() as c:
        return [booking_of(row) for row in await c.fetch(sql, list(places), service, since)]
