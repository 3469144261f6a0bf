"""Rows as a spreadsheet in France reads them. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# What a spreadsheet would run as a formula, whoever typed it; an amount below zero is none.
_FORMULA = re.compile(r"[=+@\t\r]|-(?![0-9])")
MARK = "\ufeff"


def written(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV with semicolons; text that looks like a formula is text.

    >>> written([("a", "-0,07", "=1+1")])
    "a;-0,07;'=1+1\\r\\n"
    """
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=";", lineterminator="\r\n").writerows([_plain(cell) for cell in row] for row in rows)
    return sheet.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
