"""A desk falls out: its hours are closed from now on, everyone concerned is written to and chooses, others are called.

Nobody is moved without having chosen: their hour stays theirs, outside the opening hours by an agent's decision, until
they take another one, cancel, or the desk is back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
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
from parvis.calendars.saving import Edit, RulesChanged
from parvis.calendars.timetables import Special, Timetable
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text

_TRIES = 5
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

    Raises Refused for an instant that is over, Conflict if the rules change all the time.
    """
    now = clock.now()
    if until <= now:
        raise Refused(Refusal("outage-over", Text("This time is over. Write a later one."), "until"))
    for _ in range(_TRIES):
        try:
            return await _declare(calendar, tuple(desks), now, until, reason, person)
        except RulesChanged:
            # Another agent saved at this very moment; a closure goes with whatever they changed.
            continue
    raise RulesChanged


async def end(outage: UUID, person: UUID | None) -> None:
    """The desks are back: their hours open again, and who has not chosen yet is told that their hour stands.

    Twice is once. Raises NotFound.
    """
    async with transaction() as c:
        row = await c.fetchrow("SELECT * FROM parvis.outage WHERE id = $1 FOR UPDATE", outage)
        if row is None:
            raise NotFound
        if row["ended_at"] is not None or row["until"] <= clock.now():
            return
        kept = await timetable_rows.read(row["calendar"])
        specials = {key: found for key, found in kept.timetable.specials.items() if key not in row["closures"]}
        after = msgspec.structs.replace(kept.timetable, specials=specials)
        await saving.save(_edit(row["calendar"], kept.version, after, person), {})
        await c.execute("UPDATE parvis.outage SET ended_at = $2 WHERE id = $1", outage, clock.now())
        stay = [found.booking for found in await visits(outage) if found.standing in {"waiting", "called"}]
        await c.execute(
            "UPDATE parvis.booking SET outside = false WHERE id = ANY ($1)", [booking.id for booking in stay]
        )
        for booking in stay:
            await notices.tell_back(booking)


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
        specials = {new_id(): special for special in _closures(kept.timetable, desks, now, until, reason)}
        after = msgspec.structs.replace(kept.timetable, specials={**kept.timetable.specials, **specials})
        here = await concerned(calendar, desks, until)
        left = [orphan.booking.id for orphan in await orphaned.orphans(kept.timetable, after)]
        decisions: Mapping[UUID, Decision] = dict.fromkeys(left, Decision("keep"))
        await saving.save(_edit(calendar, kept.version, after, person), decisions)
        outage_id = new_id()
        await c.execute(
            "INSERT INTO parvis.outage (id, calendar, desks, closures, since, until, reason, person) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            *(outage_id, calendar, list(desks), list(specials), now, until, reason, person),
        )
        for booking in here:
            told = await notices.tell_out(booking, reason)
            sql = "INSERT INTO parvis.outage_visit (outage, booking, start, told) VALUES ($1, $2, $3, $4)"
            await c.execute(sql, outage_id, booking.id, booking.start, told)
    return outage_id


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
