"""A resident asks for an earlier hour, takes one that is proposed, or stops it. Opening the page changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.calendars.queries import BookingInfo, booking
from parvis.db import transaction
from parvis.dossiers import acting, reading
from parvis.dossiers.actions import By
from parvis.dossiers.pages import visit_page
from parvis.dossiers.queries import DossierInfo
from parvis.earlier import actions, asking, queries
from parvis.earlier.actions import OfferGone
from parvis.earlier.asking import AskForm
from parvis.earlier.queries import Offer
from parvis.errors import NotFound, Refusal, Refused
from parvis.identity import guards
from parvis.territory import queries as territory
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")


class Answer(msgspec.Struct, frozen=True):
    """The offer that is taken, or that it is not."""

    take: str = ""


@get("/my/visits/{dossier:uuid}/earlier", **_PUBLIC)
async def show(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """The hour that is proposed, what is looked for, or the question what to look for."""
    return await _page(request, await _own(request, dossier))


@post("/my/visits/{dossier:uuid}/earlier", status_code=303, **_PUBLIC)
async def ask(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """Look for an earlier hour from now on."""
    found, form = await _own(request, dossier), await forms.read(request, AskForm)
    if form.errors:
        return await _page(request, found, form, status=422)
    try:
        choices = await queries.choices((await _booking(found)).id)
        await actions.ask(found, asking.wish_of(form.value, choices), _by(request))
    except Refused as refused:
        return await _page(request, found, form, refused.refusals, refused.status)
    return pages.see_other(_address(request, found.id, told="asked"))


@post("/my/visits/{dossier:uuid}/earlier/answer", status_code=303, **_PUBLIC)
async def answer(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """Take the hour, or leave it to the next."""
    found, form = await _own(request, dossier), await forms.read(request, Answer)
    if not form.text("take"):
        async with transaction():
            await acting.let(guards.actor_of(request), found.id, "earlier.declined")
            passed_on = await actions.decline(found.id)
        return pages.see_other(_address(request, found.id, told="passed" if passed_on else "kept"))
    try:
        await actions.accept(_id(form.text("take")), found.id, _by(request))
    except OfferGone as gone:
        return await _page(request, found, None, [Refusal(gone.code, gone.title)], gone.status)
    except Refused as refused:
        return await _page(request, found, None, refused.refusals, refused.status)
    return pages.see_other(_address(request, found.id, told="moved"))


@post("/my/visits/{dossier:uuid}/earlier/stop", status_code=303, **_PUBLIC)
async def stop(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """Propose nothing more."""
    found = await _own(request, dossier)
    await actions.stop(found.id, _by(request))
    return pages.see_other(_address(request, found.id, told="stopped"))


async def _page(
    request: _AnyRequest,
    found: DossierInfo,
    form: Form[Any] | None = None,
    refusals: Sequence[Refusal] = (),
    status: int = 200,
) -> Response[Any]:
    held = await _booking(found)
    choices, asked = await queries.choices(held.id), await queries.asked(found.id)
    live = held.state == "confirmed" and held.start > clock.now()
    return pages.render(
        request,
        "earlier/earlier.html",
        status=status,
        dossier=found,
        held=held,
        zone=ZoneInfo(held.zone),
        place=await territory.place(held.place),
        live=live,
        offered=await queries.answer_time(found.service, found.emitter) is not None,
        offer=await _offer(found.id) if live else None,
        asked=asked if asked and not asked.ended else None,
        names=asking.names_of(asked.wish, choices) if asked else [],
        form=(form or asking.filled(asked.wish if asked else None, held, choices)).refused(refusals),
        options=asking.options(held, choices, clock.now()),
        told=request.query_params.get("told", ""),
        visit_page=await visit_page(found),
        address=lambda part="": _address(request, found.id, part),
    )


async def _offer(dossier: UUID) -> tuple[Offer, str] | None:
    """The hour that may be taken now, and the name of its place."""
    offer = await queries.offer_to(dossier)
    if offer is None or offer.outcome or offer.until <= clock.now():
        return None
    return offer, await queries.place_name(offer.calendar)


async def _own(request: _AnyRequest, dossier: UUID) -> DossierInfo:
    """The dossier, for whoever it belongs to. Raises NotFound, Unreadable."""
    return await reading.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))


async def _booking(found: DossierInfo) -> BookingInfo:
    if found.visit is None:
        raise NotFound
    return await booking(found.visit.booking)


def _by(request: _AnyRequest) -> By:
    return By.resident(guards.actor_of(request))


def _id(typed: str) -> UUID:
    with suppress(ValueError):
        return UUID(typed)
    raise OfferGone


def _address(request: _AnyRequest, dossier: UUID, part: str = "", **more: str) -> str:
    key = request.query_params.get("key")
    query = urlencode(({"key": key} if key else {}) | more)
    return f"/my/visits/{dossier}/earlier{part}" + (f"?{query}" if query else "")


HANDLERS = (show, ask, answer, stop)
