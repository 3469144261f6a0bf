"""A tariff as a CSV sheet and back: one dated line a row, semicolons, decimal commas. Pure.

Columns: from, until, sort, one for each axis, rank, label, amount, of, least, most. `sort` is price, rate, rebate, cap,
step or vat; rows of the same days are one grid. A band of numbers is written `3..6`, the last one excluded, as nothing
that a spreadsheet takes for a date; an empty cell or `*` does not matter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from parvis.payments.money import euros
from parvis.payments.tariffs.grids import Axis, Grid, Line, said

BEFORE = ("from", "until", "sort")
AFTER = ("rank", "label", "amount", "of", "least", "most")
BP_UNITS, PPM_UNITS = 100, 10_000


def columns(axes: Iterable[Axis]) -> list[str]:
    """The sheet's first row."""
    return [*BEFORE, *(axis.name for axis in axes), *AFTER]


def write(grids: Sequence[Grid], axes: Sequence[Axis]) -> str:
    """The sheet, with a byte order mark, for spreadsheets."""
    written = io.StringIO()
    table = csv.DictWriter(written, columns(axes), restval="", delimiter=";", lineterminator="\r\n")
    table.writeheader()
    for grid in grids:
        dates = {"from": _day(grid.valid_from), "until": _day(grid.valid_until)}
        table.writerows({**dates, **row} for row in _rows(grid, axes))
    return "\ufeff" + written.getvalue()


def _rows(grid: Grid, axes: Sequence[Axis]) -> Iterator[dict[str, str]]:
    for line in grid.lines:
        yield {**{axis.name: said(axis, line.when.get(axis.name)) for axis in axes}, **_priced(line)}
    for rebate in grid.rebates:
        part = share(rebate.bp, BP_UNITS)
        yield {"sort": "rebate", "rank": str(rebate.from_rank), "label": rebate.label, "amount": part}
    if grid.cap is not None:
        yield {"sort": "cap", "amount": euros(grid.cap)}
    if grid.step != 1:
        yield {"sort": "step", "amount": euros(grid.step)}
    if grid.vat_bp:
        yield {"sort": "vat", "amount": share(grid.vat_bp, BP_UNITS)}


def _priced(line: Line) -> dict[str, str]:
    if line.rate is None:
        return {"sort": "price", "amount": euros(line.cents or 0)}
    most = "" if line.rate.most is None else euros(line.rate.most)
    part = share(line.rate.ppm, PPM_UNITS)
    return {"sort": "rate", "amount": part, "of": line.rate.of, "least": euros(line.rate.least), "most": most}


def share(part: int, units: int) -> str:
    """A share as a percentage, of which `units` parts make one percent.

    >>> share(1250, 100), share(619, 10_000)
    ('12,50 %', '0,0619 %')
    """
    whole, rest = divmod(part, units)
    return f"{whole},{str(rest).zfill(len(str(units)) - 1)} %"


def _day(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""
