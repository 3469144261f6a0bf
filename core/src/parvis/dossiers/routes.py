"""My requests: those of an account or of a proved contact, and one found by its reference and a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, plugins
from parvis.audit import queries as audit
from parvis.dossiers import finding, queries, questions, reading, takeover
from parvis.dossiers.queries import DossierInfo
from parvis.errors import Invalid, NotFound, Refusal, Text, TooMany
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.identity.guards import ActsForSomebody
from parvis.identity.shares import count_claim
from parvis.identity.words import BONDS, ROLES
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_Request = Request[Actor, None, State]
_PUBLIC = guards.page(guards.public(), "everyone")
_ACCOUNT = guards.page(guards.account(), "signed-in")
_FOUND_LASTS = timedelta(hours=1)


class _Asked(msgspec.Struct, frozen=True):
    reference: Annotated[fields.Line, fields.Missing(Text("Write the reference, 8 letters or figures."))]
    name: Annotated[fields.Line, fields.Missing(Text("Write the family name of one of the people."))]


class _Code(msgspec.Struct, frozen=True):
    code: Annotated[fields.Line, fields.Missing(Text("Write the code, 10 letters or figures."))]


class _Asks(msgspec.Struct, frozen=True):
    reading: str


@get("/my/requests", **_PUBLIC)
async def mine(request: _Request) -> Response[Any]:
    """Everything of mine, and how to find the rest."""
    return await _mine(request, forms.blank())


@post("/my/requests", status_code=303, **_PUBLIC)
async def find(request: _Request) -> Response[Any]:
    """Find one by its reference and a name."""
    form = await forms.read(request, _Asked)
    if form.errors:
        return await _mine(request, form, 422)
    try:
        count_claim(request)
        found = await finding.find(form.value.reference, form.value.name)
    except TooMany as error:
        refusal = Refusal(error.code, error.detail or error.title, "reference")
        return await _mine(request, form.refused([refusal]), error.status)
    except Invalid as refused:
        return await _mine(request, form.refused(refused.refusals), 422)
    except NotFound:
        text = Text("No request has this reference and this name. Check both on your mail, or call us.")
        return await _mine(request, form.refused([Refusal("no-request", text, "reference")]), 404)
    key = queries.link_key(found.id, clock.now() + _FOUND_LASTS)
    return pages.see_other(f"/my/requests/{found.id}?{urlencode({'key': key})}")


@get("/my/take-over", **_ACCOUNT)
async def which_code(request: _Request) -> Response[Any]:
    """Ask for the code of a slip or a mail."""
    return pages.render(request, "dossiers/take-over.html", form=forms.blank())


@post("/my/take-over", status_code=303, **_ACCOUNT)
async def take_over(request: _Request) -> Response[Any]:
    """Take what was booked for them into their account."""
    form = await forms.read(request, _Code)
    try:
        count_claim(request)
        taken = await takeover.take(form.value.code, guards.actor_of(request))
    except TooMany as error:
        form = form.refused([Refusal(error.code, error.detail or error.title, "code")])
        return pages.render(request, "dossiers/take-over.html", status=error.status, form=form)
    except Invalid as refused:
        form = form.refused(refused.refusals)
        return pages.render(request, "dossiers/take-over.html", status=422, form=form)
    return pages.see_other(f"/my/requests/{taken}?told=taken")


@get("/my/requests/{dossier:uuid}", **_PUBLIC)
async def show(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """One request: its state, its timeline, who read it. Opening it changes nothing."""
    found, behalf = await _own(request, dossier), guards.actor_of(request).behalf
    key = request.query_params.get("key")
    rows = [(row.at, row.text, row.note) for row in await queries.timeline(found.id)]
    return pages.render(
        request,
        "dossiers/request.html",
        dossier=found,
        service=_name(found.service),
        place=await territory.place(found.visit.place) if found.visit else None,
        timeline=rows,
        # Who read it is for the person it is about, and not for who acts for them.
        readers=[] if behalf else await audit.readers_of(found.id),
        told=request.query_params.get("told", ""),
        roles=ROLES,
        bonds=BONDS,
        asked=await questions.of_dossier(found.id),
        ask_url=f"/my/requests/{found.id}/questions" + _with(key),
        visit_url=f"/e/{found.slug}/{found.service}/visit/{found.id}" + _with(key),
    )


@post("/my/requests/{dossier:uuid}/questions", status_code=303, **_PUBLIC)
async def ask_who(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Ask the emitter who read it; the answer appears here and comes by mail or SMS."""
    found, form = await _own(request, dossier), await forms.read(request, _Asks)
    if guards.actor_of(request).behalf:
        raise ActsForSomebody
    try:
        which = UUID(form.value.reading)
    except (Invalid, ValueError) as error:
        raise NotFound from error
    await questions.ask(found, which)
    return pages.see_other(f"/my/requests/{found.id}{_with(request.query_params.get('key'))}#readers")


async def _own(request: _Request, dossier: UUID) -> DossierInfo:
    """A dossier for whoever it is about. Raises NotFound, Unreadable."""
    return await reading.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))


def _with(key: str | None) -> str:
    return f"?{urlencode({'key': key})}" if key else ""


async def _mine(request: _Request, form: Form[Any], status: int = 200) -> Response[Any]:
    actor = guards.actor_of(request)
    known = actor.person is not None or bool(actor.proofs)
    found = await reading.of_actor(actor) if known else []
    return pages.render(
        request,
        "dossiers/requests.html",
        status=status,
        form=form,
        known=known,
        actor=actor,
        requests=[(item, _name(item.service)) for item in found],
    )


def _name(service: str) -> Text:
    try:
        return plugins.current().service(service)[1].name
    except NotFound:
        return Text("A service that is no longer offered")


HANDLERS = (mine, find, which_code, take_over, show, ask_who)
