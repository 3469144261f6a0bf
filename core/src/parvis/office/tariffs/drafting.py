"""A draft in the editor: everything is in the form, and kept as it is typed; what is wrong is said where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Conflict
from parvis.identity import queries as people
from parvis.office.tariffs import laying
from parvis.office.tariffs.looking import CHANGE, EDIT, Here, look
from parvis.payments.tariffs import drafts, typed_reading
from parvis.payments.tariffs.typed_bands import TypedAxis
from parvis.payments.tariffs.typed_grids import MOST_CELLS, Typed, TypedRebate, key_of, shape_of
from parvis.web import fields, forms, pages
from parvis.web.fields import Reader
from parvis.web.forms import Form, Raw

_AnyRequest = Request[Any, Any, Any]
_LINE, _NAME = 200, 120
_MOST_SAID = 12
Short = Annotated[str, Reader(lambda raw: fields.line(raw[:_LINE]))]
Several = Annotated[str, Reader(lambda raw: fields.words(raw[:2000]))]


class AxisForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a price depends on, as typed."""

    name: Short = ""
    kind: Literal["enum", "int"] = "enum"
    least: Short = ""
    parts: Several = ""
    missing: Short = ""


class RebateForm(msgspec.Struct, frozen=True, kw_only=True):
    """A rebate, as typed."""

    label: Short = ""
    from_rank: Short = ""
    share: Short = ""


class DraftForm(msgspec.Struct, frozen=True, kw_only=True):
    """A draft, as typed, prices apart; `shown` are the axes that the prices were typed for."""

    name: Short = ""
    valid_from: Short = ""
    valid_until: Short = ""
    axes: tuple[AxisForm, ...] = ()
    rebates: tuple[RebateForm, ...] = ()
    cap: Short = ""
    step: Short = ""
    vat: Short = ""
    shown: Annotated[str, Reader(lambda raw: raw)] = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Who kept something else while one typed, and when."""

    name: str
    at: datetime


@get("/office/{emitter:str}/tariffs/{activity:str}/draft", **EDIT)
async def edit(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """The draft as it was kept."""
    here = await look(request, emitter, activity)
    draft = here.kept_draft
    return _page(request, here, draft.typed, draft.version)


@post("/office/{emitter:str}/tariffs/{activity:str}/draft", **CHANGE)
async def keep(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Keep it, whole or not; and go on with it, or look whether it can be published."""
    here, form = await look(request, emitter, activity), await forms.read(request, DraftForm)
    draft = here.kept_draft
    if form.errors:
        return _page(request, here, draft.typed, draft.version, said=form)
    typed = typed_of(form.value, form.raw, draft.typed)
    try:
        async with transaction():
            version = await drafts.keep(here.emitter.id, activity, typed, form.value.version, here.by)
            await here.trace("keep-tariff-draft", version=version)
    except Conflict:
        return await _overtaken(request, emitter, activity, typed)
    if form.text("act") == "check":
        return pages.see_other(f"{here.base}/draft/check")
    return pages.see_other(f"{here.base}/draft?told=kept#prices")


@post("/office/{emitter:str}/tariffs/{activity:str}/draft/drop", **CHANGE)
async def drop(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Throw it away."""
    here = await look(request, emitter, activity)
    async with transaction():
        await drafts.drop(here.emitter.id, activity)
        await here.trace("drop-tariff-draft")
    return pages.see_other(f"{here.base if here.tariff else here.above}?told=dropped")


def typed_of(form: DraftForm, raw: Raw, former: Typed) -> Typed:
    """What was typed; lines left empty are none. Prices of before that have no cell now are kept: it may come back."""
    axes = tuple(TypedAxis(**msgspec.structs.asdict(axis)) for axis in form.axes if axis.name or axis.parts)
    rebates = tuple(
        TypedRebate(**msgspec.structs.asdict(one)) for one in form.rebates if one.label or one.from_rank or one.share
    )
    plain = {name: getattr(form, name) for name in ("valid_from", "valid_until", "cap", "step", "vat")}
    prices = {**former.cells, **_prices(_shown(form, former), raw)}
    return Typed(name=form.name[:_NAME], axes=axes, rebates=rebates, cells=prices, **plain)


def _prices(axes: tuple[TypedAxis, ...], raw: Raw) -> Mapping[str, str]:
    shape = shape_of(Typed(axes=axes))
    if shape.size > MOST_CELLS:
        return {}
    return {
        key_of(parts): " ".join(raw[f"cell-{number}"][0].split())[:80]
        for number, parts in enumerate(shape.cells())
        if f"cell-{number}" in raw
    }


def _shown(form: DraftForm, former: Typed) -> tuple[TypedAxis, ...]:
    """The axes of the page that the prices were typed on."""
    try:
        return msgspec.json.decode(form.shown, type=tuple[TypedAxis, ...])
    except msgspec.MsgspecError:
        return former.axes


async def _overtaken(request: _AnyRequest, emitter: str, activity: str, typed: Typed) -> Response[Any]:
    """What was typed, beside who kept something else meanwhile; kept once more, it is mine that stays."""
    here = await look(request, emitter, activity)
    draft = here.kept_draft
    names = await people.names([draft.person]) if draft.person else {}
    meanwhile = Meanwhile(names.get(draft.person, "–") if draft.person else "–", draft.changed)
    return _page(request, here, typed, draft.version, meanwhile=meanwhile)


def filled(typed: Typed) -> Form[Any]:
    """The editor's form with what was typed, and an empty line more of each list."""
    axes = tuple(AxisForm(**msgspec.structs.asdict(axis)) for axis in typed.axes)
    rebates = tuple(RebateForm(**msgspec.structs.asdict(one)) for one in typed.rebates)
    plain = {name: getattr(typed, name) for name in ("name", "valid_from", "valid_until", "cap", "step", "vat")}
    return forms.of(DraftForm(axes=axes, rebates=rebates, **plain))


def _page(
    request: _AnyRequest,
    here: Here,
    typed: Typed,
    version: int,
    *,
    said: Form[Any] | None = None,
    meanwhile: Meanwhile | None = None,
) -> Response[Any]:
    reading = typed_reading.read(typed)
    shown = filled(typed).refused(reading.faults)
    status = 422 if said else 409 if meanwhile else 200
    return pages.render(
        request,
        "office/tariffs/draft.html",
        status=status,
        page=here,
        typed=typed,
        form=said or forms.blank(),
        filled=shown,
        table=laying.table(reading.shape, typed.cells, reading.marks),
        shown=msgspec.json.encode(typed.axes).decode(),
        left=reading.faults[:_MOST_SAID],
        count=len(reading.faults),
        version=version,
        meanwhile=meanwhile,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (edit, keep, drop)
