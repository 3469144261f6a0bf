"""What only staff does with an hour: give back the rest of one that nobody came to, undo, take somebody in at once.

An hour that runs is no longer the public's to change; here it still is, as its desk is in sight of who acts.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock
from parvis.calendars import days, queries
from parvis.calendars.actions import Hold, SlotFull, hold
from parvis.calendars.bitmaps import cells_of, fitting
from parvis.calendars.claims import FREE_CELLS, RETAKE_CELLS
from parvis.calendars.grids import bits_of
from parvis.calendars.queries import BookingInfo
from parvis.calendars.rules import CELL, cell_of, cells_needed, instant_of, too_late
from parvis.calendars.slots import UnknownSlot
from parvis.db import Connection, connection, in_transaction, transaction
from parvis.errors import Conflict, NotFound, Refused, Text
from parvis.events import BookingCancelled, BookingRestored
from parvis.outbox import record

_TRIES = 20


class NothingToday(Conflict):
    """No desk is free any more today for so long a visit."""

    code = "nothing-today"
    title = Text("No desk is free any more today for this. Book another day.")


class HourGone(SlotFull):
    """The hour, or a part of it, was given to somebody else meanwhile."""

    code = "hour-gone"
    title = Text("This hour, or the rest of it, was given to somebody else in the meantime.")


async def hold_soonest(calendar: UUID, kind: str, people: int = 1) -> Hold:
    """Hold the soonest free hour of today, the running cell's first, for somebody who is there without one.

    Not inside a transaction: a try that failed would keep its desk locked while the next one waits for another's.
    Raises NothingToday, UnknownSlot.
    """
    if in_transaction():
        raise RuntimeError("hold_soonest() tries several hours: call it outside a transaction")
    for _ in range(_TRIES):
        start = await _soonest(calendar, kind, people)
        with suppress(SlotFull):
            return await hold(calendar, kind, start, people, counter=True)
    raise NothingToday


async def cut_short(booking: UUID, at: datetime) -> int:
    """Give back the cells of a booking from an instant on (UTC), at least the first one stays; how many it had.

    Nothing happens to one that is over by then, or not confirmed: 0. Raises NotFound.
    """
    async with transaction() as c:
        row = await _locked(c, booking)
        left = max(-(-(at - row["start"]) // CELL), 1)
        if row["state"] != "confirmed" or left >= row["cells"]:
            return 0
        await _set_length(c, row, left)
        await c.execute(FREE_CELLS, row["desk"], row["day"], row["cell"] + left, row["cells"] - left)
        await days.tell([booking])
        return int(row["cells"])


async def make_whole(booking: UUID, cells: int) -> None:
    """Take back what `cut_short` gave, up to the `cells` it had. Raises HourGone if somebody else has it, NotFound."""
    async with transaction() as c:
        row = await _locked(c, booking)
        if row["state"] == "confirmed" and row["cells"] < cells:
            await _retake(c, row, row["cell"] + row["cells"], cells - row["cells"])
            await _set_length(c, row, cells)
            await days.tell([booking])


async def withdraw(booking: UUID) -> None:
    """Cancel a booking that may have begun: its cells are free at once. Twice is once. Raises NotFound."""
    async with transaction() as c:
        row = await _locked(c, booking)
        if row["state"] != "confirmed":
            return
        await c.execute("UPDATE parvis.booking SET state = 'cancelled' WHERE id = $1", booking)
        await c.execute(FREE_CELLS, row["desk"], row["day"], row["cell"], row["cells"])
        await record(BookingCancelled(**(await queries.booking(booking)).fact))
        await days.tell([booking])


async def restore(booking: UUID, *, tell: bool = True) -> BookingInfo:
    """Undo a cancellation while the hour is still there: kept back, or free; the person is written to if `tell`.

    Raises HourGone, NotFound, Refused once it would have begun.
    """
    async with transaction() as c:
        row = await _locked(c, booking)
        if row["state"] == "cancelled":
            if refusal := too_late(row["start"], clock.now()):
                raise Refused(refusal)
            # Kept back since it was cancelled: its cells are taken already.
            kept = "DELETE FROM parvis.booking WHERE desk = $1 AND period = $2 AND state = 'kept' "
            kept += "AND NOT promised RETURNING id"
            if await c.fetchval(kept, row["desk"], row["period"]) is None:
                await _retake(c, row, row["cell"], row["cells"])
            await c.execute("UPDATE parvis.booking SET state = 'confirmed' WHERE id = $1", booking)
            await record(BookingRestored(**(await queries.booking(booking)).fact, tell=tell))
            await days.tell([booking])
        return await queries.booking(booking)


async def _soonest(calendar: UUID, kind: str, people: int) -> datetime:
    sql = (
        "SELECT c.zone, k.minutes_first, k.minutes_further FROM parvis.calendar c "
        "JOIN parvis.calendar_kind k ON k.calendar = c.id WHERE c.id = $1 AND k.kind = $2"
    )
    days_sql = (
        "SELECT d.opens, d.free FROM parvis.desk_day d JOIN parvis.desk k ON k.id = d.desk "
        "WHERE k.calendar = $1 AND d.day = $2 AND k.active AND (k.kinds = '{}' OR $3 = ANY (k.kinds))"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, calendar, kind)
        if row is None or people < 1:
            raise UnknownSlot
        zone = ZoneInfo(row["zone"])
        day, cell = cell_of(clock.now(), zone)
        free = [bits_of(found, "free") for found in await c.fetch(days_sql, calendar, day, kind)]
    needed = cells_needed(row["minutes_first"], row["minutes_further"], people)
    starts = [at for bits in free for at in cells_of(fitting(bits, needed)) if at >= cell]
    if not starts:
        raise NothingToday
    return instant_of(day, min(starts), zone)


async def _locked(c: Connection, booking: UUID) -> asyncpg.Record:
    sql = (
        "SELECT *, lower(period) AS start FROM parvis.booking WHERE id = $1 AND state IN ('confirmed', 'cancelled') "
        "FOR UPDATE"
    )
    row = await c.fetchrow(sql, booking)
    if row is None:
        raise NotFound
    return row


async def _retake(c: Connection, row: asyncpg.Record, cell: int, cells: int) -> None:
    # What lies outside the opening hours has no free bit; there the exclusion constraint decides.
    if await c.fetchval(RETAKE_CELLS, row["desk"], row["day"], cell, cells) is None:
        raise HourGone


async def _set_length(c: Connection, row: asyncpg.Record, cells: int) -> None:
    period = asyncpg.Range(row["start"], row["start"] + cells * CELL)
    try:
        await c.execute("UPDATE parvis.booking SET cells = $2, period = $3 WHERE id = $1", row["id"], cells, period)
    except asyncpg.ExclusionViolationError as error:
        raise HourGone from error
