"""A desk falls out: its hours are closed from now on, everyone concerned is written to and chooses, others are called.

Nobody is moved without having chosen: their hour stays theirs, outside the opening hours by an agent's decision, until
they take another one, cancel, or the desk is back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock
from parvis.attendance import notices
from parvis.calendars import orphaned, saving, timetable_rows
from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.calendars.openings import Exceptional
from parvis.calendars.orphaned import Decision
from parvis.calendars.queries import BOOKING, BookingInfo, booking_of
from parvis.calendars.saving import Edit, RulesChanged, Undecided
from parvis.calendars.timetables import Special, Timetable
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text

_TRIES = 5
_Made = TypeVar("_Made")
# No place opens in the last cell of a day.
_LAST = time(23, 55)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What fell out: no desk named is the whole place. Instants are UTC."""

    id: UUID
    calendar: UUID
    desks: tuple[UUID, ...]
    since: datetime
    until: datetime
    reason: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """A visit that an outage concerns as it stands now; `start` is the hour it had, `told` that a message went out."""

    booking: BookingInfo
    start: datetime
    told: bool
    called_at: datetime | None

    @property
    def standing(self) -> str:
        """What was chosen: cancelled, moved, or nothing yet (called, waiting)."""
        if self.booking.state == "cancelled":
            return "cancelled"
        if self.booking.start != self.start:
            return "moved"
        return "called" if self.called_at else "waiting"


async def concerned(calendar: UUID, desks: Sequence[UUID], until: datetime) -> list[BookingInfo]:
    """The visits that begin from now on until an instant (UTC) at some desks of a calendar, none named is all."""
    sql = (
        f"{BOOKING} WHERE d.calendar = $1 AND ($2::uuid[] = '{{}}' OR b.desk = ANY ($2)) AND b.state = 'confirmed' "
        "AND lower(b.period) > $3 AND lower(b.period) < $4 ORDER BY lower(b.period), d.name"
    )
    async with connection() as c:
        rows = await c.fetch(sql, calendar, list(desks), clock.now(), until)
    return [booking_of(row) for row in rows]


async def declare(calendar: UUID, desks: Sequence[UUID], until: datetime, reason: str, person: UUID | None) -> UUID:
    """Close desks from now until an instant (UTC, whole cells) and write to everyone concerned; the outage's id.

    The same desks until the same instant are the same outage: twice is once. Raises Refused for an instant that is
    over, Conflict if the rules change all the time.
    """
    now = clock.now()
    if until <= now:
        raise Refused(Refusal("outage-over", Text("This time is over. Write a later one."), "until"))
    return await _despite_others(lambda: _declare(calendar, tuple(desks), now, until, reason, person))


async def end(outage: UUID, person: UUID | None) -> None:
    """The desks are back: their hours open again, and who has not chosen yet is told that their hour stands.

    Whose hour stays closed for another reason, another outage say, is not told. Twice is once. Raises NotFound,
    Conflict if the rules change all the time.
    """
    await _despite_others(lambda: _end(outage, person))


async def call(outage: UUID, booking: UUID, called: bool) -> None:
    """Note that somebody was called, or that they were not after all. Raises NotFound."""
    sql = "UPDATE parvis.outage_visit SET called_at = $3 WHERE outage = $1 AND booking = $2 RETURNING booking"
    async with transaction() as c:
        if await c.fetchval(sql, outage, booking, clock.now() if called else None) is None:
            raise NotFound


async def outage(outage_id: UUID) -> Outage:
    """One outage. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.outage WHERE id = $1", outage_id)
    if row is None:
        raise NotFound
    return _outage(row)


async def running(calendar: UUID) -> list[Outage]:
    """The outages of a calendar that are not over, the latest first."""
    sql = "SELECT * FROM parvis.outage WHERE calendar = $1 AND ended_at IS NULL AND until > $2 ORDER BY since DESC"
    async with connection() as c:
        return [_outage(row) for row in await c.fetch(sql, calendar, clock.now())]


async def of_booking(booking: UUID) -> Outage | None:
    """The running outage that a visit is concerned by and has not been moved from."""
    sql = (
        "SELECT o.* FROM parvis.outage o JOIN parvis.outage_visit v ON v.outage = o.id "
        "JOIN parvis.booking b ON b.id = v.booking WHERE v.booking = $1 AND o.ended_at IS NULL "
        "AND lower(b.period) = v.start ORDER BY o.since DESC LIMIT 1"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, booking)
    return _outage(row) if row else None


async def visits(outage_id: UUID) -> list[Concerned]:
    """Everyone an outage concerns, by the hour they had."""
    sql = "SELECT * FROM parvis.outage_visit WHERE outage = $1 ORDER BY start, booking"
    async with connection() as c:
        rows = {row["booking"]: row for row in await c.fetch(sql, outage_id)}
        found = {row["id"]: booking_of(row) for row in await c.fetch(f"{BOOKING} WHERE b.id = ANY ($1)", list(rows))}
    return [
        Concerned(booking=found[key], start=row["start"], told=row["told"], called_at=row["called_at"])
        for key, row in rows.items()
    ]


async def proposals(booking: BookingInfo) -> list[datetime]:
    """The free starts (UTC) nearest to a visit's hour at its own place, three at most."""
    timetable = (await timetable_rows.read(booking.calendar)).timetable
    return (await orphaned.proposals(timetable, [booking]))[booking.id]


async def _declare(
    calendar: UUID, desks: tuple[UUID, ...], now: datetime, until: datetime, reason: str, person: UUID | None
) -> UUID:
    async with transaction() as c:
        kept = await timetable_rows.read(calendar)
        # A second click; one at the same moment finds that the rules have changed, and looks here again.
        if known := [one for one in await running(calendar) if (one.desks, one.until) == (desks, until)]:
            return known[0].id
        specials = {new_id(): special for special in _closures(kept.timetable, desks, now, until, reason)}
        after = msgspec.structs.replace(kept.timetable, specials={**kept.timetable.specials, **specials})
        left = [orphan.booking.id for orphan in await orphaned.orphans(kept.timetable, after)]
        decisions: Mapping[UUID, Decision] = dict.fromkeys(left, Decision("keep"))
        await saving.save(_edit(calendar, kept.version, after, person), decisions)
        # Only now: nobody can book these hours any more, so that nobody is forgotten.
        here = await concerned(calendar, desks, until)
        outage_id = new_id()
        await c.execute(
            "INSERT INTO parvis.outage (id, calendar, desks, closures, since, until, reason, person) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            *(outage_id, calendar, list(desks), list(specials), now, until, reason, person),
        )
        asked = await _asked_already(c, here)
        for booking in here:
            told = booking.id in asked or await notices.tell_out(booking, reason)
            sql = "INSERT INTO parvis.outage_visit (outage, booking, start, told) VALUES ($1, $2, $3, $4)"
            await c.execute(sql, outage_id, booking.id, booking.start, told)
    return outage_id


async def _asked_already(c: Connection, here: Sequence[BookingInfo]) -> set[UUID]:
    """Whom another running outage has asked for another hour instead of the one they still have."""
    sql = (
        "SELECT v.booking, v.start FROM parvis.outage_visit v JOIN parvis.outage o ON o.id = v.outage "
        "WHERE v.booking = ANY ($1) AND v.told AND o.ended_at IS NULL"
    )
    starts = {booking.id: booking.start for booking in here}
    return {row["booking"] for row in await c.fetch(sql, list(starts)) if starts[row["booking"]] == row["start"]}


async def _end(outage_id: UUID, person: UUID | None) -> None:
    async with transaction() as c:
        row = await c.fetchrow("SELECT * FROM parvis.outage WHERE id = $1 FOR UPDATE", outage_id)
        if row is None:
            raise NotFound
        if row["ended_at"] is not None or row["until"] <= clock.now():
            return
        kept = await timetable_rows.read(row["calendar"])
        specials = {key: found for key, found in kept.timetable.specials.items() if key not in row["closures"]}
        after = msgspec.structs.replace(kept.timetable, specials=specials)
        # Those who wait are named so that their bookings are locked before their days, as everyone does.
        named = dict.fromkeys([booking.id for booking in await _staying(outage_id)], Decision("keep"))
        await saving.save(_edit(row["calendar"], kept.version, after, person), named)
        await c.execute("UPDATE parvis.outage SET ended_at = $2 WHERE id = $1", outage_id, clock.now())
        for booking in await _standing_again(c, after, await _staying(outage_id)):
            await notices.tell_back(booking)


async def _staying(outage_id: UUID) -> list[BookingInfo]:
    """Who still has the hour that fell out, and it is to come."""
    found = [visit.booking for visit in await visits(outage_id) if visit.standing in {"waiting", "called"}]
    return [booking for booking in found if booking.start > clock.now()]


async def _standing_again(c: Connection, timetable: Timetable, staying: Sequence[BookingInfo]) -> list[BookingInfo]:
    """Those whose hour the rules open again; for the others the decision that keeps them outside stays."""
    sql = "UPDATE parvis.booking SET outside = $2 WHERE id = ANY ($1)"
    ids = {booking.id for booking in staying}
    await c.execute(sql, list(ids), False)
    still = ids & {live.id for live in await orphaned.strays(c, timetable, timetable, clock.now())}
    await c.execute(sql, list(still), True)
    return [booking for booking in staying if booking.id not in still]


async def _despite_others(act: Callable[[], Awaitable[_Made]]) -> _Made:
    """Act again when somebody saved rules or booked at this very moment. Raises RulesChanged, Undecided."""
    for _ in range(_TRIES - 1):
        with suppress(RulesChanged, Undecided):
            return await act()
    return await act()


def _edit(calendar: UUID, base: int, proposed: Timetable, person: UUID | None) -> Edit:
    return Edit(calendar=calendar, base=base, proposed=proposed, sort="closure", by=person)


def _closures(
    timetable: Timetable, desks: tuple[UUID, ...], now: datetime, until: datetime, reason: str
) -> list[Special]:
    """The rest of today, the whole days between, the beginning of the last day; in the place's time."""
    zone = ZoneInfo(timetable.zone)
    begin, last = now.astimezone(zone), until.astimezone(zone)
    first, opens = begin.date(), time(begin.hour, begin.minute - begin.minute % CELL_MINUTES)
    if first == last.date():
        rules = [Exceptional("closed", first, first, opens, last.time())]
    else:
        between = (first + timedelta(days=1), last.date() - timedelta(days=1))
        rules = [Exceptional("closed", first, first, opens, _LAST)]
        rules += [Exceptional("closed", *between)] if between[0] <= between[1] else []
        rules += [Exceptional("closed", last.date(), last.date(), time(), last.time())] if last.time() > time() else []
    return [Special(rule=rule, desks=desks, reason=reason) for rule in rules]


def _outage(row: Mapping[str, object]) -> Outage:
    plain = {name: row[name] for name in ("id", "calendar", "since", "until", "reason", "ended_at")}
    return msgspec.convert(plain | {"desks": row["desks"]}, Outage)
