"""The index of this process: filled from the tables, kept up by the change feed, and what serves while it is cold."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from parvis import clock
from parvis.calendars import feed, offering
from parvis.calendars.deskbits import DeskBits
from parvis.calendars.grids import bits_of
from parvis.calendars.index import Entry, Index, KindInfo
from parvis.db import OUTAGE, Connection, connection
from parvis.errors import ParvisError

log = structlog.get_logger()

_POLL_SECONDS = 0.25
# Places come from the territory, which has no feed: read again as often.
_PLACES_SECONDS = 60
_PAGE = 2000
_DESKS = 200
_YESTERDAY = 1
# New objects after which the collector looks; a search over many places makes more than its default of 700.
_GARBAGE = 20_000

_ENTRIES = """
SELECT c.id, c.service, c.zone, c.place, p.name, p.city, p.emitter, p.latitude, p.longitude, p.accessible, o.last_day
FROM parvis.offering($1, $2, $3) o
JOIN parvis.calendar c ON c.id = o.calendar
JOIN parvis.place p ON p.id = c.place
WHERE coalesce(o.published, true)
"""
# Each desk's days as they are kept in memory: their ordinals, and whole days of bits, 38 bytes each.
_DAYS = """
SELECT w.desk, x.days, x.free, x.grids
FROM unnest($1::uuid[]) AS w (desk)
CROSS JOIN LATERAL (
    SELECT array_agg(d.day - date '0001-01-01' + 1) AS days,
        string_agg(substring(bit_send(overlay(B'0'::bit(304) PLACING d.free FROM d.opens + 1)) FROM 5), '') AS free,
        array_agg(substring(bit_send(overlay(B'0'::bit(304) PLACING d.grid FROM d.opens + 1)
            || overlay(B'0'::bit(304) PLACING coalesce(d.kept, B'') FROM d.opens + 1)) FROM 5)) AS grids
    FROM (SELECT * FROM parvis.desk_day WHERE desk = w.desk AND day >= $2 ORDER BY day) d
) x
WHERE x.days IS NOT NULL
"""

_warm: list[Index] = []


async def index_for(service: str, near: tuple[float, float] | None, most_places: int) -> Index:
    """This process's index if it is warm, else one read from the database for the nearest places only."""
    if _warm:
        return _warm[-1]
    latitude, longitude = near or (0.0, 0.0)
    nearest = f"{_ENTRIES} AND c.service = $4 ORDER BY point(p.longitude, p.latitude) <-> point($5, $6) LIMIT $7"
    index = Index()
    async with connection() as c:
        rows = await c.fetch(nearest, *offering.asked(), service, longitude, latitude, most_places)
        for entry in await _entries(c, index, rows):
            index.put(entry)
    return index


def warm() -> Index | None:
    """This process's index, if it is filled."""
    return _warm[-1] if _warm else None


@asynccontextmanager
async def following() -> AsyncIterator[None]:
    """Keep this process's index filled and up to date, while the context lasts. The pool must be open."""
    task = asyncio.create_task(_follow())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        _warm.clear()


async def _follow() -> None:
    index, read = Index(), float("-inf")
    while True:
        try:
            if time.monotonic() - read > _PLACES_SECONDS:
                await (_fill(index) if index.epoch is None else reread_places(index))
                read = time.monotonic()
            await catch_up(index)
            _warm[:] = [index]
        except (ParvisError, *OUTAGE) as error:
            # A database that is away leaves the index as it is: stale hints are better than none.
            log.warning("calendars.index-behind", error=type(error).__name__)
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_POLL_SECONDS)


def spare_collector() -> None:
    """Take what is in memory now for lasting, and a burst of claims or a search for no reason to look for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, *gc.get_threshold()[1:])


async def _fill(index: Index) -> None:
    await refill(index)
    spare_collector()


async def refill(index: Index) -> None:
    """Fill an index anew from the tables. The feed's head is read first: what changes meanwhile is read twice."""
    await feed.advance()
    head = await feed.head()
    async with connection() as c:
        rows = await c.fetch(_ENTRIES, *offering.asked())
        entries = await _entries(c, index, rows)
    _forget_others(index, rows)
    for entry in entries:
        index.put(entry)
    index.epoch, index.last = head.epoch, head.last


async def reread_places(index: Index) -> None:
    """Bring names, places and publications up to date, without reading the days again."""
    async with connection() as c:
        rows = await c.fetch(_ENTRIES, *offering.asked())
        new = await _entries(c, index, [row for row in rows if row["id"] not in index.entries])
        kinds = await _kinds(c, [row["id"] for row in rows])
    _forget_others(index, rows)
    for row in rows:
        if known := index.entries.get(row["id"]):
            entry = _entry(row, kinds, known.desks)
            # What is the same stays, with what searches remember of it.
            if entry != known:
                index.put(entry)
    for entry in new:
        index.put(entry)


async def catch_up(index: Index) -> int:
    """Apply what the feed has numbered since; how many changes. Starts anew on another epoch or a gap."""
    await feed.advance()
    head = await feed.head()
    if head.epoch != index.epoch or index.last + 1 < head.first:
        await refill(index)
        return 0
    applied = 0
    while index.last < head.last and (page := await feed.changes(index.last, _PAGE)):
        await _apply(index, page)
        index.last = page[-1].number
        applied += len(page)
    return applied


async def _apply(index: Index, page: Sequence[feed.Change]) -> None:
    calendars = {change.calendar for change in page if change.calendar}
    days = {(change.desk, change.day) for change in page if change.desk and change.day}
    async with connection() as c:
        if calendars:
            rows = await c.fetch(f"{_ENTRIES} AND c.id = ANY ($4)", *offering.asked(), calendars)
            entries = await _entries(c, index, rows)
            for calendar in calendars - {entry.calendar for entry in entries}:
                index.drop(calendar)
            for entry in entries:
                index.put(entry)
        await _read_days(c, index, days)


async def _read_days(c: Connection, index: Index, days: Iterable[tuple[UUID, date]]) -> None:
    desks, dates = [list(column) for column in zip(*days, strict=True)] or ([], [])
    sql = (
        "SELECT w.desk, w.day, d.opens, d.grid, d.free, d.kept FROM unnest($1::uuid[], $2::date[]) AS w (desk, day) "
        "LEFT JOIN parvis.desk_day d ON d.desk = w.desk AND d.day = w.day"
    )
    for row in await c.fetch(sql, desks, dates):
        index.put_day(row["desk"], row["day"], bits_of(row, "free"), bits_of(row, "grid"), bits_of(row, "kept"))


def _forget_others(index: Index, rows: Iterable[asyncpg.Record]) -> None:
    for gone in set(index.entries) - {row["id"] for row in rows}:
        index.drop(gone)


async def _entries(c: Connection, index: Index, rows: Sequence[asyncpg.Record]) -> list[Entry]:
    """Calendars with their kinds, desks and every day from yesterday on, not in the index yet."""
    calendars = [row["id"] for row in rows]
    kinds = await _kinds(c, calendars)
    found = await c.fetch(
        "SELECT id, calendar, kinds FROM parvis.desk WHERE active AND calendar = ANY ($1) ORDER BY id", calendars
    )
    desks = {desk["id"]: DeskBits(desk["id"], frozenset(desk["kinds"])) for desk in found}
    by_calendar: dict[UUID, dict[UUID, DeskBits]] = {calendar: {} for calendar in calendars}
    for desk in found:
        by_calendar[desk["calendar"]][desk["id"]] = desks[desk["id"]]
    since, ids = date.fromordinal(clock.now().date().toordinal() - _YESTERDAY), list(desks)
    for at in range(0, len(ids), _DESKS):
        for row in await c.fetch(_DAYS, ids[at : at + _DESKS], since):
            index.fill(desks[row["desk"]], row["days"], row["free"], row["grids"])
    return [_entry(row, kinds, by_calendar[row["id"]]) for row in rows]


async def _kinds(c: Connection, calendars: Sequence[UUID]) -> dict[UUID, dict[str, KindInfo]]:
    found: dict[UUID, dict[str, KindInfo]] = {calendar: {} for calendar in calendars}
    for row in await c.fetch("SELECT * FROM parvis.calendar_kind WHERE calendar = ANY ($1)", calendars):
        found[row["calendar"]][row["kind"]] = KindInfo(**{name: row[name] for name in KindInfo._fields})
    return found


def _entry(row: asyncpg.Record, kinds: dict[UUID, dict[str, KindInfo]], desks: dict[UUID, DeskBits]) -> Entry:
    return Entry(
        calendar=row["id"],
        service=row["service"],
        zone=ZoneInfo(row["zone"]),
        place=row["place"],
        place_name=row["name"],
        city=row["city"],
        emitter=row["emitter"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        accessible=row["accessible"],
        kinds=kinds[row["id"]],
        last=row["last_day"].toordinal() if row["last_day"] else date.max.toordinal(),
        desks=desks,
    )
