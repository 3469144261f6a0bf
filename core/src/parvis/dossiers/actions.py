"""Writes of dossiers. Each joins the caller's transaction, so that a booking and its dossier exist together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parvis import clock, crypto, outbox
from parvis.calendars import actions as calendars
from parvis.calendars import counter, days
from parvis.calendars.queries import BookingInfo, place_of
from parvis.contract.values import Behalf, Channel
from parvis.db import Connection, new_id, new_reference, transaction
from parvis.dossiers import acting, digests
from parvis.errors import NotFound
from parvis.events import DossierClosed, DossierOpened
from parvis.identity import accounts
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.territory import queries as territory

CONTACT = "dossier-contact"
NAMES = "dossier-names"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class By:
    """Who did something: resident, proxy (on somebody's `behalf`), staff (for an `emitter`), helper or system.

    `person` is the account, if there is one.
    """

    kind: str = "system"
    person: UUID | None = None
    emitter: UUID | None = None
    behalf: Behalf | None = None

    @classmethod
    def resident(cls, actor: Actor) -> By:
        """Whoever acts as the resident: themselves, or a proxy of theirs."""
        return cls("proxy" if actor.behalf else "resident", actor.person, behalf=actor.behalf)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDossier:
    """What a dossier begins with. `kept_days` is how long it stays once closed.

    Without a contact nobody is written to; `phone` (E.164) is called. `home` is the INSEE code of the municipality
    they said they come from.
    """

    service: str
    emitter: UUID
    contact: Contact | None
    names: tuple[str, ...]
    language: str
    kept_days: int
    person: UUID | None = None
    phone: str | None = None
    home: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A dossier just opened: its id, and what people call it."""

    id: UUID
    reference: str


async def open(new: NewDossier, by: By) -> Opened:  # noqa: A001 - the domain's verb, always called as actions.open
    """Open a dossier and begin its timeline."""
    row = {
        "id": new_id(),
        "reference": "",
        "service": new.service,
        "emitter": new.emitter,
        "names": _sealed(new.names),
        "name_digests": digests.of_names(new.names, new.emitter),
        "language": new.language,
        "kept_days": new.kept_days,
        "home": new.home,
        "opened_at": clock.now(),
        **reached(new.contact, new.phone),
    }
    async with transaction() as c:
        row["person"] = await accounts.settled(new.person)
        opened = await _insert(c, row)
        await note(opened.id, "dossier.opened", by)
        await outbox.record(DossierOpened(emitter=new.emitter, dossier=opened.id, service=new.service))
    return opened


async def book(new: NewDossier, hold: UUID, secret: str, place: str, by: By, *, tell: bool = True) -> Opened:
    """Open a dossier and confirm its hold, which `place` names for the timeline. Raises HoldGone.

    Without `tell` the person is not written to about it.
    """
    async with transaction() as c:
        opened = await open(new, by)
        booking = await calendars.confirm(hold, secret, opened.id, tell=tell)
        await c.execute("UPDATE parvis.dossier SET booking = $2 WHERE id = $1", opened.id, booking.id)
        await note(opened.id, "booking.confirmed", by, start=booking.start, place=place)
    return opened


async def move_visit(
    dossier: UUID,
    calendar: UUID,
    start: datetime,
    place: str,
    by: By,
    reason: str = "",
    *,
    tell: bool = True,
    counter: bool = False,
    freed: UUID | None = None,
) -> BookingInfo:
    """Move a dossier's visit; the old hour is kept until the new one is sure.

    The resident is told the `reason`, or nothing at all without `tell`. A calendar's own agents also take what the
    counter keeps, and so does whom they proposed an hour: `counter`. `freed` is an hour that was kept back for them.

    Raises SlotFull, UnknownSlot, NotFound, Refused.
    """
    async with transaction() as c:
        theirs = counter or (by.kind == "staff" and await _is_theirs(calendar, by))
        visit = await _booking_of(c, dossier)
        booking = await calendars.move(visit, calendar, start, counter=theirs, freed=freed, tell=tell)
        await _hand_over(c, dossier, booking.emitter)
        await note(dossier, "booking.moved", by, start=booking.start, place=place, **_why(reason))
    return booking


async def cancel_visit(
    dossier: UUID, by: By, event: str = "booking.cancelled", reason: str = "", *, tell: bool = True
) -> None:
    """Cancel a dossier's visit and close it, which the timeline tells as `event`.

    The resident is told the `reason`, or nothing at all without `tell`. Twice is once. Raises NotFound, or Refused
    once it has begun.
    """
    async with transaction() as c:
        await calendars.cancel(await _booking_of(c, dossier), tell=tell)
        await close(dossier, clock.now(), event, by, **_why(reason))


async def restore_visit(dossier: UUID, by: By, *, tell: bool = True) -> BookingInfo:
    """Undo the cancellation of a visit, while its hour is there. Raises HourGone, NotFound, Refused if it has begun."""
    async with transaction() as c:
        booking = await counter.restore(await _booking_of(c, dossier), tell=tell)
        sql = (
            "UPDATE parvis.dossier SET state = 'open', closed_at = NULL WHERE id = $1 AND state = 'closed' RETURNING id"
        )
        if await c.fetchval(sql, dossier):
            await note(dossier, "booking.restored", by, start=booking.start)
    return booking


async def note(dossier: UUID, event: str, by: By, **data: Any) -> None:
    """Add a row to the timeline; an instant in `data` is kept in ISO form. Put no personal data in it.

    Raises Forbidden for a proxy whose mandate does not cover it (any more).
    """
    sql = (
        "INSERT INTO parvis.timeline (id, dossier, at, event, data, by, actor, emitter) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in data.items()}
    async with transaction() as c:
        await acting.let(Actor(by.person, behalf=by.behalf), dossier, event)
        await c.execute(sql, new_id(), dossier, clock.now(), event, plain, by.kind, by.person, by.emitter)


async def rename(dossier: UUID, names: Iterable[str]) -> None:
    """Correct the names that a dossier is found by. Raises NotFound."""
    told = tuple(names)
    sql = "UPDATE parvis.dossier SET names = $2, name_digests = $3 WHERE id = $1 RETURNING booking"
    async with transaction() as c:
        emitter = await c.fetchval("SELECT emitter FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE", dossier)
        if emitter is None:
            raise NotFound
        booking = await c.fetchval(sql, dossier, _sealed(told), digests.of_names(told, emitter))
        await days.tell([booking])


async def close(dossier: UUID, at: datetime, event: str, by: By, **data: Any) -> bool:
    """Close an open dossier, from when its retention counts; False if it was closed already. `data` as in `note`."""
    sql = (
        "UPDATE parvis.dossier SET state = 'closed', closed_at = $2 WHERE id = $1 AND state = 'open' "
        "RETURNING emitter, service"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, dossier, at)
        if row is None:
            return False
        await note(dossier, event, by, **data)
        await outbox.record(DossierClosed(emitter=row["emitter"], dossier=dossier, service=row["service"]))
    return True


async def close_past_visits() -> int:
    """Close the dossiers whose visit is over, and how many there were."""
    sql = (
        "SELECT dossier.id, upper(period) AS ended FROM parvis.dossier JOIN parvis.booking ON booking.id = booking "
        "WHERE dossier.state = 'open' AND booking.state = 'confirmed' AND upper(period) < $1 "
        "ORDER BY dossier.id LIMIT $2 FOR NO KEY UPDATE OF dossier SKIP LOCKED"
    )
    async with transaction() as c:
        rows = await c.fetch(sql, clock.now(), _BATCH)
        for row in rows:
            await close(row["id"], row["ended"], "dossier.closed", By())
    return len(rows)


async def _is_theirs(calendar: UUID, by: By) -> bool:
    """Whether a calendar is of the emitter that staff acts for: the counter's share is for its own agents."""
    return (await territory.place(await place_of(calendar))).emitter == by.emitter


async def _booking_of(c: Connection, dossier: UUID) -> UUID:
    # The dossier first, then its booking: the order in which everyone locks them.
    sql = "SELECT booking FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE"
    booking: UUID | None = await c.fetchval(sql, dossier)
    if booking is None:
        raise NotFound
    return booking


def _why(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}


async def _hand_over(c: Connection, dossier: UUID, emitter: UUID) -> None:
    """Make a dossier another emitter's, found by name there and no longer where it was."""
    row = await c.fetchrow("SELECT emitter, names FROM parvis.dossier WHERE id = $1", dossier)
    if row["emitter"] != emitter:
        found = digests.of_names(opened_names(row["names"]), emitter)
        sql = "UPDATE parvis.dossier SET emitter = $2, name_digests = $3 WHERE id = $1"
        await c.execute(sql, dossier, emitter, found)


def opened_names(sealed: bytes | None) -> tuple[str, ...]:
    """Names as they are kept, in the clear."""
    return tuple(msgspec.json.decode(crypto.decrypt(sealed, NAMES))) if sealed else ()


def reached(contact: Contact | None, phone: str | None) -> dict[str, Any]:
    """How somebody is reached, as a dossier's row keeps it."""
    kept: dict[str, Any] = {}
    if contact:
        address = crypto.encrypt(contact.address.encode(), CONTACT)
        kept = {"contact_kind": contact.kind.value, "contact": address, "contact_digest": contact.digest}
    if phone:
        kept |= {"phone": crypto.encrypt(phone.encode(), CONTACT), "phone_digest": Contact(Channel.SMS, phone).digest}
    return kept


async def _insert(c: Connection, row: dict[str, Any]) -> Opened:
    """Write the row under a reference that no other dossier has: among a million, one in 20,000 is taken."""
    values = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    sql = (
        f"INSERT INTO parvis.dossier ({', '.join(row)}) VALUES ({values}) "  # noqa: S608 - names of our own
        "ON CONFLICT (reference) DO NOTHING RETURNING id"
    )
    while True:
        opened = Opened(row["id"], new_reference())
        if await c.fetchval(sql, *(row | {"reference": opened.reference}).values()):
            return opened


def _sealed(names: Sequence[str]) -> bytes:
    return crypto.encrypt(msgspec.json.encode(list(names)), NAMES)
