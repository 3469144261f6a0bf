"""The table of a grid's prices, as pages show it: the last axis across, the others down, what is missing in its place.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from parvis.errors import Text
from parvis.payments.tariffs.explaining import band_text
from parvis.payments.tariffs.grids import Grid
from parvis.payments.tariffs.typed_bands import Part, TypedAxis, holes
from parvis.payments.tariffs.typed_grids import Shape, Typed, key_of, of_grid, shape_of

_HOLE = Text("No line holds here.")
# A part with its place among those typed; None for what is missing between them.
_Placed: TypeAlias = tuple[Part, int | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """A price, or its want: its number in the form (None where nothing can be typed), for whom, and what is wrong."""

    number: int | None
    text: str
    where: str
    fault: Text | None


@dataclass(frozen=True, slots=True)
class Row:
    """The parts that a row is for, and its prices."""

    heads: tuple[Text | str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the axes down and of the one across, the parts of this one, and the rows."""

    down: tuple[str, ...]
    across: str
    heads: tuple[Text | str, ...]
    rows: tuple[Row, ...]


def table(shape: Shape, cells: Mapping[str, str], marks: Mapping[int, Text]) -> Table:
    """A shape with its prices; one axis alone goes down, with a single price a row."""
    placed = [_with_holes(axis, parts) for axis, parts in zip(shape.axes, shape.parts, strict=True)]
    names = [axis.name for axis in shape.axes]
    wide = len(placed) > 1
    down, across = (placed[:-1], placed[-1]) if wide else (placed, [])

    def cell(where: Sequence[_Placed]) -> Cell:
        said = ", ".join(f"{name} {part.text}" for name, (part, _) in zip(names, where, strict=True))
        number = _number(where, shape)
        if number is None:
            return Cell(None, "", said, _HOLE)
        text = cells.get(key_of(tuple(part for part, _ in where)), "")
        return Cell(number, text, said, marks.get(number))

    rows = tuple(
        Row(
            tuple(_said(axis, part) for axis, (part, _) in zip(shape.axes, row, strict=False)),
            tuple(cell([*row, one]) for one in across) if wide else (cell([*row]),),
        )
        for row in product(*down)
    )
    heads = tuple(_said(shape.axes[-1], part) for part, _ in across)
    return Table(tuple(names[:-1] if wide else names), names[-1] if wide else "", heads, rows)


def of(grid: Grid) -> Table | None:
    """The table of a published grid; None where it is too large for one."""
    typed = of_grid(grid, "")
    return None if typed is None else of_typed(typed)


def of_typed(typed: Typed) -> Table:
    """The table of what was typed, with nothing marked."""
    return table(shape_of(typed), typed.cells, {})


def _with_holes(axis: TypedAxis, parts: tuple[Part, ...]) -> list[_Placed]:
    """The parts in the order typed, each hole before the part that follows it."""
    placed: list[_Placed] = [(part, number) for number, part in enumerate(parts)]
    for hole in holes(axis, parts):
        after = (place for place, (part, _) in enumerate(placed) if _low(part) > _low(hole))
        placed.insert(next(after, len(placed)), (hole, None))
    return placed


def _said(axis: TypedAxis, part: Part) -> Text | str:
    """A part in words; as it was typed where it cannot be read."""
    return part.text if part.reach is None else band_text(axis.kind, part.reach)


def _low(part: Part) -> int:
    low = (part.reach or (None,))[0]
    return -1 if low is None else int(low)


def _number(where: Sequence[_Placed], shape: Shape) -> int | None:
    number = 0
    for (_, place), parts in zip(where, shape.parts, strict=True):
        if place is None:
            return None
        number = number * len(parts) + place
    return number
