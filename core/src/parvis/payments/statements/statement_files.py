"""A provider's statement as a CSV file, where there is none to ask it for: one movement a line, any days. Pure.

Columns: reference, amount, kind, date. `kind` is capture or refund, encaissement or remboursement. A file is about
every day from its first to its last one: a day between them without a line had no movement.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import TypeAlias

from parvis.contract.payments import Row, RowKind
from parvis.errors import Refusal, Refused, Text
from parvis.payments.money import euros
from parvis.payments.tariffs.sheet_cells import Cells, Unreadable

COLUMNS = ("reference", "amount", "kind", "date")
Statement: TypeAlias = Mapping[date, tuple[Row, ...]]
_KINDS = MappingProxyType(
    {
        "capture": RowKind.CAPTURE,
        "encaissement": RowKind.CAPTURE,
        "refund": RowKind.REFUND,
        "remboursement": RowKind.REFUND,
    }
)
_MOST_TOLD = 20
_MOST_DAYS = 92
_LONGEST = 200


def read(sheet: str, today: date) -> Statement:
    """The movements of each day from the first to the last one of a file.

    Raises Refused with a sentence for each line that cannot be read, at most twenty.
    """
    rows = csv.reader(io.StringIO(sheet.removeprefix("\ufeff")), delimiter=";")
    found: dict[date, tuple[Row, ...]] = {}
    try:
        head = [cell.strip().lower() for cell in next(rows, [])]
        if head != [*COLUMNS]:
            text = Text("The first line must be: {columns}", {"columns": ";".join(COLUMNS)})
            raise Refused(Refusal("sheet-header", text, "line 1"))
        told = [_take(row, rows.line_num, today, found) for row in rows if any(map(str.strip, row))]
    except csv.Error:
        text = Text("Line {line} cannot be read as part of a table.", {"line": rows.line_num})
        raise Refused(Refusal("sheet-broken", text, f"line {rows.line_num}")) from None
    if faults := [fault for fault in told if fault]:
        raise Refused(faults[:_MOST_TOLD])
    return _whole(found)


def write(statement: Statement) -> str:
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


def _take(row: list[str], number: int, today: date, found: dict[date, tuple[Row, ...]]) -> Refusal | None:
    where = f"line {number}"
    if len(row) != len(COLUMNS):
        counts = {"line": number, "cells": len(row), "wanted": len(COLUMNS)}
        text = Text("Line {line} has {cells} cells instead of {wanted}: a semicolon too many or too few.", counts)
        return Refusal("sheet-cells", text, where)
    cells = Cells({name: cell.strip() for name, cell in zip(COLUMNS, row, strict=True)})
    try:
        day, movement = _day(cells, today), _movement(cells)
    except Unreadable as fault:
        told = {"line": number, "column": fault.column, "what": fault.text}
        return Refusal("sheet-cell", Text("Line {line}, {column}: {what}", told), where)
    found[day] = (*found.get(day, ()), movement)
    return None


def _movement(cells: Cells) -> Row:
    ref, kind = cells.text("reference"), cells.text("kind").lower()
    if len(ref) > _LONGEST or not ref.isprintable():
        raise Unreadable("reference", Text("has at most {most} signs", {"most": _LONGEST}))
    if kind not in _KINDS:
        raise Unreadable("kind", Text("“{value}” is none of {known}", {"value": kind, "known": ", ".join(_KINDS)}))
    cents = cells.amount("amount")
    if not cents:
        raise Unreadable("amount", Text("A movement of nothing is none."))
    return Row(_KINDS[kind], ref, cents)


def _day(cells: Cells, today: date) -> date:
    day = cells.day("date")
    if day > today:
        raise Unreadable("date", Text("That day is still to come."))
    return day


def _whole(found: Mapping[date, tuple[Row, ...]]) -> Statement:
    if not found:
        raise Refused(Refusal("statement-empty", Text("The file has no movement."), "file"))
    first, last = min(found), max(found)
    days = (last - first).days + 1
    if days > _MOST_DAYS:
        text = Text("The file is about {days} days: at most {most}.", {"days": days, "most": _MOST_DAYS})
        raise Refused(Refusal("statement-long", text, "file"))
    return {day: found.get(day, ()) for day in (first + timedelta(days=ahead) for ahead in range(days))}
