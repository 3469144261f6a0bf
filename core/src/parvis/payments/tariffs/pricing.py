"""The price of one request by a grid, with the line that gave it. Pure, and exact up to its one rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.payments.money import FULL_BP, Cents, half_up
from parvis.payments.tariffs import checks
from parvis.payments.tariffs.bands import Builder, Node, find
from parvis.payments.tariffs.grids import Axis, Grid, Rebate, Value

_PPM = 1_000_000
Sort: TypeAlias = Literal["line", "rebate", "proration", "cap", "rounding"]


class Ask(msgspec.Struct, frozen=True, gc=False):
    """A request: its values by axis (amounts that a rate is of in cents), the child's rank, and what remains of how
    many parts of the period."""

    values: Mapping[str, Value]
    rank: int = 1
    remaining: int = 1
    total: int = 1


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one rule made of a price; `label` is the rebate's own."""

    sort: Sort
    cents: Cents
    label: str = ""


class Price(msgspec.Struct, frozen=True, gc=False):
    """A price, the number of its line (from 1), and its steps, which add up to it."""

    cents: Cents
    line: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Pricer:
    """A grid made ready to price many requests."""

    grid: Grid
    root: Node
    axes: tuple[Axis, ...]
    rebates: tuple[Rebate, ...]

    def price(self, ask: Ask) -> Price:
        """The price. Raises Invalid when a value is missing or none of the axis's."""
        number = self._line(ask.values)
        over, under = self._base(number, ask)
        steps = [Step("line", before := half_up(over, under))]
        if (rebate := self._rebate(ask.rank)) is not None:
            over, under = over * (FULL_BP - rebate.bp), under * FULL_BP
            before = _step(steps, "rebate", before, over, under, rebate.label)
        if ask.remaining != ask.total:
            over, under = over * ask.remaining, under * ask.total
            before = _step(steps, "proration", before, over, under)
        cap = self.grid.cap
        if cap is not None and over > cap * under:
            over, under = cap, 1
            before = _step(steps, "cap", before, over, under)
        cents = half_up(over, under * self.grid.step) * self.grid.step
        if cents != before:
            steps.append(Step("rounding", cents - before))
        return Price(cents, number + 1, tuple(steps))

    def _rebate(self, rank: int) -> Rebate | None:
        reached = None
        for rebate in self.rebates:
            if rank >= rebate.from_rank:
                reached = rebate
        return reached

    def _line(self, values: Mapping[str, Value]) -> int:
        found: list[Any] = []
        for axis in self.axes:
            value = values.get(axis.name, axis.missing)
            if value is None or (axis.kind == "int" and (type(value) is not int or value < axis.least)):
                raise _unknown(axis, value)
            found.append(value)
        try:
            return find(self.root, tuple(found))
        except (KeyError, TypeError):
            wrong = next(axis for axis in self.axes if axis.kind == "enum" and values.get(axis.name) not in axis.values)
            raise _unknown(wrong, values.get(wrong.name)) from None

    def _base(self, number: int, ask: Ask) -> tuple[int, int]:
        if not 0 <= ask.remaining <= ask.total or ask.total < 1 or ask.rank < 1:
            raise Invalid(Refusal("ask-parts", Text("What remains of a period is a part of it."), "remaining"))
        line = self.grid.lines[number]
        if line.rate is None:
            return line.cents or 0, 1
        rate = line.rate
        amount = ask.values.get(rate.of)
        if type(amount) is not int or amount < 0:
            raise Invalid(_missing(rate.of))
        over = max(amount * rate.ppm, rate.least * _PPM)
        return (over if rate.most is None else min(over, rate.most * _PPM)), _PPM


def pricer(grid: Grid) -> Pricer:
    """Make a grid ready. Raises Refused with what is wrong with it."""
    if wrong := checks.grid_refusals(grid):
        raise Refused(wrong)
    return Pricer(grid, Builder(grid).root(), grid.axes, tuple(sorted(grid.rebates, key=lambda one: one.from_rank)))


def _step(steps: list[Step], sort: Sort, before: Cents, over: int, under: int, label: str = "") -> Cents:
    after = half_up(over, under)
    if after != before:
        steps.append(Step(sort, after - before, label))
    return after


def _unknown(axis: Axis, value: object) -> Invalid:
    if value is None:
        return Invalid(_missing(axis.name))
    text = Text("“{value}” is no value of “{axis}”.", {"value": str(value)[:40], "axis": axis.name})
    return Invalid(Refusal("value-unknown", text, axis.name))


def _missing(name: str) -> Refusal:
    return Refusal("value-missing", Text("The price depends on “{axis}”: please give it.", {"axis": name}), name)
