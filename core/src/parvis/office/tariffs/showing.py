"""One tariff: what holds, what is to come, what is past, its changes; a draft begun from a grid, a grid taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.identity import queries as people
from parvis.office.tariffs import laying
from parvis.office.tariffs.laying import Table
from parvis.office.tariffs.looking import CHANGE, SEE, Here, holds, look
from parvis.payments.books import ledger
from parvis.payments.tariffs import catalogue, drafts, explaining, typed_grids
from parvis.payments.tariffs.catalogue import TariffChanged
from parvis.payments.tariffs.grids import Grid
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_LARGE = Text("This grid has too many prices for a table: take it out as a sheet, and bring it in again.")
_DRAFTED = Text("There is a draft already: go on with it, or throw it away first.")
_CHOOSE = Text("Choose one of the grids.")


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A grid by its first day; `replace`: to be changed in its place, and not followed by another."""

    grid: Annotated[date, fields.Missing(_CHOOSE)]
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A grid with its table (None where it is too large for one), and up to which day it has given prices."""

    grid: Grid
    table: Table | None
    priced: date | None


@get("/office/{emitter:str}/tariffs/{activity:str}", **SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """A tariff at a glance."""
    return await _page(request, await look(request, emitter, activity), forms.blank())


@get("/office/{emitter:str}/tariffs/{activity:str}/sheet.csv", **SEE)
async def sheet(emitter: FromPath[str], activity: FromPath[str], request: _AnyRequest) -> Response[bytes]:
    """The whole tariff as a CSV sheet."""
    here = await look(request, emitter, activity)
    return csv_file(await catalogue.export_sheet(here.emitter.id, activity), f"tarif-{activity}.csv")


@post("/office/{emitter:str}/tariffs/{activity:str}/drafts", **CHANGE)
async def draft_from(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Begin a draft with the prices of a grid: to follow it, or one to come in its place."""
    here, form = await look(request, emitter, activity), await forms.read(request, Chosen)
    if form.errors:
        return await _page(request, here, form)
    try:
        async with transaction():
            await _begin(here, form.value)
            await here.trace("begin-tariff", grid=form.value.grid.isoformat())
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/draft")


@post("/office/{emitter:str}/tariffs/{activity:str}/withdraw", **CHANGE)
async def withdraw(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Take a grid to come back; where nothing else is drafted, it becomes a draft."""
    here, form = await look(request, emitter, activity), await forms.read(request, Chosen)
    if form.errors:
        return await _page(request, here, form)
    try:
        async with transaction():
            gone = await catalogue.withdraw(here.emitter.id, activity, form.value.grid, by=here.by)
            await here.trace("withdraw-tariff", grid=form.value.grid.isoformat())
            typed = typed_grids.of_grid(gone, here.title)
            if here.draft is None and typed is not None:
                await drafts.begin(here.emitter.id, activity, typed, here.by)
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}?told=withdrawn")


def csv_file(content: str, name: str) -> Response[bytes]:
    """A sheet to keep."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content.encode(), media_type="text/csv; charset=utf-8", headers=headers)


async def _begin(here: Here, chosen: Chosen) -> None:
    if here.tariff is None:
        raise NotFound
    grid, today = here.tariff.starting(chosen.grid), ledger.today()
    if chosen.replace and grid.valid_from and grid.valid_from <= today:
        raise Refused(Refusal("grid-holds", Text("This grid holds already. Begin another one later.")))
    typed = typed_grids.of_grid(grid, here.title)
    if typed is None:
        raise Refused(Refusal("table-large", _LARGE))
    if not chosen.replace:
        begins = max(today + timedelta(days=1), (grid.valid_from or today) + timedelta(days=1))
        typed = msgspec.structs.replace(typed, valid_from=begins.isoformat(), valid_until="")
    try:
        await drafts.begin(here.emitter.id, here.activity, typed, here.by, chosen.grid if chosen.replace else None)
    except Conflict as conflict:
        raise Refused(Refusal("tariff-drafted", _DRAFTED)) from conflict


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    today = ledger.today()
    priced = await catalogue.last_days(here.tariff.id) if here.tariff else {}
    shown = [Shown(grid, laying.of(grid), priced.get(grid.valid_from or date.min)) for grid in here.grids]
    changes = await catalogue.history(here.tariff.id, 10) if here.tariff else []
    by = {change.person for change in changes if change.person}
    return pages.render(
        request,
        "office/tariffs/tariff.html",
        status=409 if form.errors else 200,
        page=here,
        now_=[one for one in shown if holds(one.grid, today)],
        coming=[one for one in shown if (one.grid.valid_from or today) > today],
        past=[one for one in shown if one.grid.valid_until and one.grid.valid_until <= today],
        changes=[(change, _said(change)) for change in changes],
        names=await people.names([*by, *([here.draft.person] if here.draft and here.draft.person else [])]),
        line_said=explaining.reaches,
        form=form,
        told=request.query_params.get("told", ""),
    )


def _said(change: TariffChanged) -> list[Text]:
    """What a change did to the grids, by their first days."""
    before = {grid.valid_from: grid for grid in change.before}
    after = {grid.valid_from: grid for grid in change.after}
    told = [Text("Prices from {day} added", {"day": day}) for day in _in_order(after.keys() - before.keys())]
    told += [Text("Prices from {day} taken back", {"day": day}) for day in _in_order(before.keys() - after.keys())]
    for day in _in_order(before.keys() & after.keys()):
        if before[day] == after[day]:
            continue
        if msgspec.structs.replace(before[day], valid_until=after[day].valid_until) == after[day]:
            told.append(Text("Prices from {day} end on another day", {"day": day}))
        else:
            told.append(Text("Prices from {day} changed", {"day": day}))
    return told


def _in_order(days: Iterable[date | None]) -> list[date]:
    return sorted(day for day in days if day)


HANDLERS = (show, sheet, draft_from, withdraw)
