"""Reads of coordination: what the service should have of a dossier, and how its declarations stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.calendars import queries as calendars
from parvis.db import connection
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound
from parvis.territory import queries as territory
from parvis_idcard.ants import queries as search
from parvis_idcard.ants.coordination.rules import Declared, State, Status, wall_time
from parvis_idcard.queries import numbered
from parvis_idcard.rules import DEPOSIT

NUMBER = "idcard-declaration"


@dataclass(frozen=True, slots=True)
class Needed:
    """What the service should have of one applicant's number."""

    applicant: UUID
    number: str
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A number of a dossier and how it stands; instants are UTC.

    `told` is what the service took last, `place_id` where it was last declared, whether that was answered or not.
    """

    id: UUID
    dossier: UUID
    emitter: UUID
    applicant: UUID
    number: str
    digest: bytes
    state: State
    status: Status | None
    checked_at: datetime | None
    place_id: str
    told: Declared | None
    attempts: int
    due: datetime
    busy_until: datetime | None
    error: str
    asked_at: datetime | None
    answer_by: datetime | None
    answered: bool
    reason: str | None


async def needed(dossier: DossierInfo) -> dict[bytes, Needed] | None:
    """What the service should have of a dossier, by the number's digest; None once its hour has begun."""
    visit = dossier.visit
    if visit is None or visit.kind != DEPOSIT:
        return {}
    if visit.start <= clock.now():
        return None
    booking = await calendars.booking(visit.booking)
    if booking.state != "confirmed":
        return {}
    place = await territory.place(visit.place)
    at = wall_time(visit.start.astimezone(await calendars.zone_of(booking.calendar)))
    return {
        row.digest: Needed(
            row.id,
            row.number,
            Declared(place_id=place.slug, place=place.name, at=at, url=search.address_of(row.id)),
        )
        for row in await numbered(dossier.id)
    }


async def declaration(declaration_id: UUID) -> Declaration:
    """One declaration. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM idcard.declaration WHERE id = $1", declaration_id)
    if row is None:
        raise NotFound
    return declaration_of(row)


async def of_dossier(dossier: UUID) -> list[Declaration]:
    """The declarations of a dossier, those of numbers it no longer has too."""
    async with connection() as c:
        rows = await c.fetch("SELECT * FROM idcard.declaration WHERE dossier = $1 ORDER BY id", dossier)
    return [declaration_of(row) for row in rows]


async def not_declared(emitter: UUID, limit: int = 200) -> list[Declaration]:
    """What is not declared, not withdrawn or not allowed at an emitter, the oldest first."""
    sql = (
        "SELECT * FROM idcard.declaration WHERE emitter = $1 AND state IN ('due', 'refused') AND reason IS NULL "
        "ORDER BY id LIMIT $2"
    )
    async with connection() as c:
        return [declaration_of(row) for row in await c.fetch(sql, emitter, limit)]


async def count_not_declared(emitter: UUID) -> int:
    """How many there are, for the navigation."""
    sql = (
        "SELECT count(*) FROM idcard.declaration WHERE emitter = $1 AND state IN ('due', 'refused') AND reason IS NULL"
    )
    async with connection() as c:
        return int(await c.fetchval(sql, emitter))


async def undeclared_dossiers(rehearsed: bool, limit: int = 500) -> list[UUID]:
    """Dossiers with a live deposit whose number has no declaration, or (`rehearsed`) one that was only rehearsed."""
    sql = (
        "SELECT DISTINCT applicant.dossier FROM idcard.applicant JOIN idcard.visit USING (dossier) "
        "LEFT JOIN idcard.declaration USING (dossier, number_digest) "
        "WHERE live AND number_digest IS NOT NULL AND visit.kind = $1 "
        "AND (declaration.id IS NULL OR ($2 AND declaration.state = 'rehearsed')) LIMIT $3"
    )
    async with connection() as c:
        return [row["dossier"] for row in await c.fetch(sql, DEPOSIT, rehearsed, limit)]


async def renamed_dossiers(limit: int = 500) -> list[UUID]:
    """Dossiers declared at a place that is called otherwise now."""
    sql = (
        "SELECT DISTINCT dossier FROM idcard.declaration WHERE state = 'declared' "
        "AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS place (slug, name) "
        "WHERE slug = told_place AND name = told_name) LIMIT $3"
    )
    places = await territory.places()
    async with connection() as c:
        rows = await c.fetch(sql, [place.slug for place in places], [place.name for place in places], limit)
    return [row["dossier"] for row in rows]


async def overdue(now: datetime, late: datetime) -> list[Declaration]:
    """Declarations that nobody tried since an instant, and refused ones to be looked at again."""
    sql = (
        "SELECT * FROM idcard.declaration WHERE (state IN ('due', 'check') AND due < $2) "
        "OR (state = 'refused' AND due < $1) ORDER BY due LIMIT 500"
    )
    async with connection() as c:
        return [declaration_of(row) for row in await c.fetch(sql, now, late)]


async def not_asked() -> list[Declaration]:
    """Declarations of numbers that are worth nothing (any more), about which the resident was not asked yet."""
    sql = (
        "SELECT * FROM idcard.declaration WHERE state IN ('refused', 'declared') AND status <> 'validated' "
        "AND asked_at IS NULL AND reason IS NULL ORDER BY id LIMIT 500"
    )
    async with connection() as c:
        return [declaration_of(row) for row in await c.fetch(sql)]


async def unanswered(now: datetime) -> list[UUID]:
    """Dossiers in which a question about a dead number was not answered in time."""
    sql = (
        "SELECT DISTINCT dossier FROM idcard.declaration WHERE state NOT IN ('withdrawn', 'over') "
        "AND status IN ('consumed', 'expired') AND answer_by <= $1 AND NOT answered AND reason IS NULL LIMIT 500"
    )
    async with connection() as c:
        return [row["dossier"] for row in await c.fetch(sql, now)]


def declaration_of(row: asyncpg.Record) -> Declaration:
    """The value of a row."""
    told = None
    if row["told_at"]:
        told = Declared(place_id=row["told_place"], place=row["told_name"], at=row["told_at"], url=row["told_url"])
    same = ("id", "dossier", "emitter", "applicant", "checked_at", "attempts", "due", "busy_until", "error", "asked_at")
    return Declaration(
        **{name: row[name] for name in (*same, "answer_by", "answered", "reason")},
        place_id=row["told_place"] or "",
        number=crypto.decrypt(row["number"], NUMBER).decode(),
        digest=row["number_digest"],
        state=State(row["state"]),
        status=Status(row["status"]) if row["status"] else None,
        told=told,
    )
