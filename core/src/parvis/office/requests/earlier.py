"""An agent asks for an earlier hour for somebody, or stops it; and sees what was just given back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.calendars import freeing
from parvis.calendars.freeing import FreedHour
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.earlier import actions, asking, queries
from parvis.earlier.asking import AskForm
from parvis.earlier.queries import Asked
from parvis.errors import NotFound, Refusal, Refused
from parvis.identity import guards
from parvis.office.permissions import CHANGE
from parvis.office.requests.looking import Here, look
from parvis.territory import queries as territory
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_ACT = guards.page(guards.staff(CHANGE), "agent", "manager")


@dataclass(frozen=True, slots=True)
class Line:
    """A freed hour, and the reference of who may take it until an instant (UTC)."""

    hour: FreedHour
    promised_to: str = ""
    until: datetime | None = None


@get("/office/{emitter:str}/freed", **_ACT)
async def freed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The hours that were given back and the public does not see yet, and who waits for one."""
    own = await territory.emitter_by_slug(emitter)
    lines = [await _line(hour) for hour in await freeing.freed(clock.now(), own.id)]
    return pages.render(
        request,
        "office/requests/freed.html",
        lines=lines,
        waiting=await _waiting(own.id),
        base=f"/office/{emitter}",
    )


@get("/office/{emitter:str}/requests/{dossier:uuid}/earlier", **_ACT)
async def ask_what(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """What is looked for, or the question what to look for."""
    return await _page(request, await look(request, emitter, dossier))


@post("/office/{emitter:str}/requests/{dossier:uuid}/earlier", status_code=303, **_ACT)
async def ask(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Look for an earlier hour for somebody."""
    here, form = await look(request, emitter, dossier), await forms.read(request, AskForm)
    if form.errors:
        return await _page(request, here, form, status=422)
    try:
        choices = await queries.choices(here.visit.booking)
        await actions.ask(here.dossier, asking.wish_of(form.value, choices), here.by)
    except Refused as refused:
        return await _page(request, here, form, refused.refusals, refused.status)
    return pages.see_other(f"{here.base}?told=asked")


@post("/office/{emitter:str}/requests/{dossier:uuid}/earlier/stop", status_code=303, **_ACT)
async def stop(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Propose nothing more to somebody."""
    here = await look(request, emitter, dossier)
    await actions.stop(dossier, here.by)
    return pages.see_other(f"{here.base}?told=stopped")


async def _page(
    request: _AnyRequest, here: Here, form: Form[Any] | None = None, refusals: Iterable[Refusal] = (), status: int = 200
) -> Response[Any]:
    if here.booking is None:
        raise NotFound
    choices, known = await queries.choices(here.booking.id), await queries.asked(here.dossier.id)
    asked = known if known and not known.ended else None
    return pages.render(
        request,
        "office/requests/earlier.html",
        status=status,
        page=here,
        asked=asked,
        names=asking.names_of(asked.wish, choices) if asked else [],
        form=(form or asking.filled(asked.wish if asked else None, here.booking, choices)).refused(refusals),
        options=asking.options(here.booking, choices, clock.now()),
        zone=here.zone,
    )


async def _line(hour: FreedHour) -> Line:
    offer = await queries.offer_of_hour(hour.id) if hour.promised else None
    return Line(hour, (await dossiers.dossier(offer.dossier)).reference, offer.until) if offer else Line(hour)


async def _waiting(emitter: UUID) -> Sequence[tuple[Asked, DossierInfo, list[str]]]:
    found = []
    for asked in await queries.still_asked(emitter):
        dossier = await dossiers.dossier(asked.dossier)
        if dossier.visit:
            choices = await queries.choices(dossier.visit.booking)
            found.append((asked, dossier, asking.names_of(asked.wish, choices)))
    return found


HANDLERS = (freed, ask_what, ask, stop)
