"""One visit of the day: who comes for what, what was brought, a note."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock, plugins
from parvis.attendance import actions, queries, rules
from parvis.audit import actions as audit
from parvis.calendars.queries import BookingInfo, booking
from parvis.contract.values import Card
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Refused
from parvis.identity import guards
from parvis.office.day import boards
from parvis.office.permissions import RECEIVE, TODAY
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(TODAY), "reader", "agent", "manager")
_ACT = guards.page(guards.staff(RECEIVE), "agent", "manager", status_code=303)


class Written(msgspec.Struct, frozen=True):
    """What was brought, and a note."""

    brought: tuple[str, ...] = ()
    note: fields.Words = ""


@get("/office/{emitter:str}/visits/{visit:uuid}", **_SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], visit: FromPath[UUID]) -> Response[Any]:
    """A visit at one of the emitter's places; that it was opened is traced."""
    return await _visit(request, emitter, visit, None)


@post("/office/{emitter:str}/visits/{visit:uuid}", **_ACT)
async def write_down(request: _AnyRequest, emitter: FromPath[str], visit: FromPath[UUID]) -> Response[Any]:
    """Keep what was brought and the note until the day is over."""
    await own(emitter, visit)
    form = await forms.read(request, Written)
    try:
        async with transaction():
            await actions.tick(visit, form.value.brought)
            await actions.write_note(visit, form.value.note)
    except Refused as refused:
        return await _visit(request, emitter, visit, form.refused(refused.refusals), 422)
    return pages.see_other(f"{request.url.path}?kept=yes")


async def own(emitter: str, visit: UUID) -> UUID:
    """The emitter of that slug, if the visit is at a place of its own. Raises NotFound."""
    found = await territory.emitter_by_slug(emitter)
    if not await queries.is_at(visit, found.id):
        raise NotFound
    return found.id


async def _visit(
    request: _AnyRequest, emitter: str, visit: UUID, form: Form[Any] | None, status: int = 200
) -> Response[Any]:
    emitter_id = await own(emitter, visit)
    found, sheet = await booking(visit), await queries.sheet(visit)
    dossier = await _dossier(request, found, emitter_id)
    # Whoever only works with the calendar sees the visit; the request is its owner's.
    owned = dossier is not None and dossier.emitter == emitter_id
    hour, done = await queries.hour_of(visit), await queries.steps_of(visit)
    standing = rules.standing(done, hour, clock.now())
    zone = ZoneInfo(found.zone)
    return pages.render(
        request,
        "office/day/visit.html",
        status=status,
        form=form or forms.blank(brought=sorted(sheet.ticks), note=sheet.note),
        visit=found,
        dossier=dossier,
        card=await _card(dossier),
        kind=boards.kind_names().get((found.service, found.kind), found.kind),
        place=await territory.place(found.place),
        standing=standing,
        offers=rules.offered(standing, hour, clock.now()),
        done=done,
        zone=zone,
        day=found.start.astimezone(zone).date(),
        may=guards.actor_of(request).may(RECEIVE, emitter),
        most=rules.NOTE_SIGNS,
        kept="kept" in request.query_params,
        today_path=f"/office/{emitter}/today",
        here_path=request.url.path,
        request_path=f"/office/{emitter}/requests/{dossier.id}" if dossier and owned else None,
    )


async def _dossier(request: _AnyRequest, found: BookingInfo, emitter: UUID) -> DossierInfo | None:
    """The dossier of a visit, read by staff: traced with it."""
    if found.dossier is None:
        return None
    async with transaction():
        await audit.saw(guards.actor_of(request), found.dossier, emitter)
        return await dossiers.dossier(found.dossier)


async def _card(dossier: DossierInfo | None) -> Card | None:
    """What the service tells of it; nothing of one that is erased, or whose plugin is gone."""
    if dossier is None or dossier.state == "erased":
        return None
    try:
        counter = plugins.current().service(dossier.service)[1].counter
        return await counter.card(dossier.id) if counter else None
    except NotFound:
        return None


HANDLERS = (show, write_down)
