"""Reads of earlier hours. Instants are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from parvis import clock, plugins
from parvis.calendars import offering
from parvis.calendars.freeing import FreedHour
from parvis.calendars.rules import CELL
from parvis.db import connection
from parvis.dossiers.queries import DossierInfo
from parvis.earlier.rules import LEAD, MOST_OFFERS, Wish
from parvis.errors import NotFound

_CHOICES = """
SELECT c.id, p.id AS place, p.name FROM parvis.booking b
JOIN parvis.desk d ON d.id = b.desk
JOIN parvis.calendar own ON own.id = d.calendar
JOIN parvis.calendar c ON c.service = own.service AND c.active
JOIN parvis.place p ON p.id = c.place AND p.active
JOIN parvis.offering($2, $3, $4) s ON s.calendar = c.id AND s.published
JOIN parvis.calendar_kind k ON k.calendar = c.id AND k.kind = b.kind AND k.online AND k.people_max >= b.people
WHERE b.id = $1 ORDER BY c.id <> own.id, p.name
"""
_WAITING = """
SELECT w.*, k.cells FROM parvis.earlier_wish w
JOIN parvis.dossier t ON t.id = w.dossier AND t.state = 'open' AND t.service = $1 AND t.contact IS NOT NULL
JOIN parvis.booking b ON b.id = t.booking AND b.state = 'confirmed' AND lower(b.period) > $2
JOIN LATERAL (
    SELECT ceil((minutes_first + (b.people - 1) * minutes_further) / 5.0)::int AS cells FROM parvis.calendar_kind
    WHERE calendar = $3 AND kind = b.kind AND online AND people_max >= b.people
) k ON k.cells <= $5
WHERE w.ended_at IS NULL AND w.offers < $4 AND $3 = ANY (w.calendars) AND ($6::varchar[] = '{}' OR b.kind = ANY ($6))
    AND NOT EXISTS (
        SELECT FROM parvis.earlier_offer o WHERE o.dossier = w.dossier AND (o.outcome IS NULL OR o.hour = $7)
    )
ORDER BY w.asked_at, w.dossier
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for; `ended` is None while it is looked for, else stopped, accepted, used or over."""

    dossier: UUID
    wish: Wish
    asked_at: datetime
    offers: int
    ended: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An hour proposed to somebody until an instant; `outcome` is None while they may take it."""

    id: UUID
    dossier: UUID
    hour: UUID
    calendar: UUID
    start: datetime
    until: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A calendar at which somebody could have the same appointment, by the name of its place."""

    calendar: UUID
    place: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody for whom a freed hour is long enough, and how long their appointment takes there."""

    asked: Asked
    length: timedelta


async def answer_time(service: str, emitter: UUID) -> timedelta | None:
    """How long an emitter keeps a freed hour for somebody; None where nobody is asked."""
    try:
        earlier = plugins.current().service(service)[1].earlier
    except NotFound:
        return None
    return await earlier(emitter) if earlier else None


async def may_ask(found: DossierInfo) -> bool:
    """Whether a dossier's people can be proposed earlier hours: somebody can be written to, and there is time."""
    visit = found.visit
    if visit is None or not visit.live or found.contact is None or visit.start <= clock.now() + LEAD:
        return False
    return await answer_time(found.service, found.emitter) is not None


async def asked(dossier: UUID) -> Asked | None:
    """What a dossier's people asked for, also once it ended."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.earlier_wish WHERE dossier = $1", dossier)
    return _asked(row) if row else None


async def offer_to(dossier: UUID) -> Offer | None:
    """What was proposed last to a dossier's people."""
    sql = "SELECT * FROM parvis.earlier_offer WHERE dossier = $1 ORDER BY offered_at DESC LIMIT 1"
    async with connection() as c:
        row = await c.fetchrow(sql, dossier)
    return offer_of(row) if row else None


async def choices(booking: UUID) -> list[Choice]:
    """Where the same appointment is offered online to as many people, the own place first, then by name."""
    async with connection() as c:
        return [Choice(*row) for row in await c.fetch(_CHOICES, booking, *offering.asked())]


async def offer_of_hour(hour: UUID) -> Offer | None:
    """To whom a freed hour is proposed now."""
    sql = "SELECT * FROM parvis.earlier_offer WHERE hour = $1 AND outcome IS NULL"
    async with connection() as c:
        row = await c.fetchrow(sql, hour)
    return offer_of(row) if row else None


async def place_name(calendar: UUID) -> str:
    """What the place of a calendar is called."""
    sql = "SELECT p.name FROM parvis.calendar c JOIN parvis.place p ON p.id = c.place WHERE c.id = $1"
    async with connection() as c:
        return str(await c.fetchval(sql, calendar))


async def waiting_for(hour: FreedHour) -> list[Waiting]:
    """Who would be earlier with a freed hour that is long enough, and has not been asked about it: first come first."""
    values = (hour.service, hour.start, hour.calendar, MOST_OFFERS, hour.cells, list(hour.kinds), hour.id)
    async with connection() as c:
        return [Waiting(_asked(row), row["cells"] * CELL) for row in await c.fetch(_WAITING, *values)]


async def still_asked(emitter: UUID) -> list[Asked]:
    """Whoever waits for an earlier hour of those with an appointment at an emitter, first come first."""
    sql = (
        "SELECT w.* FROM parvis.earlier_wish w JOIN parvis.dossier t ON t.id = w.dossier AND t.state = 'open' "
        "WHERE t.emitter = $1 AND w.ended_at IS NULL ORDER BY w.asked_at, w.dossier LIMIT 200"
    )
    async with connection() as c:
        return [_asked(row) for row in await c.fetch(sql, emitter)]


def offer_of(row: asyncpg.Record) -> Offer:
    """The value of a row of `earlier_offer`."""
    return Offer(**{name: row[name] for name in ("id", "dossier", "hour", "calendar", "start", "until", "outcome")})


def _asked(row: asyncpg.Record) -> Asked:
    wish = Wish(
        calendars=tuple(row["calendars"]),
        weekdays=tuple(row["weekdays"]),
        **{name: row[name] for name in ("not_before", "not_after", "last_day")},
    )
    plain = {name: row[name] for name in ("dossier", "asked_at", "offers", "ended")}
    return Asked(wish=wish, **plain)
