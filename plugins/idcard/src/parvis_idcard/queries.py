"""Reads of the identity-paper appointments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from parvis import crypto
from parvis.calendars import queries as calendars
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound, Text
from parvis.territory import queries as territory
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.rules import Age, Applicant, Paper, Situation, read_number

PLUGIN = "idcard"
DETAILS = "idcard-applicant"
SEEN = "idcard-seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What a dossier's visit is for; `applicants` is empty once erased, `proved` says that the contact was."""

    dossier: UUID
    kind: str
    paper: Paper | None
    booked_at: datetime
    proved: bool
    applicants: tuple[Applicant, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """An applicant's row with its application number and what finds that."""

    id: UUID
    number: str
    digest: bytes


async def settings(emitter: UUID) -> Settings:
    """An emitter's settings of this plugin; those never touched have their defaults."""
    return await territory.settings_of(PLUGIN, emitter, Settings)


async def answer_time(emitter: UUID) -> timedelta | None:
    """How long an emitter keeps a freed hour for who asked for an earlier one; None if it asks nobody."""
    chosen = await settings(emitter)
    return timedelta(minutes=chosen.answer_minutes) if chosen.earlier else None


async def appointment(dossier: UUID) -> Appointment:
    """What a dossier's visit is for. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM idcard.visit WHERE dossier = $1", dossier)
        rows = await c.fetch("SELECT * FROM idcard.applicant WHERE dossier = $1 ORDER BY position", dossier)
    if row is None:
        raise NotFound
    people = tuple(_applicant(found) for found in rows if found["details"])
    paper = Paper(row["paper"]) if row["paper"] else None
    same = {name: row[name] for name in ("dossier", "kind", "booked_at", "proved")}
    return Appointment(**same, paper=paper, applicants=people)


def seen_key(dossier: UUID, until: datetime) -> str:
    """What lets a link show an appointment until then (UTC), and change nothing."""
    return crypto.sign(str(dossier), SEEN, until)


def may_see(dossier: UUID, key: str | None, now: datetime) -> bool:
    """Whether a key is of `seen_key`. Raises Unreadable for one that was altered or is too old."""
    return key is not None and crypto.verify(key, SEEN, now) == str(dossier)


async def numbered(dossier: UUID) -> list[Numbered]:
    """The application numbers of a dossier's live deposit."""
    sql = (
        "SELECT * FROM idcard.applicant WHERE dossier = $1 AND live AND details IS NOT NULL "
        "AND number_digest IS NOT NULL ORDER BY position"
    )
    async with connection() as c:
        rows = await c.fetch(sql, dossier)
    return [Numbered(row["id"], _applicant(row).number or "", row["number_digest"]) for row in rows]


async def as_booked(dossier: UUID, position: int) -> Applicant:
    """One person as they were booked, whatever was corrected since. Raises NotFound."""
    sql = "SELECT * FROM idcard.applicant WHERE dossier = $1 AND position = $2 AND details IS NOT NULL"
    async with connection() as c:
        row = await c.fetchrow(sql, dossier, position)
    if row is None:
        raise NotFound
    return _applicant(row, "booked-")


async def also_bring(place: UUID, kind: str, language: str) -> list[str]:
    """What a town hall adds to what people bring for a kind, line by line; in French where nothing else is written."""
    try:
        texts = (await calendars.kind_at(place, PLUGIN, kind)).bring
    except NotFound:
        # No longer offered: only appointments of the past are of this kind.
        return []
    return (texts.get(language) or texts.get("fr", "")).splitlines()


async def live_people(dossiers: Sequence[UUID]) -> int:
    """How many people have a live appointment in these dossiers."""
    sql = "SELECT count(*) FROM idcard.applicant WHERE live AND dossier = ANY($1)"
    async with connection() as c:
        return int(await c.fetchval(sql, list(dossiers)))


async def live_numbers(numbers: Sequence[str], but: UUID | None = None) -> set[str]:
    """Which of these application numbers have a live deposit, in another dossier than `but`."""
    sql = (
        "SELECT number_digest FROM idcard.applicant "
        "WHERE live AND number_digest = ANY($1) AND dossier IS DISTINCT FROM $2"
    )
    by_digest = {number_digest(number): number for number in numbers}
    async with connection() as c:
        return {by_digest[row["number_digest"]] for row in await c.fetch(sql, list(by_digest), but)}


async def with_number(typed: str, emitter: UUID) -> list[UUID]:
    """The dossiers of an emitter in which somebody has this application number; none for what cannot be one."""
    number = read_number(typed)
    if isinstance(number, Text):
        return []
    sql = (
        "SELECT dossier.id FROM idcard.applicant JOIN parvis.dossier ON dossier.id = applicant.dossier "
        "WHERE number_digest = $1 AND dossier.emitter = $2"
    )
    async with connection() as c:
        return [row["id"] for row in await c.fetch(sql, number_digest(number), emitter)]


async def times(dossier: UUID, what: str) -> str:
    """Under which key the latest of several such messages is told once, as the timeline counts what happened."""
    events = [row.event for row in await dossiers.timeline(dossier)]
    happened = events.count("booking.restored")
    return f"{what}-{happened}" if happened else what


async def reminders_sent(dossier: UUID, sequence: int) -> list[int]:
    """The days before the visit, as it is after so many moves, of which a reminder was sent."""
    known = re.compile(reminder_key(r"(\d+)", sequence))
    async with connection() as c:
        rows = await c.fetch("SELECT what FROM idcard.told WHERE dossier = $1", dossier)
    return [int(found[1]) for row in rows if (found := known.fullmatch(row["what"]))]


def reminder_key(days: int | str, sequence: int) -> str:
    """Under which key a reminder is told once; an hour that was moved has reminders of its own."""
    return f"reminder-{days}-{sequence}" if sequence else f"reminder-{days}"


def number_digest(number: str) -> bytes:
    """What finds an application number without its being written."""
    return crypto.code_digest(number, "idcard-number")


def _applicant(row: asyncpg.Record, version: str = "") -> Applicant:
    """A person of a row; with `booked-` as they were booked, which is kept from the first correction on."""
    told = msgspec.json.decode(crypto.decrypt(row["details"], DETAILS), type=dict[str, str | None])
    if version:
        told |= {name.removeprefix(version): text for name, text in told.items() if name.startswith(version)}
    return Applicant(
        given=told["given"] or "",
        family=told["family"] or "",
        number=told["number"],
        age=Age(row["age"]),
        situation=Situation(row["situation"]) if row["situation"] else None,
    )
