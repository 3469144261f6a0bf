"""How a price came about, in words: the line that gave it, and each step from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import msgspec

from parvis.db import connection
from parvis.errors import Text
from parvis.payments.money import Cents
from parvis.payments.tariffs.grids import Grid, Line, Reach
from parvis.payments.tariffs.pricing import Step
from parvis.payments.tariffs.typed_bands import Kind

_CHARGES = (
    "SELECT c.intent, c.label, c.steps, c.grid, c.line, t.grids FROM parvis.charge c "
    "JOIN parvis.intent i ON i.id = c.intent JOIN parvis.tariff t ON t.id = c.tariff "
)
_SORTS = {
    "line": Text("Price of the line"),
    "proration": Text("For the part of the period that is left"),
    "cap": Text("At most, by the cap"),
    "rounding": Text("Rounding"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A charge whose price a tariff gave: by which line of the grid of which day, for whom, in which steps."""

    intent: UUID
    label: str
    cents: Cents
    since: date
    line: int
    reaches: tuple[Text, ...]
    steps: tuple[Step, ...]


async def explained_in(basket: UUID) -> list[Explained]:
    """The charges of a basket whose prices a tariff gave."""
    return await _explained(_CHARGES + "WHERE i.basket = $1 ORDER BY c.id", basket)


async def explained_of(intent: UUID) -> list[Explained]:
    """The charges of an intent whose prices a tariff gave."""
    return await _explained(_CHARGES + "WHERE c.intent = $1 ORDER BY c.id", intent)


def step_name(step: Step) -> Text | str:
    """What a step of a price is called; a rebate has its own name.

    >>> str(step_name(Step("rebate", -200, "2nd child"))), str(step_name(Step("rounding", 2)))
    ('2nd child', 'Rounding')
    """
    return step.label if step.sort == "rebate" else _SORTS[step.sort]


def reaches(grid: Grid, line: Line) -> tuple[Text, ...]:
    """For whom a line is, an axis each."""
    return tuple(
        Text("{axis}: {band}", {"axis": axis.name, "band": band_text(axis.kind, line.when[axis.name])})
        for axis in grid.axes
        if axis.name in line.when
    )


def band_text(kind: Kind, reach: Reach) -> Text | str:
    """A band as people say it, the last number being part of it.

    >>> [str(band_text("int", reach)) for reach in ((None, 6), (6, 18), (18, None), (4, 5))]
    ['up to 5', '6 to 17', '18 or more', '4']
    """
    if kind == "enum":
        return ", ".join(map(str, reach))
    low, high = (None if bound is None else int(bound) for bound in reach)
    if high is None:
        return Text("any") if low is None else Text("{low} or more", {"low": low})
    if low is None:
        return Text("up to {high}", {"high": high - 1})
    return str(low) if high == low + 1 else Text("{low} to {high}", {"low": low, "high": high - 1})


async def _explained(sql: str, *values: object) -> list[Explained]:
    async with connection() as c:
        rows: Sequence[asyncpg.Record] = await c.fetch(sql, *values)
    return [_one(row) for row in rows]


def _one(row: asyncpg.Record) -> Explained:
    grids = msgspec.convert(row["grids"], tuple[Grid, ...])
    # What has priced something stays as it is, so it is there.
    grid = next(grid for grid in grids if grid.valid_from == row["grid"])
    steps = msgspec.convert(row["steps"], tuple[Step, ...])
    # Not what the charge asks for: that may be the first of several parts.
    price = sum(step.cents for step in steps)
    plain = (row["intent"], row["label"], price, row["grid"], row["line"])
    return Explained(*plain, reaches(grid, grid.lines[row["line"] - 1]), steps)
