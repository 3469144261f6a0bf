"""A grid as somebody types it: axes, a table of a price for each combination of their parts, and the rest. Pure.

A draft keeps what was typed, also what cannot be read yet; `typed_reading` makes a grid of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import msgspec

from parvis.payments.money import euros
from parvis.payments.tariffs.bands import Builder, find
from parvis.payments.tariffs.grids import Axis, Grid, Line
from parvis.payments.tariffs.sheets import BP_UNITS, PPM_UNITS, share
from parvis.payments.tariffs.typed_bands import Part, TypedAxis, contains, cut, parts_of

# More prices than anybody types into a table; beyond, a grid comes as a sheet.
MOST_CELLS = 600


class TypedRebate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rebate as typed."""

    label: str = ""
    from_rank: str = ""
    share: str = ""


class Typed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A grid as typed; `cells` has the prices by the texts of their parts, one a line."""

    name: str = ""
    valid_from: str = ""
    valid_until: str = ""
    axes: tuple[TypedAxis, ...] = ()
    cells: Mapping[str, str] = {}
    rebates: tuple[TypedRebate, ...] = ()
    cap: str = ""
    step: str = ""
    vat: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The table of a typed grid: its axes that have parts, with these."""

    axes: tuple[TypedAxis, ...]
    parts: tuple[tuple[Part, ...], ...]

    @property
    def size(self) -> int:
        """How many prices it has."""
        count = 1
        for parts in self.parts:
            count *= len(parts)
        return count

    def cells(self) -> Iterator[tuple[Part, ...]]:
        """The combinations of parts, in order of the table's cells."""
        return product(*self.parts)


def shape_of(typed: Typed) -> Shape:
    """The table of what was typed."""
    found = [(axis, parts) for axis in typed.axes if (parts := parts_of(axis))]
    return Shape(tuple(axis for axis, _ in found), tuple(parts for _, parts in found))


def key_of(parts: tuple[Part, ...]) -> str:
    """Under which key a cell's price is kept."""
    return "\n".join(part.text for part in parts)


def of_grid(grid: Grid, name: str) -> Typed | None:
    """A grid as somebody would have typed it; None if the table would be too large."""
    axes = cut(grid)
    typed = Typed(
        name=name,
        valid_from=grid.valid_from.isoformat() if grid.valid_from else "",
        valid_until=grid.valid_until.isoformat() if grid.valid_until else "",
        axes=tuple(_axis(axis, parts) for axis, parts in axes),
        rebates=tuple(
            TypedRebate(label=one.label, from_rank=str(one.from_rank), share=share(one.bp, BP_UNITS))
            for one in grid.rebates
        ),
        cap="" if grid.cap is None else euros(grid.cap),
        step=euros(grid.step),
        vat=share(grid.vat_bp, BP_UNITS),
    )
    shape = shape_of(typed)
    return msgspec.structs.replace(typed, cells=_prices(grid, shape)) if shape.size <= MOST_CELLS else None


def carried(before: Typed, after: Typed) -> Typed:
    """What was typed, with prices for cells that the former table had not: those of the cell that contained them."""
    old, new = shape_of(before), shape_of(after)
    if max(old.size, new.size) > MOST_CELLS:
        return after
    was = [_former(axis, number, old.axes) for number, axis in enumerate(new.axes)]
    kept, cells = [*old.cells()], dict(after.cells)
    for parts in new.cells():
        if key_of(parts) not in after.cells:
            found = next((one for one in kept if _inside(parts, one, was, new.axes)), None)
            if found is not None and (price := after.cells.get(key_of(found))):
                cells[key_of(parts)] = price
    return msgspec.structs.replace(after, cells=cells)


def price_text(line: Line) -> str:
    """A line's price as it is typed into a cell.

    >>> price_text(Line(cents=500))
    '5,00'
    """
    if line.rate is None:
        return euros(line.cents or 0)
    rate = line.rate
    bounds = f" {euros(rate.least)}..{'' if rate.most is None else euros(rate.most)}"
    return f"{share(rate.ppm, PPM_UNITS)} {rate.of}{bounds if rate.least or rate.most is not None else ''}"


def _axis(axis: Axis, parts: tuple[Part, ...]) -> TypedAxis:
    return TypedAxis(
        name=axis.name,
        kind=axis.kind,
        least=str(axis.least) if axis.kind == "int" and axis.least else "",
        parts="\n".join(part.text for part in parts),
        missing="" if axis.missing is None else str(axis.missing),
    )


def _prices(grid: Grid, shape: Shape) -> dict[str, str]:
    root, prices = Builder(grid).root(), {}
    for parts in shape.cells():
        inside = {axis.name: _sample(part) for axis, part in zip(shape.axes, parts, strict=True)}
        values = tuple(inside.get(axis.name, axis.values[0] if axis.values else axis.least) for axis in grid.axes)
        low = tuple(
            max(value, axis.least) if isinstance(value, int) else value
            for axis, value in zip(grid.axes, values, strict=True)
        )
        prices[key_of(parts)] = price_text(grid.lines[find(root, low)])
    return prices


def _sample(part: Part) -> str | int:
    first = (part.reach or (0,))[0]
    return 0 if first is None else first


def _former(axis: TypedAxis, number: int, old: tuple[TypedAxis, ...]) -> int | None:
    """Which axis it was: that of its name, else the one in its place, if that has gone."""
    for place, one in enumerate(old):
        if one.name == axis.name:
            return place
    return number if number < len(old) and old[number].kind == axis.kind else None


def _inside(
    parts: tuple[Part, ...], former: tuple[Part, ...], was: list[int | None], axes: tuple[TypedAxis, ...]
) -> bool:
    return all(
        place is None or contains(axis.kind, former[place], part)
        for part, place, axis in zip(parts, was, axes, strict=True)
    )
