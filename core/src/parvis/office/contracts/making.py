"""An authority makes a contract: with whom, for which services at which of its places, and for how long."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.audit import actions as audit
from parvis.calendars import offering
from parvis.db import transaction
from parvis.errors import Forbidden, Refusal, Refused, Text
from parvis.identity import guards
from parvis.office.contracts.looking import CHANGE, SEE
from parvis.territory import queries as territory
from parvis.territory.publishing import actions
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as it is typed; days are included."""

    title: Annotated[fields.Line, fields.Missing(Text("Say what the contract is about."))]
    holder: Annotated[fields.Line, fields.Missing(Text("Choose who holds it."))]
    services: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    first_day: Annotated[date, fields.Missing(Text("Enter the first day."))]
    last_day: Annotated[date, fields.Missing(Text("Enter the last day."))]


@get("/office/{emitter:str}/contracts/new", **SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """With whom, for what?"""
    return await _page(request, await _authority(emitter), forms.blank())


@post("/office/{emitter:str}/contracts/new", **CHANGE)
async def make(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Make it; residents see a service once its holder has proposed it and the authority published it."""
    own, form = await _authority(emitter), await forms.read(request, Made)
    if told := await _wrong(own, form):
        form = form.refused(told)
    if form.errors:
        return await _page(request, own, form)
    typed = form.value
    try:
        async with transaction():
            made = await actions.add_contract(
                own.id,
                (await territory.emitter_by_slug(typed.holder)).id,
                typed.title,
                sorted(set(typed.services)),
                sorted({UUID(place) for place in typed.places}),
                typed.first_day,
                typed.last_day,
            )
            await offering.tell(own.id)
            await audit.trace(guards.actor_of(request), "make-contract", "contract", made, emitter=own.id)
    except Refused as refused:
        return await _page(request, own, form.refused(refused.refusals))
    return pages.see_other(f"/office/{emitter}/contracts/{made}?done=yes")


async def _authority(slug: str) -> EmitterInfo:
    """Who entrusts: an agglomeration or a municipality. Raises Forbidden for a contract holder."""
    own = await territory.emitter_by_slug(slug)
    if own.kind == "contract-holder":
        raise Forbidden
    return own


async def _wrong(own: EmitterInfo, form: Form[Made]) -> list[Refusal]:
    """What was chosen that there is not to choose, and days that make no time."""
    told = []
    choices = {
        "holder": {value for value, _ in await _holders(own)},
        "services": {value for value, _ in _services()},
        "places": {value for value, _ in await _places(own)},
    }
    for field, known in choices.items():
        chosen = set(filter(None, form.raw.get(field, ())))
        if not chosen and field != "holder":
            told.append(Refusal("missing", Text("Choose at least one."), field))
        elif chosen - known:
            told.append(Refusal("unknown", Text("Choose one of those listed."), field))
    if form.decoded and form.decoded.last_day < form.decoded.first_day:
        told.append(Refusal("days-reversed", Text("The last day comes before the first one."), "last_day"))
    return told


async def _holders(own: EmitterInfo) -> list[tuple[str, str]]:
    known = await territory.emitters()
    # Those who mostly hold contracts come first.
    ranked = sorted(known, key=lambda one: one.kind != "contract-holder")
    return [(one.slug, one.name) for one in ranked if one.id != own.id]


def _services() -> list[tuple[str, Text]]:
    return [(service.key, service.name) for plugin in plugins.current() for service in plugin.services]


async def _places(own: EmitterInfo) -> list[tuple[str, str]]:
    return [(str(place.id), place.name) for place in await territory.places(own.id) if place.emitter == own.id]


async def _page(request: _AnyRequest, own: EmitterInfo, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/contracts/new.html",
        status=422 if form.errors else 200,
        own=own,
        holders=await _holders(own),
        services=_services(),
        places=await _places(own),
        form=form,
        base=f"/office/{own.slug}/contracts",
    )


HANDLERS = (ask, make)
