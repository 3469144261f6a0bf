"""What a tariff is: dated grids of lines over axes, as plain values that are kept as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from parvis.errors import Invalid, Refusal, Text
from parvis.payments.money import Cents

Value: TypeAlias = str | int
# Of an axis of values those that the line is for; of an axis of numbers the first and the first no more, None open.
Reach: TypeAlias = tuple[str | int | None, ...]


class Axis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a price depends on: one of `values` (residence), or a whole number from `least` on (age, quotient).

    `missing` stands for who does not say; without it, they are asked.
    """

    name: str
    kind: Literal["enum", "int"]
    values: tuple[str, ...] = ()
    least: int = 0
    missing: Value | None = None


class Rate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A share of an amount that is asked for (`of`, in cents): `ppm` millionths of it, within `least` and `most`."""

    of: str
    ppm: int
    least: Cents = 0
    most: Cents | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One price: for whom (an axis that is not named does not matter), and `cents` or a rate."""

    when: Mapping[str, Reach] = {}
    cents: Cents | None = None
    rate: Rate | None = None


class Rebate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`bp` hundredths of a percent less from the child of this rank on; of several, the last one reached holds."""

    label: str
    from_rank: int
    bp: int


class Grid(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The prices from a day to the day before another (None: open), in order of line, rebate, proration, cap.

    The result is rounded once, a half upwards, to a multiple of `step`; VAT is contained in it.
    """

    valid_from: date | None
    valid_until: date | None = None
    axes: tuple[Axis, ...] = ()
    lines: tuple[Line, ...] = ()
    rebates: tuple[Rebate, ...] = ()
    cap: Cents | None = None
    step: Cents = 1
    vat_bp: int = 0


def grid_on(grids: Iterable[Grid], day: date) -> Grid:
    """The grid of a day. Raises Invalid if there is none."""
    for grid in grids:
        starts = grid.valid_from
        if starts is not None and starts <= day and (grid.valid_until is None or day < grid.valid_until):
            return grid
    text = Text("There is no tariff for {day}.", {"day": day})
    raise Invalid(Refusal("no-tariff", text, "day"))


def said(axis: Axis, reach: Reach | None) -> str:
    """A line's reach on an axis as the CSV writes it: `..` between numbers, the last one excluded.

    >>> said(Axis(name="age", kind="int"), (3, None)), said(Axis(name="zone", kind="enum"), ("town", "near"))
    ('3..', 'town, near')
    """
    if reach is None:
        return "*"
    if axis.kind == "enum":
        return ", ".join(map(str, reach))
    low, high = reach
    return f"{'' if low is None else low}..{'' if high is None else high}"
