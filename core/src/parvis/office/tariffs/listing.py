"""The tariffs of an emitter, and the beginning of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.db import fold, transaction
from parvis.errors import Conflict, Refusal, Text
from parvis.identity import guards
from parvis.office.permissions import SET_TARIFFS
from parvis.office.tariffs.looking import CHANGE, EDIT, SEE, holds, slug_of
from parvis.payments.books import ledger
from parvis.payments.tariffs import catalogue, drafts
from parvis.payments.tariffs.grids import Grid
from parvis.payments.tariffs.typed_grids import Typed
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_THERE = Text("There is a tariff of this name already.")


class NewTariff(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff to begin."""

    name: Annotated[fields.Line, msgspec.Meta(max_length=120), fields.Missing(Text("Say what the tariff is called."))]
    how: Literal["typed", "sheet"] = "typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tariff in the list: what holds today, what is to come, and whether somebody drafts something."""

    activity: str
    name: str
    grid: Grid | None
    coming: tuple[date, ...]
    drafted: bool


@get("/office/{emitter:str}/tariffs", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Each tariff with what holds today and what is to come."""
    own, actor = await territory.emitter_by_slug(emitter), guards.actor_of(request)
    return pages.render(
        request,
        "office/tariffs/tariffs.html",
        base=f"/office/{emitter}/tariffs",
        entries=await _entries(own),
        may_change=actor.may(SET_TARIFFS, emitter),
        told=request.query_params.get("told", ""),
    )


@get("/office/{emitter:str}/tariffs/new", **EDIT)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What is it called, and is it typed or brought in?"""
    return _form(request, await territory.emitter_by_slug(emitter), forms.blank(how="typed"))


@post("/office/{emitter:str}/tariffs/new", **CHANGE)
async def begin(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Begin it."""
    own, form = await territory.emitter_by_slug(emitter), await forms.read(request, NewTariff)
    if form.errors:
        return _form(request, own, form)
    typed, actor = form.value, guards.actor_of(request)
    activity = slug_of(typed.name)
    if activity in {entry.activity for entry in await _entries(own)}:
        return _form(request, own, form.refused([Refusal("tariff-there", _THERE, "name")]))
    blank = Typed(name=typed.name, valid_from=ledger.today().isoformat(), step="0,01")
    try:
        async with transaction():
            await drafts.begin(own.id, activity, blank, actor.person)
            await audit.trace(actor, "begin-tariff", "tariff", emitter=own.id, activity=activity)
    except Conflict:
        return _form(request, own, form.refused([Refusal("tariff-there", _THERE, "name")]))
    return pages.see_other(f"/office/{emitter}/tariffs/{activity}/{'import' if typed.how == 'sheet' else 'draft'}")


async def _entries(own: EmitterInfo) -> list[Entry]:
    today = ledger.today()
    drafted = {draft.activity: draft for draft in await drafts.drafts_of(own.id)}
    kept = [
        Entry(
            activity=tariff.activity,
            name=tariff.title,
            grid=next((grid for grid in tariff.grids if holds(grid, today)), None),
            coming=tuple(grid.valid_from for grid in tariff.grids if grid.valid_from and grid.valid_from > today),
            drafted=drafted.pop(tariff.activity, None) is not None,
        )
        for tariff in await catalogue.tariffs_of(own.id)
    ]
    new = [
        Entry(activity=draft.activity, name=draft.typed.name or draft.activity, grid=None, coming=(), drafted=True)
        for draft in drafted.values()
    ]
    return sorted([*kept, *new], key=lambda entry: fold(entry.name))


def _form(request: _AnyRequest, own: EmitterInfo, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tariffs/new.html",
        status=422 if form.errors else 200,
        base=f"/office/{own.slug}/tariffs",
        form=form,
    )


HANDLERS = (listed, ask, begin)
