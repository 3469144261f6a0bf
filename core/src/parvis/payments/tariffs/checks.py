"""What keeps a tariff from being saved, each a sentence that says what and where. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from parvis.errors import Refusal, Text
from parvis.payments.money import FULL_BP, MOST
from parvis.payments.tariffs.bands import Builder, TooFine
from parvis.payments.tariffs.grids import Axis, Grid, Line, Rate, Reach, Rebate
from parvis.payments.tariffs.sheets import AFTER, BEFORE

_MOST_TOLD = 20
_EMPTY = Text("A tariff has at least one line.")


def refusals(grids: Sequence[Grid]) -> list[Refusal]:
    """What is wrong with a tariff: its dates first, then each grid; at most twenty sentences."""
    found = list(_dates(grids))
    for grid in grids:
        found += grid_refusals(grid)
    return found[:_MOST_TOLD]


def grid_refusals(grid: Grid) -> list[Refusal]:
    """What is wrong with one grid; gaps and overlaps are looked for once every part is well formed."""
    return [*_frame(grid), *_lines(grid)] or list(_cover(grid))


def _dates(grids: Sequence[Grid]) -> Iterator[Refusal]:
    if not grids:
        yield Refusal("tariff-empty", _EMPTY)
    for grid in grids:
        if grid.valid_from is None:
            yield Refusal("tariff-undated", Text("Every line of a tariff says from which day it holds."), "valid_from")
        elif grid.valid_until is not None and grid.valid_until <= grid.valid_from:
            text = Text(
                "A tariff from {first} cannot end on {last}.", {"first": grid.valid_from, "last": grid.valid_until}
            )
            yield Refusal("tariff-dates", text, "valid_until")
    dated = sorted((grid for grid in grids if grid.valid_from), key=lambda grid: grid.valid_from or date.min)
    for one, other in pairwise(dated):
        yield from _between(one, other)


def _between(one: Grid, other: Grid) -> Iterator[Refusal]:
    ends, begins = one.valid_until, other.valid_from
    if begins is None:
        return
    if ends is None or ends > begins:
        text = Text("Two tariffs hold on {day}: let the former one end on that day.", {"day": begins})
        yield Refusal("tariff-overlap", text, "valid_from")
    elif ends < begins:
        text = Text("No tariff holds from {first} until {last}.", {"first": ends, "last": begins})
        yield Refusal("tariff-gap", text, "valid_from")


def _frame(grid: Grid) -> Iterator[Refusal]:
    if not grid.lines:
        yield Refusal("tariff-empty", _EMPTY, "lines")
    names = [axis.name for axis in grid.axes]
    for name in {name for name in names if names.count(name) > 1}:
        yield Refusal("axis-twice", Text("“{axis}” is there twice.", {"axis": name}), "axes")
    for name in {*names} & {*BEFORE, *AFTER}:
        yield Refusal("axis-name", Text("“{axis}” is a column's own name: choose another.", {"axis": name}), "axes")
    for axis in grid.axes:
        yield from _axis(axis)
    yield from _rebates(grid.rebates)
    yield from _rounding(grid)


def _rounding(grid: Grid) -> Iterator[Refusal]:
    if not 1 <= grid.step <= 10_000:
        yield Refusal("step", Text("A price is rounded to at least a cent and at most 100 euros."), "step")
    elif grid.cap is not None and (not 0 <= grid.cap <= MOST or grid.cap % grid.step):
        yield Refusal("cap", Text("The cap is a multiple of what prices are rounded to, and not negative."), "cap")
    if not 0 <= grid.vat_bp <= FULL_BP:
        yield Refusal("vat", Text("A rate of VAT is from 0 to 100 %."), "vat_bp")


def _rebates(rebates: Sequence[Rebate]) -> Iterator[Refusal]:
    ranks = [rebate.from_rank for rebate in rebates]
    for rebate in rebates:
        if not 0 <= rebate.bp <= FULL_BP or rebate.from_rank < 1 or ranks.count(rebate.from_rank) > 1:
            text = Text("Rebate “{label}”: from 0 to 100 %, each from a rank of its own.", {"label": rebate.label})
            yield Refusal("rebate", text, "rebates")


def _axis(axis: Axis) -> Iterator[Refusal]:
    plain = len(set(axis.values)) == len(axis.values) and not any("," in value for value in axis.values)
    if axis.kind == "enum" and not (axis.values and plain):
        text = Text("“{axis}” needs values without a comma, each one once.", {"axis": axis.name})
        yield Refusal("axis-values", text, "axes")
    known = axis.values if axis.kind == "enum" else None
    if axis.missing is not None and not _fits(axis.missing, known):
        text = Text("“{axis}”: {value} cannot stand for who does not say.", {"axis": axis.name, "value": axis.missing})
        yield Refusal("axis-missing", text, "axes")


def _lines(grid: Grid) -> Iterator[Refusal]:
    axes = {axis.name: axis for axis in grid.axes}
    for number, line in enumerate(grid.lines, start=1):
        for name in line.when:
            axis = axes.get(name)
            if axis is None or not _reaches(axis, line.when[name]):
                text = Text("Line {line}: “{axis}” says nothing that the tariff knows.", {"line": number, "axis": name})
                yield Refusal("line-axis", text, f"lines.{number}")
        if not _priced(line):
            text = Text("Line {line} has no price that is zero or more.", {"line": number})
            yield Refusal("line-price", text, f"lines.{number}")


def _priced(line: Line) -> bool:
    if (line.cents is None) == (line.rate is None):
        return False
    return 0 <= line.cents <= MOST if line.cents is not None else _rate(line.rate)


def _rate(rate: Rate | None) -> bool:
    if rate is None or not rate.of or not 0 <= rate.ppm <= 1_000_000:
        return False
    return 0 <= rate.least <= (MOST if rate.most is None else rate.most) <= MOST


def _reaches(axis: Axis, reach: Reach) -> bool:
    if axis.kind == "enum":
        return bool(reach) and all(value in axis.values for value in reach)
    if len(reach) != 2 or not all(bound is None or _fits(bound, None) for bound in reach):
        return False
    low, high = reach
    return low is None or high is None or low < high  # type: ignore[operator]


def _fits(value: object, known: Sequence[str] | None) -> bool:
    return type(value) is int if known is None else value in known


def _cover(grid: Grid) -> Iterator[Refusal]:
    builder = Builder(grid)
    try:
        builder.root()
    except TooFine:
        yield Refusal("tariff-too-fine", Text("The lines cut the tariff into too many parts to be checked."), "lines")
        return
    for fault in builder.faults[:_MOST_TOLD]:
        told = {"where": fault.where, "lines": ", ".join(map(str, fault.lines))}
        if fault.lines:
            yield Refusal("line-overlap", Text("Lines {lines} all hold at: {where}.", told), f"lines.{fault.lines[1]}")
        else:
            yield Refusal("line-gap", Text("No line holds at: {where}.", told), "lines")
