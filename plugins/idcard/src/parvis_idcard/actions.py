"""Writes of the identity-paper appointments: each in one transaction, calling down into the core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, crypto, outbox
from parvis import settings as instance
from parvis.calendars import offering
from parvis.calendars import queries as calendars
from parvis.calendars.actions import HoldGone
from parvis.calendars.queries import BookingInfo
from parvis.contract.values import Booked, BookingRequest
from parvis.db import Connection, new_id, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries as dossier_queries
from parvis.dossiers.actions import By, NewDossier
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, ParvisError, Refusal, Refused, Text
from parvis.identity import contacts
from parvis.identity import queries as identity
from parvis.identity.contacts import Contact
from parvis.messages import actions as messages
from parvis.territory import queries as territory
from parvis.territory.queries import PlaceInfo
from parvis_idcard import drafts, offered, queries, rules
from parvis_idcard.ants.coordination import checks
from parvis_idcard.ants.coordination import queries as coordination
from parvis_idcard.ants.coordination.queries import Declaration
from parvis_idcard.ants.coordination.rules import Standing
from parvis_idcard.details import Details, contact_of, tidied, told_by
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.events import ApplicantsChanged
from parvis_idcard.rules import Applicant, Numbers, Paper

ANOTHER_PERSON = "another-person"
_LINK_LASTS = timedelta(days=30)


async def book(request: BookingRequest, *, waived: bool = False) -> Booked:
    """Turn a hold into an appointment; twice for the same hold is once.

    `waived` lets a contact be unproved where the national service has validated every number. Raises HoldGone, Invalid
    (the details), Refused (a limit, a number that is worth nothing, a contact that is not proved yet).
    """
    details = tidied(msgspec.convert(request.details, Details, from_attributes=True))
    try:
        return await _book(request, details, waived)
    except (ParvisError, NotFound):
        # A double click or a lost answer: the first one booked it.
        if (booked := await booked_before(request.hold, request.secret)) is not None:
            return booked
        raise


async def booked_before(hold: UUID, secret: str) -> Booked | None:
    """What became of a hold that its holder booked already."""
    found = await dossier_queries.of_booking(hold)
    if found is None or not await calendars.was_held_with(hold, secret):
        return None
    return await _booked(found)


async def check(held: BookingInfo, details: Details, contact: Contact | None, for_others: bool) -> None:
    """Everything that can refuse an appointment but the proof of the contact. Raises Refused or HoldGone."""
    await offered.check(held, for_others)
    place, kind = await territory.place(held.place), await calendars.kind_at(held.place, held.service, held.kind)
    settings = await queries.settings(held.emitter)
    asked = Numbers.REQUIRED if kind.number and not for_others else Numbers.OPTIONAL
    refusals = rules.refusals(held.people, details.applicants, asked)
    if not refusals and contact and not for_others and instance.current().limits:
        refusals = await _over_limits(contact, details.applicants, settings.people, await _phone(place))
    elif not refusals:
        refusals = await _twice(details.applicants, await _phone(place))
    if not refusals and held.kind == rules.DEPOSIT and not for_others:
        known = await checks.look(_numbers(details), place.slug)
        refusals = checks.refusals(details.applicants, known, instance.current().zone)
    if refusals:
        raise Refused(refusals)


async def is_validated(hold: UUID, secret: str, details: Details) -> bool:
    """Whether the national service has validated every number of a deposit: then no code need be asked for."""
    try:
        held = await calendars.held(hold, secret)
    except NotFound:
        return False
    if held.kind != rules.DEPOSIT:
        return False
    known = await checks.look(_numbers(details), (await territory.place(held.place)).slug)
    return checks.all_validated(details.applicants, known)


async def is_proved(contact: Contact, person: UUID | None, proof: UUID | None) -> bool:
    """Whether somebody may act for a contact: it is their account's, or they typed the code sent to it."""
    if proof is not None and await identity.proved_digest(proof) == contact.digest:
        return True
    if person is None:
        return False
    account = await identity.person(person)
    return contact.address.casefold() in {account.email.casefold(), account.phone} - {""}


async def ask_for_code(hold: UUID, contact: Contact, language: str) -> UUID:
    """Send a code to a contact on behalf of a hold's draft. Raises TooMany."""
    async with transaction():
        proof = await contacts.ask(contact, language, hold)
        await drafts.await_proof(hold, proof)
    return proof


async def move(dossier: DossierInfo, calendar: UUID, start: datetime, by: By) -> None:
    """Move an appointment; the old hour is kept until the new one is sure. Raises SlotFull, Refused, NotFound."""
    if by.kind == "resident":
        await offering.one(calendar, start)
    await dossiers.move_visit(dossier.id, calendar, start, await _place_of(calendar), by)


async def cancel(dossier: UUID, by: By, event: str = "booking.cancelled") -> None:
    """Cancel an appointment: its hour returns to the public, its numbers are free at once. Twice is once."""
    async with transaction():
        await dossiers.cancel_visit(dossier, by, event)
        await end(dossier)


async def restore(dossier: UUID, by: By, *, tell: bool = True) -> None:
    """Undo a cancellation while hour and numbers are still free. Twice is once. Raises HourGone, NotFound, Refused."""
    async with transaction() as c:
        await dossiers.restore_visit(dossier, by, tell=tell)
        people = (await queries.appointment(dossier)).applicants
        if taken := await _taken(people, dossier):
            raise Refused(rules.booked_refusal(f"applicants-{index}-number") for index in taken)
        await _make_live(c, dossier)


async def end(dossier: UUID) -> None:
    """Free the application numbers of an appointment that is over or cancelled; one that is live keeps them."""
    async with transaction() as c:
        found = await dossier_queries.dossier(dossier)
        if found.visit is None or not found.visit.live:
            await c.execute("UPDATE idcard.applicant SET live = false WHERE dossier = $1", dossier)


async def say_coming(dossier: DossierInfo, by: By) -> None:
    """Note that the resident comes; saying it twice is saying it once."""
    said = any(row.event == "visit.coming" for row in await dossier_queries.timeline(dossier.id))
    if not said:
        await dossiers.note(dossier.id, "visit.coming", by)


async def correct(dossier: DossierInfo, position: int, after: Applicant, by: By) -> None:
    """Correct a name or a number. Raises Refused if it would be another person, or once the visit has begun."""
    # Staff are never blocked by what a number is worth; nobody waits for that inside the transaction.
    known = await _looked_up(dossier, after) if by.kind in {"resident", "proxy"} else {}
    async with transaction() as c:
        people = (await queries.appointment(dossier.id)).applicants
        if position >= len(people) or dossier.visit is None:
            raise NotFound
        booked = await queries.as_booked(dossier.id, position)
        refusals = await _correction_refusals(dossier, booked, after)
        if not refusals and after.number != people[position].number:
            refusals = checks.correction_refusals(known, "number", instance.current().zone)
        if refusals:
            raise Refused(refusals)
        corrected = [*people[:position], after, *people[position + 1 :]]
        await _rewrite(c, dossier.id, position, after, booked)
        await dossiers.rename(dossier.id, [person.name for person in corrected])
        await dossiers.note(dossier.id, "names.corrected", by)
        await outbox.record(ApplicantsChanged(emitter=dossier.emitter, dossier=dossier.id))


async def erase(dossier_ids: Sequence[UUID]) -> int:
    """Erase names and numbers; ages and kinds stay, as figures about nobody."""
    sql = (
        "UPDATE idcard.applicant SET details = NULL, number_digest = NULL, live = false WHERE dossier = ANY($1) "
        "RETURNING id"
    )
    async with transaction() as c:
        await messages.erase(dossier_ids)
        await c.execute("DELETE FROM idcard.declaration WHERE dossier = ANY($1)", list(dossier_ids))
        return len(await c.fetch(sql, list(dossier_ids)))


async def export(dossier: UUID) -> dict[str, Any]:
    """Everything the plugin keeps of a dossier, but digests and what only its worker needs. Raises NotFound."""
    kept = cast("dict[str, Any]", msgspec.to_builtins(await queries.appointment(dossier)))
    declared = [_exported(found) for found in await coordination.of_dossier(dossier)]
    return kept | {"declarations": msgspec.to_builtins(declared)}


def _exported(found: Declaration) -> dict[str, Any]:
    plain = ("number", "state", "status", "checked_at", "told", "asked_at", "answer_by", "answered", "reason")
    return {name: getattr(found, name) for name in plain}


async def _book(request: BookingRequest, details: Details, waived: bool) -> Booked:
    contact = told_by(details) if request.for_others else contact_of(details)
    by = _by(request)
    proved = request.for_others or bool(contact and await is_proved(contact, request.person, request.proof))
    # Asked before the transaction, in which only what was answered counts.
    validated = not request.for_others and await is_validated(request.hold, request.secret, details)
    if not proved and not (waived and validated):
        text = Text("Type the code that we sent you, so that we know we can reach you.")
        raise Refused(Refusal("contact-not-proved", text, "code"))
    async with transaction() as c:
        held = await calendars.held(request.hold, request.secret)
        await _alone(c, contact, details.applicants)
        await check(held, details, contact, request.for_others)
        place = await territory.place(held.place)
        home = request.home or await drafts.home(request.hold)
        settings = await queries.settings(held.emitter)
        new = _new_dossier(request, details, contact, held, settings, home)
        opened = await dossiers.book(new, request.hold, request.secret, place.name, by, tell=request.tell)
        await _write(c, opened.id, held.kind, details, proved)
        await drafts.forget(request.hold)
    return await _booked(await dossier_queries.dossier(opened.id))


def _by(request: BookingRequest) -> By:
    if not request.for_others:
        return By("proxy" if request.behalf else "resident", request.person, behalf=request.behalf)
    return By("staff" if request.office else "helper", request.person, request.office)


def _new_dossier(
    request: BookingRequest,
    details: Details,
    contact: Contact | None,
    held: BookingInfo,
    settings: Settings,
    home: str | None,
) -> NewDossier:
    return NewDossier(
        service=queries.PLUGIN,
        emitter=held.emitter,
        contact=contact,
        names=tuple(person.name for person in details.applicants),
        language=request.language,
        kept_days=settings.kept_days,
        person=None if request.for_others else request.account or request.person,
        phone=details.phone if request.for_others else None,
        home=home,
    )


async def _booked(dossier: DossierInfo) -> Booked:
    if dossier.visit is None:
        raise HoldGone
    until = dossier.visit.end + _LINK_LASTS
    # Whoever has not proved the contact is shown what they booked, and may not change it.
    if (await queries.appointment(dossier.id)).proved:
        shown = f"key={dossier_queries.link_key(dossier.id, until)}"
    else:
        shown = f"seen={queries.seen_key(dossier.id, until)}"
    link = f"/e/{dossier.slug}/idcard/visit/{dossier.id}?{shown}"
    return Booked(dossier=dossier.id, booking=dossier.visit.booking, reference=dossier.reference, link=link)


async def _alone(c: Connection, contact: Contact | None, applicants: Sequence[Applicant]) -> None:
    """Let nobody else book for the same contact or number meanwhile, so that what the limits count stays true."""
    digests = {queries.number_digest(person.number) for person in applicants if person.number}
    digests |= {contact.digest} if contact else set()
    # In one order for everyone, or two families would wait for one another.
    for digest in sorted(digests):
        await c.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(digest[:8], "big", signed=True))


async def _over_limits(contact: Contact, applicants: Sequence[Applicant], most: int, phone: str) -> list[Refusal]:
    live = await queries.live_people(await dossier_queries.open_of_contact(contact))
    return rules.limit_refusals(await _taken(applicants), live, len(applicants), most, phone)


async def _twice(applicants: Sequence[Applicant], phone: str) -> list[Refusal]:
    return rules.limit_refusals(await _taken(applicants), 0, 0, 0, phone)


async def _phone(place: PlaceInfo) -> str:
    """Whom to call: the place, its town hall, else whoever is behind that name."""
    return place.phone or (await territory.emitter(place.emitter)).phone or place.name


async def _taken(applicants: Sequence[Applicant], but: UUID | None = None) -> list[int]:
    live = await queries.live_numbers([person.number for person in applicants if person.number], but)
    return [index for index, person in enumerate(applicants) if person.number in live]


async def _looked_up(dossier: DossierInfo, person: Applicant) -> dict[str, Standing]:
    visit = dossier.visit
    if visit is None or visit.kind != rules.DEPOSIT or not person.number:
        return {}
    return await checks.look([person.number], (await territory.place(visit.place)).slug)


async def _correction_refusals(dossier: DossierInfo, booked: Applicant, after: Applicant) -> list[Refusal]:
    visit = dossier.visit
    if visit is not None and (begun := rules.changeable(visit.start, clock.now())):
        return [begun]
    if not rules.is_correction(booked, after):
        text = Text("This is another person. An appointment belongs to whoever booked it: cancel it and book again.")
        return [Refusal(ANOTHER_PERSON, text, "family")]
    if booked.number and not after.number:
        return [Refusal("number-missing", Text("Write the number: without one there is no appointment."), "number")]
    if await _taken([after], dossier.id):
        return [rules.booked_refusal("number")]
    return []


async def _write(c: Connection, dossier: UUID, kind: str, details: Details, proved: bool) -> None:
    sql = "INSERT INTO idcard.visit (dossier, kind, paper, booked_at, proved) VALUES ($1, $2, $3, $4, $5)"
    paper = (details.reason or Paper.CARD) if kind == rules.DEPOSIT else None
    await c.execute(sql, dossier, kind, paper, clock.now(), proved)
    sql = (
        "INSERT INTO idcard.applicant (id, dossier, position, age, situation, details, number_digest, live) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, true)"
    )
    for position, person in enumerate(details.applicants):
        await c.execute(sql, new_id(), dossier, position, person.age, person.situation, *_sealed(person))


async def _make_live(c: Connection, dossier: UUID) -> None:
    try:
        await c.execute("UPDATE idcard.applicant SET live = true WHERE dossier = $1", dossier)
    except asyncpg.UniqueViolationError as error:
        # Somebody booked with the same number since it was looked up.
        raise Refused(rules.booked_refusal("")) from error


async def _rewrite(c: Connection, dossier: UUID, position: int, person: Applicant, booked: Applicant) -> None:
    sql = "UPDATE idcard.applicant SET details = $3, number_digest = $4 WHERE dossier = $1 AND position = $2"
    await c.execute(sql, dossier, position, *_sealed(person, booked))


def _numbers(details: Details) -> list[str]:
    return [person.number for person in details.applicants if person.number]


def _sealed(person: Applicant, booked: Applicant | None = None) -> tuple[bytes, bytes | None]:
    told = {"given": person.given, "family": person.family, "number": person.number}
    if booked is not None:
        told |= {"booked-given": booked.given, "booked-family": booked.family, "booked-number": booked.number}
    digest = queries.number_digest(person.number) if person.number else None
    return crypto.encrypt(msgspec.json.encode(told), queries.DETAILS), digest


async def _place_of(calendar: UUID) -> str:
    found = await calendars.place_of(calendar)
    return (await territory.place(found)).name
