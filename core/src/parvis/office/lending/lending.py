"""An emitter's loans: what it has lent, what it was lent; lending a calendar, and ending a loan."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.calendars import lending
from parvis.calendars import queries as calendars
from parvis.calendars.lending import AlreadyLent
from parvis.db import transaction
from parvis.errors import Refusal, Text
from parvis.identity import guards, terms
from parvis.office.openings.looking import service_name
from parvis.office.people.looking import end_of, last_day, written, wrong_days
from parvis.office.permissions import LEND
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(LEND), "manager")
_CHANGE = guards.page(guards.staff(LEND), "manager", status_code=200)
_UNKNOWN = Text("Choose one of those listed.")


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """Which calendar, to whom, until which day."""

    calendar: Annotated[fields.Line, fields.Missing(Text("Choose a calendar."))]
    delegate: Annotated[fields.Line, fields.Missing(Text("Choose to whom."))]
    until: date | None = None


@get("/office/{emitter:str}/lending", **_SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The loans of both directions."""
    return await _page(request, await territory.emitter_by_slug(emitter), forms.blank())


@post("/office/{emitter:str}/lending", **_CHANGE)
async def lend(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Lend a calendar: from now on their people work with it as their roles there let them."""
    own, form = await territory.emitter_by_slug(emitter), await forms.read(request, Lent)
    if form.decoded:
        form = form.refused([*await _unknown(own, form.decoded), *wrong_days(form.decoded.until)])
    if form.errors:
        return await _page(request, own, form)
    typed, until, actor = form.value, end_of(form.value.until), guards.actor_of(request)
    calendar, delegate = UUID(typed.calendar), await territory.emitter_by_slug(typed.delegate)
    facts: dict[str, Any] = {"delegate": delegate.slug, "until": written(until)}
    try:
        async with transaction():
            facts["loan"] = str(await lending.lend(calendar, own.id, delegate.id, until, actor.person))
            await audit.trace(actor, "lend", "calendar", calendar, emitter=own.id, **facts)
    except AlreadyLent as error:
        return await _page(request, own, form.refused([Refusal(error.code, error.title, "delegate")]))
    return pages.see_other(f"/office/{emitter}/lending?done=lent")


@post("/office/{emitter:str}/lending/{loan:uuid}/end", **_CHANGE)
async def end(request: _AnyRequest, emitter: FromPath[str], loan: FromPath[UUID]) -> Response[Any]:
    """The owner takes it back, or the other body gives it back: at once."""
    own, actor = await territory.emitter_by_slug(emitter), guards.actor_of(request)
    async with transaction():
        ended = await lending.end(loan, own.id, actor.person)
        await audit.trace(actor, "end-loan", "calendar", ended.calendar, emitter=own.id, loan=str(loan))
    return pages.see_other(f"/office/{emitter}/lending?done=ended")


async def _unknown(own: EmitterInfo, typed: Lent) -> list[Refusal]:
    known = {"calendar": await _calendars(own), "delegate": await _others(own)}
    chosen = {"calendar": typed.calendar, "delegate": typed.delegate}
    return [
        Refusal("unknown", _UNKNOWN, field)
        for field, listed in known.items()
        if chosen[field] not in {value for value, _ in listed}
    ]


async def _calendars(own: EmitterInfo) -> list[tuple[str, str]]:
    found = await calendars.calendars_of(own.id)
    return [(str(one.id), one.place_name) for one in found if one.owner == own.id]


async def _others(own: EmitterInfo) -> list[tuple[str, str]]:
    known = sorted(await territory.emitters(), key=lambda one: one.kind != "agglomeration")
    return [(one.slug, one.name) for one in known if one.id != own.id]


async def _page(request: _AnyRequest, own: EmitterInfo, form: Form[Any]) -> Response[Any]:
    found = await lending.loans_of(own.id)
    live = [loan for loan in found if loan.ended_at is None]
    return pages.render(
        request,
        "office/lending/lending.html",
        status=422 if form.errors else 200,
        own=own,
        out=[loan for loan in live if loan.owner == own.id],
        got=[loan for loan in live if loan.delegate == own.id],
        past=[loan for loan in found if loan.ended_at is not None],
        calendars=await _calendars(own),
        others=await _others(own),
        first=terms.first_last_day(),
        last_day=last_day,
        service=service_name,
        base=f"/office/{own.slug}",
        done=request.query_params.get("done", ""),
        form=form,
    )


HANDLERS = (listed, lend, end)
