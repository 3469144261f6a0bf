"""Asking for an earlier hour, taking one, saying no, and stopping it. Each is safe to repeat."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars import freeing
from parvis.calendars import queries as calendars
from parvis.calendars.actions import SlotFull
from parvis.calendars.slots import UnknownSlot
from parvis.db import Connection, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo
from parvis.earlier import offering, queries, rules
from parvis.earlier.queries import Offer, offer_of
from parvis.earlier.rules import Wish
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.territory import queries as territory


class OfferGone(Conflict):
    """The time to answer is over, or the hour is no longer there."""

    code = "offer-gone"
    title = Text("The time to answer is over, and this hour was proposed to somebody else. Yours stands as it was.")


async def ask(found: DossierInfo, wish: Wish, by: By) -> None:
    """Look for an earlier hour from now on; who asks again waits anew. Raises Refused, one refusal a field."""
    async with transaction() as c:
        # One asking after the other, and none while an hour is proposed.
        await c.execute("SELECT 1 FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE", found.id)
        if refusals := await _refusals(found, wish):
            raise Refused(refusals)
        sql = (
            "INSERT INTO parvis.earlier_wish "
            "(dossier, calendars, weekdays, not_before, not_after, last_day, asked_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) "
            "ON CONFLICT (dossier) DO UPDATE SET calendars = excluded.calendars, weekdays = excluded.weekdays, "
            "not_before = excluded.not_before, not_after = excluded.not_after, last_day = excluded.last_day, "
            "asked_at = excluded.asked_at, ended_at = NULL, ended = NULL"
        )
        hours = (wish.not_before, wish.not_after, wish.last_day)
        await c.execute(sql, found.id, list(wish.calendars), list(wish.weekdays), *hours, clock.now())
        await dossiers.note(found.id, "earlier.asked", by)


async def stop(dossier: UUID, by: By) -> None:
    """Propose nothing more; an hour that waits for an answer goes to the next. Twice is once."""
    async with transaction() as c:
        offer = await _pending(c, dossier)
        sql = (
            "UPDATE parvis.earlier_wish SET ended_at = $2, ended = 'stopped' WHERE dossier = $1 AND ended_at IS NULL "
            "RETURNING dossier"
        )
        if await c.fetchval(sql, dossier, clock.now()) is not None:
            await dossiers.note(dossier, "earlier.stopped", by)
        if offer:
            await offering.pass_on(c, offer, "declined")


async def decline(dossier: UUID) -> bool:
    """Say no to the hour that is proposed now; whether somebody else is asked at once. Twice is once."""
    async with transaction() as c:
        offer = await _pending(c, dossier)
        return offer is not None and await offering.pass_on(c, offer, "declined")


async def accept(offer_id: UUID, dossier: UUID, by: By) -> None:
    """Take the hour that was proposed; the later one is kept until it is sure. Twice is once.

    Raises OfferGone (the appointment stands as it was), Refused once the appointment has begun.
    """
    async with transaction() as c:
        # The dossier first, then what hangs on it: the order in which everyone locks them.
        await c.execute("SELECT 1 FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE", dossier)
        sql = "SELECT * FROM parvis.earlier_offer WHERE id = $1 AND dossier = $2 FOR UPDATE"
        row = await c.fetchrow(sql, offer_id, dossier)
        if row is not None and row["outcome"] == "accepted":
            return
        if row is None or row["outcome"] or row["until"] <= clock.now():
            raise OfferGone
        await _take(offer_of(row), by)
        await offering.end_offer(c, offer_id, "accepted")
        await offering.end_wish(c, dossier, "accepted")


async def _take(offer: Offer, by: By) -> None:
    place = await territory.place(await calendars.place_of(offer.calendar))
    try:
        await freeing.hour(offer.hour)
        await dossiers.move_visit(
            offer.dossier, offer.calendar, offer.start, place.name, by, counter=True, freed=offer.hour
        )
    except (SlotFull, UnknownSlot, NotFound) as error:
        raise OfferGone from error


async def _pending(c: Connection, dossier: UUID) -> Offer | None:
    await c.execute("SELECT 1 FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE", dossier)
    sql = "SELECT * FROM parvis.earlier_offer WHERE dossier = $1 AND outcome IS NULL FOR UPDATE"
    row = await c.fetchrow(sql, dossier)
    return offer_of(row) if row else None


async def _refusals(found: DossierInfo, wish: Wish) -> list[Refusal]:
    visit = found.visit
    if visit is None or not visit.live:
        return [Refusal("no-visit", Text("This appointment was cancelled, or is over."))]
    if found.contact is None:
        return [Refusal("no-contact", Text("Nobody can be written to for this appointment: there is no contact."))]
    if await queries.answer_time(found.service, found.emitter) is None:
        return [Refusal("not-offered", Text("Earlier hours are not proposed here."))]
    zone = ZoneInfo((await calendars.booking(visit.booking)).zone)
    offered = [choice.calendar for choice in await queries.choices(visit.booking)]
    known = await queries.asked(found.id)
    now = clock.now().astimezone(zone)
    return rules.refusals(wish, offered, visit.start.astimezone(zone), now, known.offers if known else 0)
