"""Writes of the attendance: take a step, undo it, take somebody in, tick what was brought, keep a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock, crypto
from parvis.attendance import rules
from parvis.attendance.queries import NOTE, hour_of, steps_of
from parvis.attendance.rules import Done, Standing, Step
from parvis.calendars import counter, days
from parvis.calendars.actions import confirm
from parvis.calendars.counter import HourGone
from parvis.calendars.queries import BookingInfo, booking
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text

_ADD = (
    "INSERT INTO parvis.attendance_step (id, booking, step, at, by, person, cells) VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_BATCH = 200


class Overtaken(Conflict):
    """Somebody else did something in the meantime."""

    code = "overtaken"
    title = Text("Somebody did something else with this visit in the meantime. Look at it again.")


@dataclass(frozen=True, slots=True)
class Who:
    """Who takes a step: resident, staff or system, and the account if there is one."""

    kind: str = "system"
    person: UUID | None = None


async def take(visit: UUID, step: Step, who: Who) -> None:
    """Take a step; again is the same. Raises Refused, NotFound.

    The rest of an hour goes back with `released` and `absent`, and returns to its visit when somebody arrives after
    all, if nobody else has it.
    """
    now = clock.now()
    async with transaction() as c:
        done, hour = await _locked(c, visit)
        found = rules.standing(done, hour, now)
        if found == Standing(step.value):
            return
        if refused := rules.refusal(found, step, hour, now):
            raise Refused(refused)
        if step in {Step.RELEASED, Step.ABSENT}:
            await _give_back(c, visit, step, who, now)
        elif found is Standing.RELEASED:
            await _take_back(c, visit, done[-1], who)
        if step is not Step.RELEASED:
            await _add(c, visit, step, who, now)
        await days.tell([visit])


async def arrive(visit: UUID, person: UUID | None) -> None:
    """A resident says by their own link that they are there; again is the same. Raises Refused, NotFound."""
    async with transaction() as c:
        done, hour = await _locked(c, visit)
        if refused := rules.resident_refusal(rules.standing(done, hour, clock.now()), hour, clock.now()):
            raise Refused(refused)
        await take(visit, Step.ARRIVED, Who("resident", person))


async def undo(step: UUID, who: Who) -> UUID:
    """Undo the last step of a visit, with what was done in the same go; the visit. Again is the same.

    Undoing the arrival of somebody who had no appointment takes the hour away again. Raises Overtaken if it is not
    the last one any more, HourGone if the hour it gave back was taken, NotFound.
    """
    async with transaction() as c:
        row = await c.fetchrow("SELECT booking, undone_at FROM parvis.attendance_step WHERE id = $1", step)
        if row is None:
            raise NotFound
        visit: UUID = row["booking"]
        done, _ = await _locked(c, visit)
        if all(one.id != step for one in done):
            return visit
        last = rules.together(done)
        if all(one.id != step for one in last):
            raise Overtaken
        for one in last:
            await _undo(c, visit, one, who)
        if len(last) == len(done):
            await _withdraw_walk_in(visit)
        await days.tell([visit])
    return visit


async def walk_in(calendar: UUID, kind: str, people: int, who: Who) -> BookingInfo:
    """Take somebody in who has no appointment: the soonest free hour of today. Not inside a transaction.

    Raises NothingToday, UnknownSlot.
    """
    held = await counter.hold_soonest(calendar, kind, people)
    async with transaction() as c:
        taken = await confirm(held.id, held.secret)
        await _add(c, taken.id, Step.ARRIVED, who, clock.now())
    return taken


async def tick(visit: UUID, items: Sequence[str]) -> None:
    """Say which things were brought; those not named were not. Erased with the day."""
    sql = (
        "INSERT INTO parvis.attendance_sheet (booking, day, ticks) VALUES ($1, $2, $3) "
        "ON CONFLICT (booking) DO UPDATE SET ticks = excluded.ticks, day = excluded.day"
    )
    async with transaction() as c:
        await c.execute(sql, visit, await _day(visit), sorted({item[:60] for item in items}))
        await days.tell([visit])


async def write_note(visit: UUID, text: str) -> None:
    """Keep a note of one line until the day is over; an empty one removes it. Raises Refused if it is too long."""
    tidy = rules.noted(text)
    if isinstance(tidy, Refusal):
        raise Refused(tidy)
    sql = (
        "INSERT INTO parvis.attendance_sheet (booking, day, note) VALUES ($1, $2, $3) "
        "ON CONFLICT (booking) DO UPDATE SET note = excluded.note, day = excluded.day"
    )
    sealed = crypto.encrypt(tidy.encode(), NOTE) if tidy else None
    async with transaction() as c:
        await c.execute(sql, visit, await _day(visit), sealed)
        await days.tell([visit])


async def release_after(calendar: UUID, minutes: int | None) -> None:
    """Give the rest of an hour back when nobody came for so many minutes (5 to 120); None never does."""
    keep = (
        "INSERT INTO parvis.attendance_setting (calendar, release_minutes) VALUES ($1, $2) "
        "ON CONFLICT (calendar) DO UPDATE SET release_minutes = excluded.release_minutes"
    )
    async with transaction() as c:
        if minutes is None:
            await c.execute("DELETE FROM parvis.attendance_setting WHERE calendar = $1", calendar)
        else:
            await c.execute(keep, calendar, minutes)


async def release_late() -> int:
    """Give the rest of the hours back that nobody came to for the calendar's minutes; how many."""
    sql = (
        "SELECT b.id FROM parvis.attendance_setting s JOIN parvis.desk d ON d.calendar = s.calendar "
        "JOIN parvis.booking b ON b.desk = d.id WHERE b.state = 'confirmed' AND b.period @> $1::timestamptz "
        "AND lower(b.period) + make_interval(mins => s.release_minutes) <= $1 AND NOT EXISTS "
        "(SELECT FROM parvis.attendance_step t WHERE t.booking = b.id AND t.undone_at IS NULL) LIMIT $2"
    )
    async with connection() as c:
        due = await c.fetch(sql, clock.now(), _BATCH)
    return sum([await _released(row["id"]) for row in due])


async def erase_sheets(before: date) -> int:
    """Erase what was written down for the days before one; how many sheets."""
    async with transaction() as c:
        return len(await c.fetch("DELETE FROM parvis.attendance_sheet WHERE day < $1 RETURNING booking", before))


async def _released(visit: UUID) -> bool:
    try:
        await take(visit, Step.RELEASED, Who())
    except (Refused, NotFound):
        # Somebody arrived or cancelled in the same moment.
        return False
    return True


async def _locked(c: Connection, visit: UUID) -> tuple[list[Done], rules.Hour]:
    """The steps of a visit and its hour, so that nobody else takes a step meanwhile. Raises NotFound."""
    await c.execute("SELECT 1 FROM parvis.booking WHERE id = $1 FOR UPDATE", visit)
    return await steps_of(visit), await hour_of(visit)


async def _add(c: Connection, visit: UUID, step: Step, who: Who, at: datetime, cells: int | None = None) -> None:
    await c.execute(_ADD, new_id(), visit, step.value, at, who.kind, who.person, cells)


async def _give_back(c: Connection, visit: UUID, step: Step, who: Who, at: datetime) -> None:
    cells = await counter.cut_short(visit, at)
    if cells:
        await _add(c, visit, Step.RELEASED, who, at, cells)
    elif step is Step.RELEASED:
        raise Refused(Refusal("nothing-left", Text("Nothing of this hour is left to be given back.")))


async def _take_back(c: Connection, visit: UUID, released: Done, who: Who) -> None:
    try:
        await _undo(c, visit, released, who)
    except HourGone:
        # They are here all the same: the agents see that the hour is shorter.
        return


async def _undo(c: Connection, visit: UUID, done: Done, who: Who) -> None:
    if done.cells is not None:
        await counter.make_whole(visit, done.cells)
    sql = "UPDATE parvis.attendance_step SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at IS NULL"
    await c.execute(sql, done.id, clock.now(), who.person)


async def _withdraw_walk_in(visit: UUID) -> None:
    if (await booking(visit)).dossier is None:
        await counter.withdraw(visit)


async def _day(visit: UUID) -> date:
    found = await booking(visit)
    return found.start.astimezone(ZoneInfo(found.zone)).date()
