"""Reading a tariff's CSV sheet: every fault with its line and column, so that nothing is half-written. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias

from parvis.errors import Refusal, Refused, Text
from parvis.payments.tariffs.grids import Axis, Grid, Line, Rate, Rebate
from parvis.payments.tariffs.sheet_cells import ANY, Cells, Unreadable
from parvis.payments.tariffs.sheets import AFTER, BEFORE, BP_UNITS, PPM_UNITS, columns

_MOST_TOLD = 20
_MOST_ROWS = 20_000
_Dates: TypeAlias = tuple[date, date | None]


@dataclass(slots=True)
class _Draft:
    """What the rows of the same days have said so far; `rest` are cap, step and VAT."""

    lines: list[Line] = field(default_factory=list)
    rebates: list[Rebate] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)


def read(sheet: str, axes: Sequence[Axis]) -> tuple[Grid, ...]:
    """The grids of a sheet, in order of their days; whether they have gaps is not looked at here.

    Raises Refused with a sentence for each row that cannot be read, at most twenty.
    """
    rows = csv.reader(io.StringIO(sheet.removeprefix("\ufeff")), delimiter=";")
    wanted = columns(axes)
    if [cell.strip() for cell in next(rows, [])] != wanted:
        text = Text("The first line must be: {columns}", {"columns": ";".join(wanted)})
        raise Refused(Refusal("sheet-header", text, "line 1"))
    drafts: dict[_Dates, _Draft] = {}
    found = (_read_row(row, rows.line_num, wanted, axes, drafts) for row in rows if any(map(str.strip, row)))
    try:
        faults = [fault for fault in found if fault is not None]
    except csv.Error:
        text = Text("Line {line} cannot be read as part of a table.", {"line": rows.line_num})
        raise Refused(Refusal("sheet-broken", text, f"line {rows.line_num}")) from None
    if faults:
        raise Refused(faults[:_MOST_TOLD])
    return tuple(_grid(dates, drafts[dates], axes) for dates in sorted(drafts, key=lambda one: one[0]))


def axes_in(sheet: str, known: Sequence[Axis] = ()) -> tuple[Axis, ...]:
    """The axes of a sheet: those that are known by their columns' names, the others as their cells look."""
    try:
        rows = list(csv.reader(io.StringIO(sheet.removeprefix("\ufeff")), delimiter=";"))[:_MOST_ROWS]
    except csv.Error:
        return ()
    there = {axis.name: axis for axis in known}
    head = [cell.strip() for cell in rows[0]] if rows else []
    named = [(place, name) for place, name in enumerate(head) if name and name not in {*BEFORE, *AFTER}]
    return tuple(
        there.get(name) or _guessed(name, [row[place] for row in rows[1:] if place < len(row)]) for place, name in named
    )


def _guessed(name: str, cells: Sequence[str]) -> Axis:
    said = [cell.strip() for cell in cells if cell.strip() not in ANY]
    if said and all(".." in cell for cell in said):
        return Axis(name=name, kind="int")
    values = (value.strip() for cell in said for value in cell.split(","))
    return Axis(name=name, kind="enum", values=tuple(dict.fromkeys(filter(None, values))))


def _read_row(
    row: list[str], number: int, wanted: list[str], axes: Sequence[Axis], drafts: dict[_Dates, _Draft]
) -> Refusal | None:
    where = f"line {number}"
    if number > _MOST_ROWS:
        return Refusal("sheet-long", Text("The sheet has more than {most} lines.", {"most": _MOST_ROWS}), where)
    if len(row) != len(wanted):
        counts = {"line": number, "cells": len(row), "wanted": len(wanted)}
        text = Text("Line {line} has {cells} cells instead of {wanted}: a semicolon too many or too few.", counts)
        return Refusal("sheet-cells", text, where)
    cells = Cells({name: cell.strip() for name, cell in zip(wanted, row, strict=True)})
    try:
        dates = cells.first_day(), cells.end_day()
        _taker(cells)(drafts.setdefault(dates, _Draft()), cells, axes)
    except Unreadable as fault:
        told = {"line": number, "column": fault.column, "what": fault.text}
        return Refusal("sheet-cell", Text("Line {line}, {column}: {what}", told), where)
    return None


def _taker(cells: Cells) -> Callable[[_Draft, Cells, Sequence[Axis]], None]:
    sort = cells.text("sort")
    if sort not in _TAKERS:
        known = {"value": sort, "known": ", ".join(_TAKERS)}
        raise Unreadable("sort", Text("“{value}” is none of {known}", known))
    return _TAKERS[sort]


def _take_price(draft: _Draft, cells: Cells, axes: Sequence[Axis]) -> None:
    draft.lines.append(Line(when=_when(cells, axes), cents=cells.amount("amount")))


def _take_rate(draft: _Draft, cells: Cells, axes: Sequence[Axis]) -> None:
    least, most = cells.amount_or("least", 0), cells.amount_or("most", None)
    rate = Rate(of=cells.text("of"), ppm=cells.share(PPM_UNITS), least=least or 0, most=most)
    draft.lines.append(Line(when=_when(cells, axes), rate=rate))


def _take_rebate(draft: _Draft, cells: Cells, _: Sequence[Axis]) -> None:
    draft.rebates.append(Rebate(label=cells.text("label"), from_rank=cells.rank(), bp=cells.share(BP_UNITS)))


def _take_cap(draft: _Draft, cells: Cells, _: Sequence[Axis]) -> None:
    _once(draft, "cap", cells.amount("amount"))


def _take_step(draft: _Draft, cells: Cells, _: Sequence[Axis]) -> None:
    _once(draft, "step", cells.amount("amount"))


def _take_vat(draft: _Draft, cells: Cells, _: Sequence[Axis]) -> None:
    _once(draft, "vat_bp", cells.share(BP_UNITS))


_TAKERS: Mapping[str, Callable[[_Draft, Cells, Sequence[Axis]], None]] = MappingProxyType(
    {
        "price": _take_price,
        "rate": _take_rate,
        "rebate": _take_rebate,
        "cap": _take_cap,
        "step": _take_step,
        "vat": _take_vat,
    }
)


def _once(draft: _Draft, key: str, value: int) -> None:
    if key in draft.rest:
        raise Unreadable("sort", Text("is said twice for the same days"))
    draft.rest[key] = value


def _when(cells: Cells, axes: Sequence[Axis]) -> dict[str, tuple[str | int | None, ...]]:
    reached = ((axis.name, cells.reach(axis)) for axis in axes)
    return {name: reach for name, reach in reached if reach is not None}


def _grid(dates: _Dates, draft: _Draft, axes: Sequence[Axis]) -> Grid:
    first, end = dates
    lines, rebates = tuple(draft.lines), tuple(draft.rebates)
    return Grid(valid_from=first, valid_until=end, axes=tuple(axes), lines=lines, rebates=rebates, **draft.rest)
