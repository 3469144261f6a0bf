"""What was typed read as a grid, with every fault at its field and its cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from parvis.errors import Invalid, Refusal, Text
from parvis.payments.money import read_cents
from parvis.payments.tariffs import checks
from parvis.payments.tariffs.grids import Grid, Line, Rate, Rebate
from parvis.payments.tariffs.sheets import BP_UNITS, PPM_UNITS
from parvis.payments.tariffs.typed_bands import ALL, Part, axis_faults, axis_of, overlaps
from parvis.payments.tariffs.typed_grids import MOST_CELLS, Shape, Typed, TypedRebate, key_of, shape_of
from parvis.web import fields

_SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,4}))?\s*%?", re.ASCII)
_RATE = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,4})?)\s*%\s*([^\W\d][\w -]{0,39}?)(?:\s+([0-9 ,.]*?)\.\.([0-9 ,.]*))?")
_RANK = re.compile(r"[0-9]{1,3}")
_GAP = Text("There is no price here.")
_OVERLAP = Text("Two lines hold here.")
_MANY = Text("The table would have {n} prices: bring so large a tariff in as a sheet.")
# Where `checks` says of a grid what is wrong, and where that was typed.
_FIELDS = {"axes": "axes-0-name", "rebates": "rebates-0-label", "vat_bp": "vat", "lines": "cell-0"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was typed: the grid once nothing is wrong, all faults by field, what is said in the cells' own place, and
    from which day it holds."""

    grid: Grid | None
    faults: tuple[Refusal, ...]
    shape: Shape
    marks: Mapping[int, Text]
    valid_from: date | None = None


def read(typed: Typed) -> Reading:
    """Read a typed grid; a fault's field is the form's, `cell-7` for the eighth price of the table."""
    shape = shape_of(typed)
    faults: list[Refusal] = [*_frame(typed), *_axes(typed)]
    frame, starts = _numbers(typed, faults), _day(typed.valid_from)
    if shape.size > MOST_CELLS:
        faults.append(Refusal("table-large", Text(_MANY.msgid, {"n": shape.size}), "axes-0-parts"))
        return Reading(None, tuple(faults), Shape((), ()), {}, starts)
    lines, marks = _cells(typed, shape)
    faults += [_at_cell(number, text, shape) for number, text in marks.items()]
    if faults:
        return Reading(None, tuple(faults), shape, marks, starts)
    grid = Grid(axes=tuple(axis_of(axis) for axis in shape.axes), lines=tuple(lines), **frame)
    wrong = tuple(_moved(one) for one in checks.grid_refusals(grid))
    return Reading(None if wrong else grid, wrong, shape, marks, starts)


def read_price(text: str) -> Line:
    """A cell: an amount, or a share of what is asked for within bounds. Raises Invalid.

    >>> read_price("0,0619 % income 0,50..4").rate
    Rate(of='income', ppm=619, least=50, most=400)
    """
    if "%" not in text:
        return Line(cents=read_cents(text))
    found = _RATE.fullmatch(text.strip())
    if found is None:
        told = Text("“{typed}” is no share such as: 0,0619 % income 0,50..4,00", {"typed": text[:40]})
        raise Invalid(Refusal("rate-unreadable", told))
    least, most = (read_cents(bound) if bound and bound.strip() else None for bound in found.groups()[2:])
    return Line(rate=Rate(of=found[2].strip(), ppm=read_share(found[1], PPM_UNITS), least=least or 0, most=most))


def read_share(typed: str, units: int, field: str | None = None) -> int:
    """A percentage in parts of which `units` make one percent. Raises Invalid.

    >>> read_share("5,5 %", 100), read_share("20", 100)
    (550, 2000)
    """
    found = _SHARE.fullmatch(typed.strip())
    places = len(str(units)) - 1
    if found is None or len((found[2] or "").rstrip("0")) > places:
        text = Text("“{typed}” is not a percentage such as 12,5 %", {"typed": typed[:40]})
        raise Invalid(Refusal("share-unreadable", text, field))
    return int(found[1]) * units + int((found[2] or "0").ljust(places, "0")[:places])


def _frame(typed: Typed) -> Iterator[Refusal]:
    if not typed.name:
        yield Refusal("tariff-name", Text("Say what the tariff is called."), "name")
    for field in ("valid_from", "valid_until"):
        text = getattr(typed, field)
        if text and isinstance(wrong := fields.day(text), Text):
            yield Refusal("tariff-day", wrong, field)
    if not typed.valid_from:
        yield Refusal("tariff-undated", Text("Say from which day it holds."), "valid_from")
    first, last = _day(typed.valid_from), _day(typed.valid_until)
    if first and last and last <= first:
        text = Text("A tariff from {first} cannot end on {last}.", {"first": first, "last": last})
        yield Refusal("tariff-dates", text, "valid_until")


def _axes(typed: Typed) -> Iterator[Refusal]:
    names = [axis.name for axis in typed.axes]
    by_axis = dict(zip(shape_of(typed).axes, shape_of(typed).parts, strict=True))
    for number, axis in enumerate(typed.axes):
        yield from axis_faults(axis, by_axis.get(axis, ()), f"axes-{number}")
        if axis.name and axis.name in names[:number]:
            yield Refusal("axis-twice", Text("“{axis}” is there twice.", {"axis": axis.name}), f"axes-{number}-name")


def _numbers(typed: Typed, faults: list[Refusal]) -> dict[str, Any]:
    """The frame's values; what cannot be read is added to the faults."""
    readers: dict[str, Callable[[], Any]] = {
        "cap": lambda: read_cents(typed.cap, "cap") if typed.cap else None,
        "step": lambda: read_cents(typed.step, "step") if typed.step else 1,
        "vat_bp": lambda: read_share(typed.vat, BP_UNITS, "vat") if typed.vat else 0,
    }
    for number, one in enumerate(typed.rebates):
        readers[f"rebate {number}"] = partial(_rebate, one, number)
    found: dict[str, Any] = {}
    for key, reader in readers.items():
        try:
            found[key] = reader()
        except Invalid as invalid:
            faults += invalid.refusals
    rebates = tuple(found.pop(key) for key in [*found] if key.startswith("rebate "))
    return {**found, "valid_from": _day(typed.valid_from), "valid_until": _day(typed.valid_until), "rebates": rebates}


def _rebate(typed: TypedRebate, number: int) -> Rebate:
    rank, label = typed.from_rank, typed.label
    if not label:
        raise Invalid(Refusal("rebate-label", Text("Say what the rebate is called."), f"rebates-{number}-label"))
    if not _RANK.fullmatch(rank):
        text = Text("“{typed}” is not a whole number", {"typed": rank})
        raise Invalid(Refusal("rebate-rank", text, f"rebates-{number}-from_rank"))
    return Rebate(label=label, from_rank=int(rank), bp=read_share(typed.share, BP_UNITS, f"rebates-{number}-share"))


def _cells(typed: Typed, shape: Shape) -> tuple[list[Line], dict[int, Text]]:
    doubled = _doubled(shape)
    lines, marks = [], {}
    for number, parts in enumerate(shape.cells()):
        text = typed.cells.get(key_of(parts), "").strip()
        if any((place, part) in doubled for place, part in enumerate(parts)):
            marks[number] = _OVERLAP
        try:
            if text:
                lines.append(_line(read_price(text), shape, parts))
            else:
                marks.setdefault(number, _GAP)
        except Invalid as invalid:
            marks[number] = invalid.refusals[0].text
    return lines, marks


def _line(price: Line, shape: Shape, parts: Sequence[Part]) -> Line:
    named = zip(shape.axes, parts, strict=True)
    when = {axis.name: part.reach for axis, part in named if part.reach and part.reach != ALL}
    return Line(when=when, cents=price.cents, rate=price.rate)


def _doubled(shape: Shape) -> set[tuple[int, Part]]:
    """The parts, by place of their axis, that have something in common with another."""
    return {
        (place, parts[which])
        for place, (axis, parts) in enumerate(zip(shape.axes, shape.parts, strict=True))
        for pair in overlaps(axis, parts)
        for which in pair
    }


def _at_cell(number: int, text: Text, shape: Shape) -> Refusal:
    parts = next(parts for place, parts in enumerate(shape.cells()) if place == number)
    where = ", ".join(f"{axis.name} {part.text}" for axis, part in zip(shape.axes, parts, strict=True))
    told = Text("{where}: {what}", {"where": where, "what": text}) if where else text
    return Refusal("cell", told, f"cell-{number}")


def _moved(fault: Refusal) -> Refusal:
    field = fault.field or ""
    cell = f"cell-{int(field.partition('.')[2]) - 1}" if field.startswith("lines.") else _FIELDS.get(field, field)
    return Refusal(fault.code, fault.text, cell)


def _day(text: str) -> date | None:
    found = fields.day(text) if text else None
    return found if isinstance(found, date) else None
