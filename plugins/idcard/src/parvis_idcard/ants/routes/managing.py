"""The public address of an application number's appointment: another town's site may show it to whoever asks.

It says where and when, no name. Whoever wants to move or cancel proves the contact anew, or knows the reference and a
name.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock
from parvis.calendars.queries import booking
from parvis.dossiers import finding
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.errors import Invalid, NotFound, Refusal, Text, TooMany
from parvis.identity import contacts, guards
from parvis.identity.actors import Actor
from parvis.identity.shares import count_claim, count_code
from parvis.territory import queries as territory
from parvis.web import fields, forms, i18n, pages
from parvis.web.forms import Form
from parvis_idcard.ants import queries
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.rules import changeable

_Request = Request[Actor, None, State]
_FOUND_LASTS = timedelta(hours=1)
_CANCEL = "cancel"


class _Known(msgspec.Struct, frozen=True):
    """What somebody knows of their appointment."""

    reference: Annotated[fields.Line, fields.Missing(Text("Write the reference, 8 letters or figures."))]
    name: Annotated[fields.Line, fields.Missing(Text("Write the family name of one of the people."))]


@get(["/appointment/{applicant:uuid}", "/appointment/{applicant:uuid}/cancel"], **PUBLIC)
async def show(request: _Request, applicant: FromPath[UUID]) -> Response[Any]:
    """Where and when, and how to go on. Opening it changes nothing: mail scanners follow links."""
    found = await queries.dossier_of(applicant)
    if await _is_theirs(request, found):
        return pages.see_other(_visit(request, found))
    return await _page(request, found, forms.blank())


@post(["/appointment/{applicant:uuid}/code", "/appointment/{applicant:uuid}/cancel/code"], status_code=303, **PUBLIC)
async def send_code(request: _Request, applicant: FromPath[UUID]) -> Response[Any]:
    """Send a code to the contact of the appointment, whoever asks: only its owner receives it."""
    found = await queries.dossier_of(applicant)
    if found.contact is None:
        raise NotFound
    try:
        count_code(request)
        proof = await contacts.ask(found.contact, i18n.language(request))
    except TooMany as error:
        refusal = Refusal(error.code, error.detail or error.title)
        return await _page(request, found, forms.blank().refused([refusal]), error.status)
    return pages.see_other(f"/contact/code?{urlencode({'proof': str(proof), 'next': _visit(request, found)})}")


@post(["/appointment/{applicant:uuid}", "/appointment/{applicant:uuid}/cancel"], status_code=303, **PUBLIC)
async def find(request: _Request, applicant: FromPath[UUID]) -> Response[Any]:
    """Go on with the reference and a name."""
    found, form = await queries.dossier_of(applicant), await forms.read(request, _Known)
    if form.errors:
        return await _page(request, found, form, 422)
    try:
        count_claim(request)
        known = await finding.find(form.value.reference, form.value.name)
    except TooMany as error:
        refusal = Refusal(error.code, error.detail or error.title, "reference")
        return await _page(request, found, form.refused([refusal]), error.status)
    except Invalid as refused:
        return await _page(request, found, form.refused(refused.refusals), 422)
    except NotFound:
        known = None
    if known is None or known.id != found.id:
        text = Text("This reference and this name do not fit. Check both on your mail, or call us.")
        return await _page(request, found, form.refused([Refusal("no-request", text, "reference")]), 404)
    key = dossiers.link_key(found.id, clock.now() + _FOUND_LASTS)
    return pages.see_other(f"{_visit(request, found)}?{urlencode({'key': key})}")


async def _page(request: _Request, found: DossierInfo, form: Form[Any], status: int = 200) -> Response[Any]:
    visit = found.visit
    if visit is None:
        raise NotFound
    return pages.render(
        request,
        "idcard/appointment.html",
        status=status,
        headers={"X-Robots-Tag": "noindex"},
        form=form,
        visit=visit,
        zone=ZoneInfo((await booking(visit.booking)).zone),
        place=await territory.place(visit.place),
        live=visit.live and changeable(visit.start, clock.now()) is None,
        reachable=found.contact is not None,
        cancelling=_wish(request) == _CANCEL,
        here_url=request.url.path.removesuffix("/code"),
    )


async def _is_theirs(request: _Request, found: DossierInfo) -> bool:
    try:
        await dossiers.for_resident(found.id, guards.actor_of(request), None)
    except NotFound:
        return False
    return True


def _visit(request: _Request, found: DossierInfo) -> str:
    """The page of the appointment itself, at what is wished there."""
    return f"/e/{found.slug}/idcard/visit/{found.id}{f'/{_CANCEL}' if _wish(request) == _CANCEL else ''}"


def _wish(request: _Request) -> str:
    return _CANCEL if f"/{_CANCEL}" in request.url.path else ""


HANDLERS = (show, send_code, find)
