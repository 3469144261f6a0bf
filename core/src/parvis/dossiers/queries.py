"""Reads of dossiers, for the person they are about. What staff and proxies read goes through `reading`, which leaves a
trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.db import InvalidReference, connection, read_reference
from parvis.dossiers import spelling
from parvis.dossiers.actions import CONTACT, By, opened_names
from parvis.dossiers.rules import names_fit, timeline_note, timeline_text
from parvis.errors import NotFound, Text
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact

_LINK = "dossier"
_ROWS = (
    "SELECT dossier.*, emitter.slug, lower(period) AS starts, upper(period) AS ends, booking.state AS booked, "
    "booking.kind, booking.people, booking.sequence, calendar.place FROM parvis.dossier "
    "JOIN parvis.emitter ON emitter.id = dossier.emitter LEFT JOIN parvis.booking ON booking.id = dossier.booking "
    "LEFT JOIN parvis.desk ON desk.id = booking.desk LEFT JOIN parvis.calendar ON calendar.id = desk.calendar "
)
_OPENED_BY = {
    "staff": "SELECT dossier FROM parvis.timeline WHERE event = 'dossier.opened' AND by = 'staff' AND emitter = $1",
    "helper": "SELECT dossier FROM parvis.timeline WHERE event = 'dossier.opened' AND by = 'helper' AND actor = $1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The appointment of a dossier: instants in UTC, `live` while it is neither cancelled nor over."""

    booking: UUID
    place: UUID
    kind: str
    people: int
    start: datetime
    end: datetime
    sequence: int
    live: bool
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierInfo:
    """A dossier with what is encrypted at rest in the clear; `contact`, `phone` and `names` are empty once erased.

    Without a contact nobody is written to: `phone` is a number that agents call.
    """

    id: UUID
    reference: str
    service: str
    emitter: UUID
    slug: str
    person: UUID | None
    contact: Contact | None
    phone: str | None
    names: tuple[str, ...]
    language: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    visit: Visit | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A row of the timeline; `by` is resident, proxy, staff, helper or system.

    `office` is the emitter staff acted for, `proxy` what the proxy who acted is called.
    """

    at: datetime
    event: str
    data: Mapping[str, Any]
    by: str
    office: str = ""
    proxy: str = ""

    @property
    def text(self) -> Text:
        """What happened, for people."""
        return timeline_text(self.event, self.data)

    @property
    def note(self) -> Text | None:
        """Who did it, where that is neither the resident nor the portal itself."""
        return timeline_note(self.by, self.office, self.proxy)


async def dossier(dossier_id: UUID) -> DossierInfo:
    """One dossier, whoever asks. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_ROWS + "WHERE dossier.id = $1", dossier_id)
    if row is None:
        raise NotFound
    return _info(row)


async def of_actor(actor: Actor) -> list[DossierInfo]:
    """The dossiers of somebody signed in or for whom they act, and of the contacts they proved: coming visits first."""
    sql = _ROWS + (
        "WHERE dossier.state <> 'erased' AND (dossier.person = $1 OR contact_digest = ANY($2)) "
        "AND ($3::varchar[] IS NULL OR dossier.service = ANY($3)) "
        "ORDER BY (dossier.state = 'open') DESC, lower(period) NULLS LAST, opened_at DESC LIMIT 100"
    )
    named = list(actor.behalf.services) if actor.behalf else None
    async with connection() as c:
        rows = await c.fetch(sql, actor.owner, [proof.digest for proof in actor.proofs], named)
    return [_info(row) for row in rows]


async def for_resident(dossier_id: UUID, actor: Actor, key: str | None) -> DossierInfo:
    """A dossier for the person it is about: theirs, of a contact they proved, or by a link's key.

    A proxy has no other way than the mandate. Raises Unreadable for a key that was altered or is too old, NotFound
    where there is nothing for them.
    """
    found = await dossier(dossier_id)
    if found.state != "erased" and is_theirs(found, actor):
        return found
    if not key or actor.behalf:
        raise NotFound
    if crypto.verify(key, _LINK, clock.now()) != str(dossier_id) or found.state == "erased":
        raise crypto.Unreadable
    return found


async def by_reference(typed: str, name: str) -> DossierInfo:
    """The dossier of a reference and a name in it; `finding.find` counts the attempts.

    Raises InvalidReference, or NotFound if the two do not fit.
    """
    reference = read_reference(typed)
    async with connection() as c:
        row = await c.fetchrow(_ROWS + "WHERE reference = $1 AND dossier.state <> 'erased'", reference)
    if row is None or not names_fit(name, (found := _info(row)).names):
        raise NotFound
    return found


async def names(dossiers: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Whom several dossiers are for; erased ones are left out. Whoever shows them to staff traces it."""
    sql = "SELECT id, names FROM parvis.dossier WHERE id = ANY($1) AND names IS NOT NULL"
    async with connection() as c:
        return {row["id"]: opened_names(row["names"]) for row in await c.fetch(sql, list(dossiers))}


async def matching(where: str, *given: object) -> list[DossierInfo]:
    """The dossiers for which SQL of this domain holds, but erased ones."""
    async with connection() as c:
        return [_info(row) for row in await c.fetch(f"{_ROWS} WHERE dossier.state <> 'erased' AND {where}", *given)]


async def opened_by(by: By, service: str, limit: int) -> list[DossierInfo]:
    """What an office or a helper opened for others with a service, and nobody took over yet, the latest visit first."""
    theirs = f"dossier.id IN ({_OPENED_BY[by.kind]}) AND dossier.service = $2 AND dossier.person IS NULL"
    return await matching(f"{theirs} ORDER BY lower(period) DESC NULLS LAST LIMIT $3", _owner(by), service, limit)


async def one_opened_by(dossier_id: UUID, by: By) -> DossierInfo:
    """A dossier that an office or a helper opened for others.

    Raises NotFound for another's, once it was taken over by whom it is for, and once it is erased.
    """
    opener = await opener_of(dossier_id)
    if opener is None or (opener.kind, _owner(opener)) != (by.kind, _owner(by)):
        raise NotFound
    return await dossier(dossier_id)


async def opener_of(dossier_id: UUID) -> By | None:
    """Who opened a dossier for somebody else.

    None where the resident did, once they took it over, and once it is erased.
    """
    sql = (
        "SELECT by, actor, timeline.emitter FROM parvis.timeline JOIN parvis.dossier ON dossier.id = timeline.dossier "
        "WHERE timeline.dossier = $1 AND event = 'dossier.opened' AND by IN ('staff', 'helper') "
        "AND dossier.person IS NULL"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, dossier_id)
    return By(row["by"], row["actor"], row["emitter"]) if row else None


async def of_booking(booking: UUID) -> DossierInfo | None:
    """The dossier that a booking belongs to now."""
    async with connection() as c:
        row = await c.fetchrow(_ROWS + "WHERE dossier.booking = $1", booking)
    return _info(row) if row else None


async def open_of_contact(contact: Contact) -> list[UUID]:
    """The open dossiers of a contact."""
    sql = "SELECT id FROM parvis.dossier WHERE contact_digest = $1 AND state = 'open'"
    async with connection() as c:
        return [row["id"] for row in await c.fetch(sql, contact.digest)]


async def is_found_again() -> bool:
    """Whether the newest dossier is found by its contact with the keys at hand: not once the last one was dropped."""
    sql = "SELECT contact_kind, contact, contact_digest FROM parvis.dossier WHERE contact IS NOT NULL ORDER BY id DESC"
    async with connection() as c:
        row = await c.fetchrow(f"{sql} LIMIT 1")
    try:
        return row is None or _contact(row).digest == row["contact_digest"]
    except crypto.Unreadable:
        return False


async def visits(service: str, after: datetime, before: datetime) -> list[DossierInfo]:
    """Open dossiers of a service whose visit begins within a span of time."""
    sql = _ROWS + (
        "WHERE dossier.service = $1 AND dossier.state = 'open' AND booking.state = 'confirmed' "
        "AND lower(period) > $2 AND lower(period) <= $3 ORDER BY lower(period)"
    )
    async with connection() as c:
        return [_info(row) for row in await c.fetch(sql, service, after, before)]


async def timeline(dossier_id: UUID) -> list[TimelineEntry]:
    """What happened to a dossier, the latest first."""
    sql = (
        "SELECT at, event, data, by, coalesce(emitter.name, '') AS office, coalesce(person.name, '') AS proxy "
        "FROM parvis.timeline LEFT JOIN parvis.emitter ON emitter.id = timeline.emitter "
        "LEFT JOIN parvis.person ON person.id = actor AND by = 'proxy' "
        "WHERE dossier = $1 ORDER BY at DESC, timeline.id DESC"
    )
    async with connection() as c:
        return [TimelineEntry(**row) for row in await c.fetch(sql, dossier_id)]


async def reason_of(dossier_id: UUID, event: str) -> str:
    """What was said about the latest event of a sort, e.g. why staff moved an appointment; empty if nothing was."""
    sql = "SELECT data ->> 'reason' FROM parvis.timeline WHERE dossier = $1 AND event = $2 ORDER BY at DESC, id DESC"
    async with connection() as c:
        return await c.fetchval(sql, dossier_id, event) or ""


def link_key(dossier_id: UUID, until: datetime) -> str:
    """What lets a link show one dossier until then (UTC)."""
    return crypto.sign(str(dossier_id), _LINK, until)


def is_meant(found: DossierInfo, typed: str) -> bool:
    """Whether what somebody typed is a dossier's reference, or a name in it however it is spelt."""
    try:
        return read_reference(typed) == found.reference
    except InvalidReference:
        return bool(spelling.fits(spelling.words(typed), found.names))


def is_theirs(found: DossierInfo, actor: Actor) -> bool:
    """Whether a dossier is of somebody's account, of whom they act for, or of a contact they proved."""
    if actor.owns(found.person, found.service):
        return True
    digests: Sequence[bytes] = [proof.digest for proof in actor.proofs]
    return found.contact is not None and found.contact.digest in digests


def _owner(by: By) -> UUID | None:
    """Whose what somebody opened for others is: all of an office's, a helper's own (docs/decisions/0940)."""
    return by.emitter if by.kind == "staff" else by.person


def _info(row: asyncpg.Record) -> DossierInfo:
    plain = ("id", "reference", "service", "emitter", "slug", "person", "language", "state", "opened_at", "closed_at")
    contact = _contact(row) if row["contact"] else None
    return DossierInfo(
        **{key: row[key] for key in plain},
        contact=contact,
        phone=crypto.decrypt(row["phone"], CONTACT).decode() if row["phone"] else None,
        names=opened_names(row["names"]),
        visit=_visit(row),
    )


def _contact(row: asyncpg.Record) -> Contact:
    return Contact(Channel(row["contact_kind"]), crypto.decrypt(row["contact"], CONTACT).decode())


def _visit(row: asyncpg.Record) -> Visit | None:
    if row["booking"] is None or row["place"] is None:
        return None
    return Visit(
        booking=row["booking"],
        place=row["place"],
        kind=row["kind"],
        people=row["people"],
        start=row["starts"],
        end=row["ends"],
        sequence=row["sequence"],
        live=row["booked"] == "confirmed" and row["state"] == "open",
        cancelled=row["booked"] != "confirmed",
    )
