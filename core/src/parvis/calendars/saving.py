"""Saving a changed timetable: rows, desk days, history and feed in one transaction, and no appointment forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock
from parvis.calendars import checks, days, grids, history, timetable_rows, timetables
from parvis.calendars.grids import DeskDay, Live
from parvis.calendars.openings import DayGrid
from parvis.calendars.orphaned import Decision, strays
from parvis.calendars.queries import booking
from parvis.calendars.timetable_rows import Kept
from parvis.calendars.timetables import Timetable
from parvis.db import Connection, transaction
from parvis.errors import Conflict, Refusal, Refused, Text
from parvis.events import HoldLapsed
from parvis.outbox import record

_TRIES = 5


class RulesChanged(Conflict):
    """Somebody else changed the rules since they were shown."""

    code = "rules-changed"
    title = Text("Somebody else changed these rules in the meantime.")


class Undecided(Conflict):
    """The change leaves out appointments about which nobody has decided yet."""

    code = "orphans-undecided"
    title = Text("Decide first what becomes of the appointments that this leaves out.")

    def __init__(self, bookings: Sequence[UUID]) -> None:
        super().__init__()
        self.bookings = bookings


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change that somebody wants to make: the version they saw, and what the rules should be.

    `sort` says what kind of change it is, for the history; `undoes` the version of the change it takes back.
    """

    calendar: UUID
    base: int
    proposed: Timetable
    sort: str
    by: UUID | None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of it: the version, and the orphans among the decided bookings, which their owner has yet to settle."""

    version: int
    settled: frozenset[UUID]


async def save(edit: Edit, decisions: Mapping[UUID, Decision]) -> Saved:
    """Save a change, all or nothing. Those decided to be kept stay where they are; holds left out are given back.

    Whoever decided that others move or are cancelled does it in the same transaction, afterwards, having locked
    their dossiers before. Raises RulesChanged, Undecided, Refused, NotFound.
    """
    for _ in range(_TRIES):
        try:
            return await _save(edit, decisions)
        except _Busy:
            # Somebody was confirming or giving back one of the hours at this very moment.
            continue
    raise Conflict(Text("These hours are being booked at this moment. Please try again."))


class _Busy(Exception):
    """A hold that has to go is in somebody's hands."""


async def _save(edit: Edit, decisions: Mapping[UUID, Decision]) -> Saved:
    async with transaction() as c:
        await timetable_rows.lock(c, edit.calendar)
        kept = await timetable_rows.read(edit.calendar)
        after = _with_every_desk(kept.timetable, edit.proposed)
        await _refuse(c, edit, kept, after)
        if after == kept.timetable:
            return Saved(kept.version, frozenset())
        now = clock.now()
        plan = timetables.plan(after, now)
        wanted = await grids.unlike(c, plan, after.desks, await grids.days_of(edit.calendar, plan))
        await _lock(c, wanted, after, decisions)
        settled = await _settle(c, kept.timetable, after, decisions, now)
        await timetable_rows.write(c, edit.calendar, kept.timetable, after)
        await grids.write(c, wanted, await grids.live_on(c, wanted))
        await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES ($1)", edit.calendar)
        await days.tell_days(edit.calendar, {day for _, day in wanted})
        await history.record(
            c,
            edit.calendar,
            kept.version + 1,
            at=now,
            person=edit.by,
            sort=edit.sort,
            undoes=edit.undoes,
            before=kept.timetable,
            after=after,
        )
    return Saved(kept.version + 1, settled)


def _with_every_desk(before: Timetable, after: Timetable) -> Timetable:
    """A desk that is no longer there stays, out of use: its past appointments are its own."""
    gone = {
        desk: msgspec.structs.replace(found, active=False)
        for desk, found in before.desks.items()
        if desk not in after.desks
    }
    return msgspec.structs.replace(after, desks={**after.desks, **gone}) if gone else after


async def _refuse(c: Connection, edit: Edit, kept: Kept, after: Timetable) -> None:
    if kept.version != edit.base:
        raise RulesChanged
    refusals = checks.refusals(after)
    refusals += await _kinds_awaited(c, kept.timetable, after)
    if refusals:
        raise Refused(refusals)


async def _kinds_awaited(c: Connection, before: Timetable, after: Timetable) -> list[Refusal]:
    """A kind with appointments to come stays: they could be neither shown nor moved."""
    sql = (
        "SELECT count(*) FROM parvis.booking WHERE desk = ANY ($1) AND kind = ANY ($2) "
        "AND state IN ('held', 'confirmed') AND upper(period) > $3"
    )
    gone = [kind for kind in before.kinds if kind not in after.kinds]
    coming = await c.fetchval(sql, list(before.desks), gone, clock.now())
    if not coming:
        return []
    text = Text(
        "{n} appointments of this kind are to come. Take it off the site first, then let them pass.", {"n": coming}
    )
    return [Refusal("kind-awaited", text, "offered")]


async def _lock(
    c: Connection, wanted: Mapping[DeskDay, DayGrid], after: Timetable, decisions: Mapping[UUID, Decision]
) -> None:
    """Bookings before desk days, as everyone does: those that will move or be cancelled, then all days concerned."""
    sql = "SELECT desk, day FROM parvis.booking WHERE id = ANY ($1) ORDER BY id FOR UPDATE"
    own = {(row["desk"], row["day"]) for row in await c.fetch(sql, list(decisions))}
    zone = ZoneInfo(after.zone)
    starts = {decision.start.astimezone(zone).date() for decision in decisions.values() if decision.start}
    await grids.lock_days(c, {*wanted, *own, *((desk, day) for desk in after.desks for day in starts)})


async def _settle(
    c: Connection, before: Timetable, after: Timetable, decisions: Mapping[UUID, Decision], now: datetime
) -> frozenset[UUID]:
    """Keep what is decided to stay, give holds back; the bookings left out. Raises Undecided."""
    left = await strays(c, before, after, now)
    booked = [live.id for live in left if live.state == "confirmed"]
    if undecided := [found for found in booked if found not in decisions]:
        raise Undecided(undecided)
    kept = [found for found in booked if decisions[found].what == "keep"]
    await c.execute("UPDATE parvis.booking SET outside = true WHERE id = ANY ($1)", kept)
    await _give_back(c, [live for live in left if live.state == "held"])
    return frozenset(booked)


async def _give_back(c: Connection, holds: Sequence[Live]) -> None:
    # Not waited for: whoever gives one back or confirms it has locked it, and wants the day that we have locked.
    sql = "SELECT id FROM parvis.booking WHERE id = ANY ($1) AND state = 'held' FOR UPDATE SKIP LOCKED"
    free = [row["id"] for row in await c.fetch(sql, [live.id for live in holds])]
    if len(free) < len(holds):
        raise _Busy
    for hold in free:
        await record(HoldLapsed(**(await booking(hold)).fact))
    await c.execute("DELETE FROM parvis.booking WHERE id = ANY ($1)", free)
