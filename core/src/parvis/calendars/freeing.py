"""Hours that were freed: kept back from the public for a time nobody can guess, seen by agents at once.

Meanwhile one may be promised to somebody who asked for an earlier hour. A row of `booking` in the state `kept` is such
an hour; the sweeper gives it back once its time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis import clock, crypto, settings
from parvis.calendars import rules
from parvis.calendars.claims import FREE_CELLS
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound

# Long enough for who waits to be asked before the public, whatever is drawn.
_LEAST = timedelta(minutes=1)
_HOURS = """
SELECT b.id, b.desk, b.day, b.cell, b.cells, d.name AS desk_name, d.kinds, d.calendar, c.place, p.name AS place_name,
    p.city, p.emitter, c.service, c.zone, lower(b.period) AS start, upper(b.period) AS "end", b.promised,
    b.hold_until AS until, coalesce(
        substring(y.kept, b.cell - y.opens + 1, b.cells) <> substring(B'0'::bit(300), 1, b.cells), false
    ) AS counter
FROM parvis.booking b
JOIN parvis.desk d ON d.id = b.desk AND d.active
JOIN parvis.calendar c ON c.id = d.calendar AND c.active
JOIN parvis.place p ON p.id = c.place
JOIN parvis.desk_day y ON y.desk = b.desk AND y.day = b.day
    AND substring(y.grid, b.cell - y.opens + 1, b.cells) = substring(~B'0'::bit(300), 1, b.cells)
WHERE b.state = 'kept' AND b.hold_until > $1 AND lower(b.period) > $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedHour:
    """A freed hour that the opening rules still have. Instants are UTC; `kinds` are those of its desk, none is all.

    `counter`: it is of the counter's share. `promised`: somebody may take it until `until`.
    """

    id: UUID
    desk: UUID
    day: date
    cell: int
    cells: int
    desk_name: str
    kinds: Sequence[str]
    calendar: UUID
    place: UUID
    place_name: str
    city: str
    emitter: UUID
    service: str
    zone: str
    start: datetime
    end: datetime
    promised: bool
    until: datetime
    counter: bool

    @property
    def local_start(self) -> datetime:
        """Its start in the place's time."""
        return self.start.astimezone(ZoneInfo(self.zone))


async def freed(after: datetime, emitter: UUID | None = None, service: str | None = None) -> list[FreedHour]:
    """The freed hours that begin after an instant (UTC), of all emitters or one, by their start."""
    sql = _HOURS + (
        "AND ($3::uuid IS NULL OR p.emitter = $3) AND ($4::text IS NULL OR c.service = $4) "
        "ORDER BY lower(b.period), b.id"
    )
    async with connection() as c:
        rows = await c.fetch(sql, clock.now(), after, emitter, service)
    return [FreedHour(**row) for row in rows]


async def hour(freed_id: UUID) -> FreedHour:
    """One freed hour. Raises NotFound once it is taken, or back with the public."""
    async with connection() as c:
        row = await c.fetchrow(f"{_HOURS} AND b.id = $3", clock.now(), clock.now(), freed_id)
    if row is None:
        raise NotFound
    return FreedHour(**row)


async def promise(freed_id: UUID, until: datetime) -> bool:
    """Keep a freed hour for somebody until an instant (UTC); False if it is gone or promised already."""
    sql = (
        "UPDATE parvis.booking SET promised = true, hold_until = $2 "
        "WHERE id = $1 AND state = 'kept' AND NOT promised AND hold_until > $3 RETURNING id"
    )
    async with transaction() as c:
        return await c.fetchval(sql, freed_id, until, clock.now()) is not None


async def unpromise(freed_id: UUID) -> None:
    """Let a freed hour go back to the public, after another delay that nobody can guess; nothing if it is gone."""
    sql = "UPDATE parvis.booking SET promised = false, hold_until = $2 WHERE id = $1 AND state = 'kept'"
    async with transaction() as c:
        await c.execute(sql, freed_id, _return())


async def put_off(freed_id: UUID, until: datetime) -> None:
    """Keep a freed hour back until an instant (UTC) at least, promised to nobody."""
    sql = (
        "UPDATE parvis.booking SET hold_until = greatest(hold_until, $2) "
        "WHERE id = $1 AND state = 'kept' AND NOT promised AND hold_until > $3"
    )
    async with transaction() as c:
        await c.execute(sql, freed_id, until, clock.now())


async def give_back(c: Connection, row: asyncpg.Record) -> None:
    """Return a booking's hour: late and unforeseeably, so that nobody cancels for a buyer, or at once if near."""
    if waits(row):
        await keep_back(c, row)
    else:
        await c.execute(FREE_CELLS, *cells_of(row))


def waits(row: asyncpg.Record) -> bool:
    """Whether a booking's hour returns late."""
    return rules.returns_late(row["start"], clock.now(), settings.current().freed_at_once)


async def keep_back(c: Connection, row: asyncpg.Record) -> None:
    """Keep a booking's hour from the public; its cells stay taken."""
    await c.execute(
        "INSERT INTO parvis.booking (id, desk, day, cell, cells, period, state, kind, people, hold_until, created) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'kept', $7, $8, $9, $10)",
        new_id(),
        *cells_of(row),
        row["period"],
        row["kind"],
        row["people"],
        _return(),
        clock.now(),
    )


async def lock(c: Connection, freed_id: UUID) -> asyncpg.Record | None:
    """A freed hour's row, locked before its day as the sweeper does; None if it is gone."""
    return await c.fetchrow("SELECT * FROM parvis.booking WHERE id = $1 AND state = 'kept' FOR UPDATE", freed_id)


async def release(c: Connection, row: asyncpg.Record | None) -> None:
    """Free the cells of a freed hour that is locked, for who claims it in this transaction."""
    if row is not None:
        await c.execute("DELETE FROM parvis.booking WHERE id = $1", row["id"])
        await c.execute(FREE_CELLS, *cells_of(row))


async def clear(c: Connection, calendar: UUID, start: datetime, cells: int) -> bool:
    """Free what was freed of an hour at a calendar's desks and is promised to nobody; False if there is nothing."""
    sql = (
        "SELECT b.* FROM parvis.booking b JOIN parvis.desk d ON d.id = b.desk WHERE d.calendar = $1 "
        "AND b.state = 'kept' AND NOT b.promised AND b.period && tstzrange($2, $3) "
        "ORDER BY b.day, b.desk FOR UPDATE OF b"
    )
    found = await c.fetch(sql, calendar, start, start + cells * rules.CELL)
    for row in found:
        await release(c, row)
    return bool(found)


def cells_of(row: asyncpg.Record) -> tuple[object, ...]:
    """Where a booking's cells are: desk, day, first cell, how many."""
    return row["desk"], row["day"], row["cell"], row["cells"]


def _return() -> datetime:
    longest = settings.current().freed_delay
    return clock.now() + max(crypto.random_delay(longest), min(_LEAST, longest))
