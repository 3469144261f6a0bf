"""Trying what something costs: values typed, the price with each step and the line that gave it; nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.errors import Invalid, NotFound, Refused
from parvis.office.tariffs import asking
from parvis.office.tariffs.asking import Answer
from parvis.office.tariffs.looking import SEE, TRY, Here, look
from parvis.payments.books import ledger
from parvis.payments.tariffs import typed_reading
from parvis.payments.tariffs.grids import Grid
from parvis.payments.tariffs.pricing import pricer
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_DRAFT = "draft"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Which grid: `draft`, or the day on which it begins."""

    grid: Annotated[str, fields.Reader(lambda raw: raw[:20])] = ""


@get("/office/{emitter:str}/tariffs/{activity:str}/try", **SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """What the price depends on."""
    here = await look(request, emitter, activity)
    return _page(request, here, forms.blank(grid=request.query_params.get("grid", "")))


@post("/office/{emitter:str}/tariffs/{activity:str}/try", **TRY)
async def work_out(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """The price of what was typed."""
    here, form = await look(request, emitter, activity), await forms.read(request, Tried)
    grid = _grid(here, form.text("grid"))
    if grid is None:
        return _page(request, here, form)
    try:
        price = pricer(grid).price(asking.ask_of(grid, form))
    except (Invalid, Refused) as refused:
        return _page(request, here, form.refused(refused.refusals))
    return _page(request, here, form, asking.answer(grid, price))


def _grid(here: Here, chosen: str) -> Grid | None:
    """The grid that was chosen; the one that holds today, or else the first to come, where none was. None for a draft
    that is not whole yet, or where there is nothing. Raises NotFound."""
    if chosen == _DRAFT:
        return typed_reading.read(here.kept_draft.typed).grid if here.changes else None
    if not chosen:
        return here.grid_on(ledger.today()) or next(iter(here.grids), None)
    found = next((grid for grid in here.grids if grid.valid_from and grid.valid_from.isoformat() == chosen), None)
    if found is None:
        raise NotFound
    return found


def _page(request: _AnyRequest, here: Here, form: Form[Any], answer: Answer | None = None) -> Response[Any]:
    grid = _grid(here, form.text("grid"))
    choices = [grid.valid_from for grid in here.grids if grid.valid_from]
    return pages.render(
        request,
        "office/tariffs/try.html",
        status=422 if form.errors else 200,
        page=here,
        grid=grid,
        choices=choices,
        questions=asking.questions(grid) if grid else [],
        form=form,
        answer=answer,
    )


HANDLERS = (ask, work_out)
