"""Writes of the calendars: hold, confirm, prolong, release, move, cancel an hour, and sweep what lapsed.

Each is one short critical section, also inside a caller's `transaction()`: whoever calls from one should do so last.
A transaction that claims several hours must claim them in the order of their days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock, crypto, settings
from parvis.calendars import days, freeing, rules
from parvis.calendars.claims import FREE_CELLS, TAKE_CELLS, Claim, Hour, take
from parvis.calendars.queries import BookingInfo, booking
from parvis.calendars.rush import take_soon
from parvis.calendars.slots import UnknownSlot
from parvis.db import Connection, connection, in_transaction, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.events import BookingCancelled, BookingConfirmed, BookingMoved, HoldLapsed
from parvis.outbox import record


class SlotFull(Conflict):
    """Nothing is left of this hour; others may be."""

    code = "slot-full"
    title = Text("This hour has just been taken. Please choose another one.")


class HoldGone(Conflict):
    """The hold lapsed, was given back, or is not this holder's."""

    code = "hold-lapsed"
    title = Text("The time to finish has run out, and this hour is free again. Please choose an hour.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An hour held until an instant (UTC). Whoever has `secret` may confirm, prolong or release it."""

    id: UUID
    secret: str
    calendar: UUID
    kind: str
    people: int
    start: datetime
    end: datetime
    until: datetime


async def hold(
    calendar: UUID, kind: str, start: datetime, people: int = 1, *, until: datetime | None = None, counter: bool = False
) -> Hold:
    """Hold an hour for so many people, until the settings' minutes from now if nothing else is said.

    `counter` is for agents: any free start, the counter's share, what was freed, kinds that are not online. One round
    trip; outside a transaction it is one by itself, in a rush shared with others. Raises SlotFull, UnknownSlot.
    """
    if start.timestamp() % rules.CELL.total_seconds() or people < 1:
        raise UnknownSlot
    hour, now = Hour(calendar, kind, start, people, counter), clock.now()
    until = until or now + settings.current().hold
    if not in_transaction():
        claim, taken = await take_soon(hour, now, until)
    else:
        async with connection() as c:
            claim = Claim(hour, now, until)
            taken = await take(c, claim)
    if counter and taken["cells"] is not None and taken["desk"] is None:
        return await _hold_freed(hour, taken["cells"], now, until)
    return held_by(claim, taken)


async def _hold_freed(hour: Hour, cells: int, now: datetime, until: datetime) -> Hold:
    """Agents need not wait until an hour that was freed goes back to the public."""
    async with transaction() as c:
        if not await freeing.clear(c, hour.calendar, hour.start, cells):
            raise SlotFull
        claim = Claim(hour, now, until)
        return held_by(claim, await take(c, claim))


def held_by(claim: Claim | None, taken: asyncpg.Record) -> Hold:
    """The hold that a claim came to. Raises UnknownSlot if nobody offers it, SlotFull if it is sold out."""
    if taken["cells"] is None:
        raise UnknownSlot
    if claim is None or taken["desk"] is None:
        raise SlotFull
    calendar, kind, start, people, _ = claim.hour
    return Hold(
        id=claim.id,
        secret=claim.secret,
        calendar=calendar,
        kind=kind,
        people=people,
        start=start,
        end=start + taken["cells"] * rules.CELL,
        until=claim.until,
    )


async def confirm(hold_id: UUID, secret: str, dossier: UUID | None = None, *, tell: bool = True) -> BookingInfo:
    """Turn a hold into a booking. Twice for the same dossier is once. Raises HoldGone.

    Without `tell` the person is not written to; so for `cancel` and `move`.
    """
    async with transaction() as c:
        sql = "SELECT state, hold_until, dossier FROM parvis.booking WHERE id = $1 AND secret = $2 FOR UPDATE"
        row = await c.fetchrow(sql, hold_id, crypto.digest(secret))
        if row is not None and row["state"] == "confirmed" and row["dossier"] == dossier:
            return await booking(hold_id)
        if row is None or row["state"] != "held" or row["hold_until"] <= clock.now():
            raise HoldGone
        await c.execute(
            "UPDATE parvis.booking SET state = 'confirmed', hold_until = NULL, dossier = $2 WHERE id = $1",
            hold_id,
            dossier,
        )
        confirmed = await booking(hold_id)
        await record(BookingConfirmed(**confirmed.fact, tell=tell))
        await days.tell([hold_id])
        return confirmed


async def extend(hold_id: UUID, secret: str) -> datetime:
    """Prolong a hold, once, to the settings' minutes after it was taken; until when. Raises HoldGone, Refused."""
    async with transaction() as c:
        row = await _own_hold(c, hold_id, secret)
        until = rules.extension(row["created"], row["hold_until"], row["extended"], settings.current().hold_extended)
        if isinstance(until, Refusal):
            raise Refused(until)
        await c.execute("UPDATE parvis.booking SET hold_until = $2, extended = true WHERE id = $1", hold_id, until)
        return until


async def release(hold_id: UUID, secret: str) -> None:
    """Give a hold back: its hour is free at once. Raises HoldGone."""
    async with transaction() as c:
        row = await _own_hold(c, hold_id, secret)
        await c.execute("DELETE FROM parvis.booking WHERE id = $1", hold_id)
        await c.execute(FREE_CELLS, *freeing.cells_of(row))


async def cancel(booking_id: UUID, *, tell: bool = True) -> BookingInfo:
    """Cancel a booking; its hour returns to the public after a random delay, at once if it is near.

    Twice is once. Raises NotFound, Refused once it has begun.
    """
    async with transaction() as c:
        row = await _locked(c, booking_id)
        if row["state"] == "confirmed":
            await c.execute("UPDATE parvis.booking SET state = 'cancelled' WHERE id = $1", booking_id)
            await freeing.give_back(c, row)
            cancelled = await booking(booking_id)
            await record(BookingCancelled(**cancelled.fact, tell=tell))
            await days.tell([booking_id])
            return cancelled
        return await booking(booking_id)


async def move(
    booking_id: UUID,
    calendar: UUID,
    start: datetime,
    *,
    people: int | None = None,
    counter: bool = False,
    freed: UUID | None = None,
    tell: bool = True,
) -> BookingInfo:
    """Move a booking to another hour or place; it keeps its id, and its hour until the new one is sure.

    `freed` is the id of the hour where it was kept back for this booking. Raises SlotFull or UnknownSlot (the booking
    stays as it was), NotFound, Refused once it has begun.
    """
    async with transaction() as c:
        row, before = await _movable(c, booking_id), await booking(booking_id)
        kept = await freeing.lock(c, freed) if freed else None
        await _lock_days(c, row, calendar, start)
        if freed:
            await freeing.release(c, kept)
        # Out of the way of its own new hour; nobody else can see it before we commit.
        await c.execute("UPDATE parvis.booking SET state = 'cancelled' WHERE id = $1", booking_id)
        await c.execute(FREE_CELLS, *freeing.cells_of(row))
        new = await hold(calendar, row["kind"], start, people or row["people"], counter=counter)
        taken = await _take_over(c, row, new.id)
        if freeing.waits(row) and not (taken["desk"] == row["desk"] and _overlap(taken, row)):
            await c.execute(TAKE_CELLS, *freeing.cells_of(row))
            await freeing.keep_back(c, row)
        return await _moved(before, tell)


async def move_to_hold(booking_id: UUID, hold_id: UUID, secret: str) -> BookingInfo:
    """Move a booking to an hour that its holder has held meanwhile. Raises HoldGone, NotFound, Refused."""
    async with transaction() as c:
        row, before = await _movable(c, booking_id), await booking(booking_id)
        await _own_hold(c, hold_id, secret)
        await c.execute("UPDATE parvis.booking SET state = 'cancelled' WHERE id = $1", booking_id)
        await freeing.give_back(c, row)
        await _take_over(c, row, hold_id)
        return await _moved(before)


async def sweep(limit: int = 500) -> int:
    """Give back what was held or kept until an instant now past, each in a transaction of its own; how many."""
    for done in range(limit):
        if not await _sweep_one():
            return done
    return limit


async def _sweep_one() -> bool:
    async with transaction() as c:
        sql = "SELECT id FROM parvis.booking WHERE hold_until <= $1 ORDER BY hold_until LIMIT 1 FOR UPDATE SKIP LOCKED"
        found = await c.fetchval(sql, clock.now())
        if found is None:
            return False
        lapsed = await booking(found)
        row = await c.fetchrow("DELETE FROM parvis.booking WHERE id = $1 RETURNING *", found)
        await c.execute(FREE_CELLS, *freeing.cells_of(row))
        if lapsed.state == "held":
            await record(HoldLapsed(**lapsed.fact))
        return True


async def _own_hold(c: Connection, hold_id: UUID, secret: str) -> asyncpg.Record:
    sql = "SELECT * FROM parvis.booking WHERE id = $1 AND secret = $2 AND state = 'held' FOR UPDATE"
    row = await c.fetchrow(sql, hold_id, crypto.digest(secret))
    if row is None or row["hold_until"] <= clock.now():
        raise HoldGone
    return row


async def _locked(c: Connection, booking_id: UUID) -> asyncpg.Record:
    sql = "SELECT *, lower(period) AS start FROM parvis.booking WHERE id = $1 AND state <> 'kept' FOR UPDATE"
    row = await c.fetchrow(sql, booking_id)
    if row is None:
        raise NotFound
    if row["state"] == "confirmed" and (refusal := rules.too_late(row["start"], clock.now())):
        raise Refused(refusal)
    return row


async def _movable(c: Connection, booking_id: UUID) -> asyncpg.Record:
    row = await _locked(c, booking_id)
    if row["state"] != "confirmed":
        raise Refused(Refusal("booking-not-live", Text("This appointment was cancelled. Please book a new one.")))
    return row


async def _lock_days(c: Connection, row: asyncpg.Record, calendar: UUID, start: datetime) -> None:
    # Everyone who needs several desk days locks them by day and desk, or two crossing moves would deadlock.
    sql = (
        "SELECT 1 FROM parvis.desk_day d "
        "JOIN parvis.desk k ON k.id = d.desk JOIN parvis.calendar c ON c.id = k.calendar "
        "WHERE (d.desk = $1 AND d.day = $2) OR (c.id = $3 AND d.day = ($4::timestamptz AT TIME ZONE c.zone)::date) "
        "ORDER BY d.day, d.desk FOR NO KEY UPDATE OF d"
    )
    await c.execute(sql, row["desk"], row["day"], calendar, start)


async def _take_over(c: Connection, row: asyncpg.Record, hold_id: UUID) -> asyncpg.Record:
    """Put a booking where a hold is, and remove the hold; the hold's cells stay taken."""
    new = await c.fetchrow("DELETE FROM parvis.booking WHERE id = $1 RETURNING *", hold_id)
    await c.execute(
        "UPDATE parvis.booking SET desk = $2, day = $3, cell = $4, cells = $5, period = $6, kind = $7, people = $8, "
        "sequence = sequence + 1, state = 'confirmed', outside = false WHERE id = $1",
        row["id"],
        *freeing.cells_of(new),
        new["period"],
        new["kind"],
        new["people"],
    )
    return new


async def _moved(before: BookingInfo, tell: bool = True) -> BookingInfo:
    moved = await booking(before.id)
    fact = BookingMoved(**moved.fact, previous_calendar=before.calendar, previous_start=before.start, tell=tell)
    await record(fact)
    await days.tell([moved.id])
    await days.tell_day(before.calendar, before.start.astimezone(ZoneInfo(before.zone)).date())
    return moved


def _overlap(one: asyncpg.Record, other: asyncpg.Record) -> bool:
    return bool(
        one["day"] == other["day"]
        and one["cell"] < other["cell"] + other["cells"]
        and other["cell"] < one["cell"] + one["cells"]
    )
