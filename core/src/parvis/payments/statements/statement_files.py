"""A provider's statement as a CSV file, where there is none to ask it for: one movement a line, any days. Pure.

Columns: reference, amount, kind, date, and fees where there are payouts. `kind` is capture, refund or payout;
encaissement, remboursement or versement. A payout's amount is what came in at the bank, its fees what was kept of
it. A file is about every day from its first to its last one: a day between them without a line had no movement.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Literal, TypeAlias

from parvis.contract.payments import Row, RowKind
from parvis.errors import Refusal, Refused, Text
from parvis.payments.money import Cents, euros
from parvis.payments.tariffs.sheet_cells import Cells, Unreadable

COLUMNS = ("reference", "amount", "kind", "date")
WITH_FEES = (*COLUMNS, "fees")
Kind: TypeAlias = Literal["capture", "refund", "payout"]
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "capture": "capture",
        "encaissement": "capture",
        "refund": "refund",
        "remboursement": "refund",
        "payout": "payout",
        "versement": "payout",
    }
)
_MOST_TOLD = 20
_MOST_DAYS = 400
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, by its number there: what moved on which day; `fees` are what was kept of a payout."""

    number: int
    day: date
    kind: Kind
    ref: str
    cents: Cents
    fees: Cents = 0

    @property
    def row(self) -> Row:
        """The movement that a capture or a refund is."""
        return Row(RowKind(self.kind), self.ref, self.cents)


def read(sheet: Iterable[str], today: date) -> Iterator[Line]:
    """The lines of a file, one after another.

    Raises Refused when it ends, with a sentence for each line that cannot be read, at most twenty: nothing that was
    given before is worth anything then.
    """
    rows = csv.reader(_unmarked(sheet), delimiter=";")
    try:
        columns = _columns(next(rows, []))
        numbered = ((rows.line_num, row) for row in rows if any(map(str.strip, row)))
        yield from _whole(_take(row, number, columns, today) for number, row in numbered)
    except csv.Error:
        text = Text("Line {line} cannot be read as part of a table.", {"line": rows.line_num})
        raise Refused(Refusal("sheet-broken", text, f"line {rows.line_num}")) from None


def write(statement: Mapping[date, Sequence[Row]]) -> str:
    """The file of a statement, with its days in order.

    >>> print(write({date(2026, 11, 2): (Row(RowKind.CAPTURE, "a1", 1250),)}))
    reference;amount;kind;date
    a1;12,50;capture;02/11/2026
    """
    lines = (
        f"{row.ref};{euros(row.cents)};{row.kind.value};{day:%d/%m/%Y}"
        for day in sorted(statement)
        for row in statement[day]
    )
    return "\n".join([";".join(COLUMNS), *lines])


def _unmarked(sheet: Iterable[str]) -> Iterator[str]:
    """The text without the byte order mark that spreadsheets put before it."""
    pieces = iter(sheet)
    return chain([next(pieces, "").removeprefix("\ufeff")], pieces)


def _columns(row: Sequence[str]) -> tuple[str, ...]:
    head = tuple(cell.strip().lower() for cell in row)
    if head not in (COLUMNS, WITH_FEES):
        text = Text("The first line must be: {columns}", {"columns": ";".join(COLUMNS)})
        raise Refused(Refusal("sheet-header", text, "line 1"))
    return head


def _whole(taken: Iterable[Line | Refusal]) -> Iterator[Line]:
    """The lines, as long as none is wrong; then every sentence there is to say. Raises Refused."""
    faults, days = list[Refusal](), set[date]()
    for one in taken:
        if isinstance(one, Refusal):
            faults.append(one)
        elif not faults:
            days.add(one.day)
            yield one
        if len(faults) == _MOST_TOLD:
            break
    if faults:
        raise Refused(faults)
    _check(days)


def _check(days: set[date]) -> None:
    if not days:
        raise Refused(Refusal("statement-empty", Text("The file has no movement."), "file"))
    count = (max(days) - min(days)).days + 1
    if count > _MOST_DAYS:
        text = Text("The file is about {days} days: at most {most}.", {"days": count, "most": _MOST_DAYS})
        raise Refused(Refusal("statement-long", text, "file"))


def _take(row: Sequence[str], number: int, columns: Sequence[str], today: date) -> Line | Refusal:
    where = f"line {number}"
    if len(row) != len(columns):
        counts = {"line": number, "cells": len(row), "wanted": len(columns)}
        text = Text("Line {line} has {cells} cells instead of {wanted}: a semicolon too many or too few.", counts)
        return Refusal("sheet-cells", text, where)
    cells = Cells({"fees": ""} | {name: cell.strip() for name, cell in zip(columns, row, strict=True)})
    try:
        return _line(cells, number, today)
    except Unreadable as fault:
        told = {"line": number, "column": fault.column, "what": fault.text}
        return Refusal("sheet-cell", Text("Line {line}, {column}: {what}", told), where)


def _line(cells: Cells, number: int, today: date) -> Line:
    day, ref, kind = _day(cells, today), _ref(cells), cells.text("kind").lower()
    if kind not in _KINDS:
        raise Unreadable("kind", Text("“{value}” is none of {known}", {"value": kind, "known": ", ".join(_KINDS)}))
    cents, fees = cells.amount("amount"), cells.amount_or("fees", 0) or 0
    if not cents:
        raise Unreadable("amount", Text("A movement of nothing is none."))
    if fees and _KINDS[kind] != "payout":
        raise Unreadable("fees", Text("Only a payout has fees."))
    return Line(number, day, _KINDS[kind], ref, cents, fees)


def _ref(cells: Cells) -> str:
    ref = cells.text("reference")
    if len(ref) > _LONGEST or not ref.isprintable():
        raise Unreadable("reference", Text("has at most {most} signs", {"most": _LONGEST}))
    return ref


def _day(cells: Cells, today: date) -> date:
    day = cells.day("date")
    if day > today:
        raise Unreadable("date", Text("That day is still to come."))
    return day
