"""A resident on the day, by their own link: when and where, and that they have arrived."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.attendance import actions, choosing, feeds, queries, rules
from parvis.attendance.rules import Standing
from parvis.calendars.queries import booking
from parvis.db import transaction
from parvis.dossiers import acting, reading
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.errors import NotFound, Refusal, Refused
from parvis.identity import guards
from parvis.territory import queries as territory
from parvis.web import pages

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")


@get("/my/visits/{dossier:uuid}", **_PUBLIC)
async def on_the_day(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """The visit as its day goes. Opening it changes nothing."""
    return await _show(request, await _own(request, dossier))


@post("/my/visits/{dossier:uuid}", status_code=303, **_PUBLIC)
async def arrive(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """Say that one is there."""
    found = await _own(request, dossier)
    try:
        async with transaction():
            await acting.let(guards.actor_of(request), found.id, "visit.arrived")
            await actions.arrive(_visit(found).booking, guards.actor_of(request).person)
    except Refused as refused:
        return await _show(request, found, refused.refusals[0], refused.status)
    return pages.see_other(_address(request, found))


async def _own(request: _AnyRequest, dossier: UUID) -> DossierInfo:
    """The dossier, for whoever it belongs to. Raises NotFound, Unreadable."""
    return await reading.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))


async def _show(
    request: _AnyRequest, found: DossierInfo, refused: Refusal | None = None, status: int = 200
) -> Response[Any]:
    visit = _visit(found)
    done, hour = await queries.steps_of(visit.booking), await queries.hour_of(visit.booking)
    standing = rules.standing(done, hour, clock.now())
    return pages.render(
        request,
        "attendance/on-the-day.html",
        status=status,
        dossier=found,
        visit=visit,
        zone=ZoneInfo((await booking(visit.booking)).zone),
        place=await territory.place(visit.place),
        arrived=standing in {Standing.ARRIVED, Standing.SERVED},
        refused=refused or rules.resident_refusal(standing, hour, clock.now()),
        address=_address(request, found),
    )


def _visit(found: DossierInfo) -> Visit:
    if found.visit is None:
        raise NotFound
    return found.visit


def _address(request: _AnyRequest, found: DossierInfo) -> str:
    key = request.query_params.get("key")
    return f"/my/visits/{found.id}" + (f"?{urlencode({'key': key})}" if key else "")


HANDLERS = (on_the_day, arrive, *choosing.HANDLERS, *feeds.HANDLERS)
