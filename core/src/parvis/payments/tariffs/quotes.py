"""A price that somebody is asked for: worked out once by a tariff, kept with its charge, never worked out again.

What was asked for is kept apart from the charge, by tariff and month, so that other prices can be tried on it; nothing
leads from there to whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from parvis import clock, settings
from parvis.db import Connection, connection, transaction
from parvis.errors import Conflict, Text
from parvis.payments.tariffs.catalogue import Tariff
from parvis.payments.tariffs.grids import Grid, grid_on
from parvis.payments.tariffs.pricing import Ask, Price, pricer

# FOR SHARE: nobody changes the tariff until the charge is written, others may ask for prices meanwhile.
_HOLD = "SELECT grids FROM parvis.tariff WHERE id = $1 FOR SHARE"
_MONTHS_KEPT = 13
_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Quote:
    """A price for a day of the territory, by the grid of that day of a tariff, and what was asked for."""

    tariff: UUID
    day: date
    grid: Grid
    ask: Ask
    price: Price


def quote(tariff: Tariff, day: date, ask: Ask) -> Quote:
    """Work out a price; of what is told, only what the price depends on is kept.

    Raises Invalid where a value is missing, or no grid holds on that day.
    """
    grid = grid_on(tariff.grids, day)
    needed = {*(axis.name for axis in grid.axes), *(line.rate.of for line in grid.lines if line.rate)}
    ask = replace(ask, values={name: value for name, value in ask.values.items() if name in needed})
    return Quote(tariff.id, day, grid, ask, pricer(grid).price(ask))


async def stand(c: Connection, quotes: Sequence[Quote]) -> None:
    """Note what is asked for by these quotes, in the transaction of their charges; their grids stay as they are until
    it ends. Raises Conflict if a tariff says something else by now."""
    for one in quotes:
        kept = await c.fetchval(_HOLD, one.tariff)
        grids = msgspec.convert(kept or [], tuple[Grid, ...])
        if not any(_alike(grid, one.grid) and _holds(grid, one.day) for grid in grids):
            raise Conflict(Text("The prices have changed: please look at the price again."))
    await keep_asks(c, [(one.tariff, one.ask, _today().replace(day=1)) for one in quotes])


async def keep_asks(c: Connection, asked: Iterable[tuple[UUID, Ask, date]]) -> None:
    """Note what was asked of tariffs, each with the first day of its month."""
    sql = "INSERT INTO parvis.asked_price (id, tariff, month, ask) VALUES ($1, $2, $3, $4)"
    # An id that does not say when: it would lead to the charge of the same instant.
    await c.executemany(sql, [(uuid4(), tariff, month, ask) for tariff, ask, month in asked])


async def asks_of(tariff: UUID, since: date, limit: int = 20_000) -> list[Ask]:
    """What was asked of a tariff in the months from a day on, the latest first."""
    sql = "SELECT ask FROM parvis.asked_price WHERE tariff = $1 AND month >= $2 ORDER BY month DESC, id LIMIT $3"
    async with connection() as c:
        rows = await c.fetch(sql, tariff, since.replace(day=1), limit)
    return [msgspec.convert(row["ask"], Ask) for row in rows]


async def forget_asks() -> int:
    """Forget what was asked more than a year ago; how much."""
    before = (_today() - _MONTHS_KEPT * _MONTH).replace(day=1)
    async with transaction() as c:
        gone = await c.execute("DELETE FROM parvis.asked_price WHERE month < $1", before)
    return int(gone.rpartition(" ")[2])


def _alike(one: Grid, other: Grid) -> bool:
    """The same prices, however long they hold."""
    return replace(one, valid_until=None) == replace(other, valid_until=None)


def _holds(grid: Grid, day: date) -> bool:
    return grid.valid_until is None or day < grid.valid_until


def _today() -> date:
    return clock.now().astimezone(settings.current().zone).date()
