"""An emitter's contracts, and one of them: its services, how each stands, and the day it ends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.calendars import offering
from parvis.db import transaction
from parvis.errors import NotFound, Refused, Text
from parvis.office.contracts import words
from parvis.office.contracts.looking import CHANGE, SEE, Here, Offered, look, seen
from parvis.territory import queries as territory
from parvis.territory.publishing import actions, queries
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Another last day."""

    last_day: Annotated[date, fields.Missing(Text("Enter the last day."))]


@get("/office/{emitter:str}/contracts", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What it has entrusted to others, and what was entrusted to it."""
    own = await territory.emitter_by_slug(emitter)
    found = await queries.contracts_of(own.id)
    waiting = [offer.contract for offer in await queries.offers(one.id for one in found) if offer.standing.proposal]
    return pages.render(
        request,
        "office/contracts/contracts.html",
        own=own,
        rows=[(one, one.authority == own.id, one.id in waiting) for one in found],
        today=territory.today(),
        may_make=own.kind != "contract-holder",
        base=f"/office/{emitter}/contracts",
    )


@get("/office/{emitter:str}/contracts/{contract:uuid}", **SEE)
async def one(request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID]) -> Response[Any]:
    """A contract with its services."""
    here = await look(request, emitter, contract)
    return await _page(request, here, forms.blank(last_day=here.contract.last_day))


@post("/office/{emitter:str}/contracts/{contract:uuid}/end", **CHANGE)
async def end(request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID]) -> Response[Any]:
    """The authority lets it end on another day, sooner or later; it ends by itself."""
    here, form = await look(request, emitter, contract), await forms.read(request, Ending)
    if not here.is_authority:
        raise NotFound
    if form.errors:
        return await _page(request, here, form)
    try:
        async with transaction():
            await actions.set_last_day(contract, form.value.last_day)
            await offering.tell(here.emitter.id)
            until = form.value.last_day.isoformat()
            await audit.trace(here.actor, "end-contract", "contract", contract, emitter=here.emitter.id, last_day=until)
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}?done=yes")


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    found = [Offered(here=here, offer=seen(here, offer)) for offer in await queries.offers([here.contract.id])]
    return pages.render(
        request,
        "office/contracts/contract.html",
        status=422 if form.errors else 200,
        page=here,
        contract=here.contract,
        rows=[(offered, words.states_of(offered.offer.standing)) for offered in found],
        form=form,
        done="done" in request.query_params,
    )


HANDLERS = (listed, one, end)
