"""Saving rules that change a year of six desks, against rebuilding a table with a row for each hour."""

from __future__ import annotations

import time as watch
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from benchmarks.ground import SHORT, Size, seeded
from benchmarks.measure import Line, middle_time, ratio_of, rounds, spread
from parvis import clock
from parvis.calendars import actions, grids, planning, proofs, saving, timetable_rows, timetables
from parvis.calendars.bitmaps import CELL_MINUTES, cells_of, fitting, marks
from parvis.calendars.openings import Weekly
from parvis.calendars.rules import instant_of
from parvis.calendars.saving import Edit
from parvis.calendars.timetables import Timetable
from parvis.db import Connection, close_pool, connection, open_pool, transaction
from parvis.db.cluster import Cluster

_DESKS, _DAYS, _FEWER_DAYS, _BOOKED = 6, 365, 28, 1_000
_MINUTES = 20
_HOURS = ((time(9), time(12)), (time(13, 30), time(17)))
_LONGER = ((time(9), time(12)), (time(13, 30), time(18)))
_TABLE = "CREATE TABLE public.hour (desk uuid, start timestamptz, free boolean NOT NULL, PRIMARY KEY (desk, start))"
_REMOVE = "DELETE FROM public.hour WHERE free AND start >= $1"
_ADD = "INSERT INTO public.hour (desk, start, free) VALUES ($1, $2, true) ON CONFLICT DO NOTHING"
_TAKE = "INSERT INTO public.hour SELECT desk, lower(period), false FROM parvis.booking"

# A desk and the start of one of its hours.
_Hour: TypeAlias = tuple[UUID, datetime]
_Add: TypeAlias = Callable[[Connection, Sequence[_Hour]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Ground:
    """A calendar, its two weeks in turn, and the hours that each opens."""

    calendar: UUID
    weeks: tuple[Timetable, Timetable]
    hours: tuple[list[_Hour], list[_Hour]]


async def rules_lines(cluster: Cluster, before: str, size: Size, times: int) -> list[Line]:
    """Milliseconds for another closing time on every working day; the pool goes back to the database of `before`."""
    url = await seeded(cluster, Size("rules", 1, 1))
    await close_pool()
    await open_pool(url)
    try:
        return await _measure(await _ground(_FEWER_DAYS if size is SHORT else _DAYS), times)
    finally:
        await close_pool()
        await open_pool(before, size=16)


async def _measure(ground: _Ground, times: int) -> list[Line]:
    async def saved(turn: int) -> float:
        version = (await timetable_rows.read(ground.calendar)).version
        edit = Edit(calendar=ground.calendar, base=version, proposed=ground.weeks[(turn + 1) % 2], sort="desk", by=None)
        began = watch.perf_counter()
        await saving.save(edit, {})
        return watch.perf_counter() - began

    found = await rounds(
        {
            "one by one": lambda turn: _rebuild(ground.hours[(turn + 1) % 2], _one_by_one),
            "pipelined": lambda turn: _rebuild(ground.hours[(turn + 1) % 2], _pipelined),
            "saved": saved,
        },
        times,
    )
    if await proofs.unlike_rules(ground.calendar) or await proofs.unlike_bookings():
        raise RuntimeError("What was saved is not what the rules open.")
    hours = f"{max(map(len, ground.hours)):,} hours, {_BOOKED:,} of them taken"
    return [
        _line(f"one INSERT an hour, {hours} ÷ saving the rules (time)", "10", found["one by one"], found["saved"]),
        _line(
            "the same INSERTs sent without waiting ÷ saving the rules (time)", "–", found["pipelined"], found["saved"]
        ),
    ]


def _line(figure: str, floor: str, theirs: list[float], ours: list[float]) -> Line:
    took = middle_time(ours), middle_time(theirs)
    return Line(figure, floor, "–", ratio_of(theirs, ours), *took, spread(ours), spread(theirs))


async def _rebuild(hours: Sequence[_Hour], add: _Add) -> float:
    """Seconds to take away what is free and add what is open, in one transaction; that it was worked out is given."""
    began = watch.perf_counter()
    async with transaction() as c:
        await c.execute(_REMOVE, clock.now())
        await add(c, hours)
    return watch.perf_counter() - began


async def _one_by_one(c: Connection, hours: Sequence[_Hour]) -> None:
    statement = await c.prepare(_ADD)
    for hour in hours:
        await statement.fetch(*hour)


async def _pipelined(c: Connection, hours: Sequence[_Hour]) -> None:
    await c.executemany(_ADD, hours)


async def _ground(days: int) -> _Ground:
    async with connection() as c:
        place = await c.fetchval("SELECT id FROM parvis.place LIMIT 1")
    calendar = await planning.add_calendar(place, "rules", horizon_days=days, counter_percent=0)
    await planning.offer(calendar, "deposit", _MINUTES)
    for number in range(_DESKS):
        await planning.add_desk(calendar, f"Desk {number + 1}", _weekly(_HOURS))
    await grids.open_days(calendar)
    usual = (await timetable_rows.read(calendar)).timetable
    weeks = usual, _with(usual, _weekly(_LONGER))
    hours = _hours_of(weeks[0]), _hours_of(weeks[1])
    await _book(calendar, sorted({start for _, start in hours[0]})[-_BOOKED // _DESKS - 1 :])
    async with connection() as c:
        await c.execute(_TABLE)
        await c.execute(_TAKE)
        await c.executemany(_ADD, hours[0])
    return _Ground(calendar, weeks, hours)


def _weekly(hours: Sequence[tuple[time, time]]) -> tuple[Weekly, ...]:
    return tuple(Weekly(day, *opening) for day in range(1, 6) for opening in hours)


def _with(timetable: Timetable, weekly: tuple[Weekly, ...]) -> Timetable:
    desks = {key: msgspec.structs.replace(desk, weekly=weekly) for key, desk in timetable.desks.items()}
    return msgspec.structs.replace(timetable, desks=desks)


def _hours_of(timetable: Timetable) -> list[_Hour]:
    plan, zone = timetables.plan(timetable, clock.now()), ZoneInfo(timetable.zone)
    cells = _MINUTES // CELL_MINUTES
    found = []
    for day in map(plan.today.fromordinal, range(plan.today.toordinal() + 1, plan.last.toordinal() + 1)):
        for desk in timetable.desks:
            grid = plan.grid(desk, day).grid
            starts = cells_of(fitting(grid, cells) & marks(grid, cells))
            found += [(desk, instant_of(day, cell, zone)) for cell in starts]
    return found


async def _book(calendar: UUID, starts: Sequence[datetime]) -> None:
    for number in range(_BOOKED):
        hold = await actions.hold(calendar, "deposit", starts[number // _DESKS])
        await actions.confirm(hold.id, hold.secret, tell=False)
