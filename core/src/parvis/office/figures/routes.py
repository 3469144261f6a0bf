"""The page of figures and its files."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.identity import guards
from parvis.indicators.rules import FEWEST, Span
from parvis.office.figures import pictures
from parvis.office.figures.report import Report, Row, report, rows
from parvis.office.permissions import FIGURES
from parvis.territory import queries as territory
from parvis.web import formats, forms, i18n, pages

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(FIGURES), "reader", "agent", "manager")


class Asked(msgspec.Struct, frozen=True):
    """Which weeks."""

    span: Span = "past"


@get("/office/{emitter:str}/figures", **_SEE)
async def show(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Pictures with their tables."""
    found = await _report(request, emitter)
    return pages.render(
        request,
        "office/figures/figures.html",
        report=found,
        bars=pictures.bars(found.weeks),
        width=pictures.width(found.weeks),
        squares=pictures.squares(found.hours),
        shown=pictures.hours_shown(found.hours),
        sizes=(pictures.HEIGHT, pictures.BAR, pictures.SQUARE),
        weekdays=formats.weekdays(i18n.language(request)),
        fewest=FEWEST,
        base=f"/office/{emitter}/figures",
    )


@get("/office/{emitter:str}/figures.csv", **_SEE)
async def as_csv(request: _AnyRequest, emitter: FromPath[str]) -> Response[str]:
    """What the page shows as a table; with a byte order mark and semicolons, as spreadsheets in France expect it."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(Row._fields)
    table.writerows(rows(await _report(request, emitter)))
    headers = {"Content-Disposition": f'attachment; filename="{emitter}-figures.csv"'}
    return Response("\ufeff" + written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@get("/office/{emitter:str}/figures.json", **_SEE)
async def as_json(request: _AnyRequest, emitter: FromPath[str]) -> Response[bytes]:
    """The same for programs."""
    found = await _report(request, emitter)
    told = {"since": found.over.since, "until": found.over.until, "rows": [row._asdict() for row in rows(found)]}
    return Response(msgspec.json.encode(told), media_type="application/json")


async def _report(request: _AnyRequest, emitter: str) -> Report:
    asked = forms.query(request, Asked).decoded or Asked()
    return await report(await territory.emitter_by_slug(emitter), asked.span)


HANDLERS = (show, as_csv, as_json)
