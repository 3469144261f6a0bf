"""Giving a second factor: the sign-on's own, or a code mailed to the work address where the emitter takes that."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, QueryParameter

from parvis import settings
from parvis.audit import actions as audit
from parvis.db import new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text, TooMany
from parvis.identity import contacts, factors, guards, rules, sessions, shares, stations
from parvis.identity.actors import Actor
from parvis.identity.routes.sign_in import SECOND_FACTOR
from parvis.office.factor.missing import WHERE
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, i18n, pages
from parvis.web.forms import Form
from parvis.web.rules import local_path

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.account(), "signed-in")
_DO = guards.page(guards.account(), "signed-in", status_code=200)
_CODE = f"{WHERE}/code"
_UNNAMED = Text("Give the station a name, for example “Counter 2”.")
After = Annotated[str, QueryParameter(name="next")]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """For which emitter a code is wanted, and where one goes after."""

    emitter: str = ""
    after: str = "/office"


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A code, and whether this browser is a station where none is asked for until the evening."""

    proof: UUID
    code: Annotated[fields.Line, fields.Missing(Text("Enter the six figures of the code."))]
    station: Annotated[str, fields.Reader(fields.line)] = ""
    remember: bool = False
    emitter: str = ""
    after: str = "/office"


@get(WHERE, **_SEE)
async def which(request: _AnyRequest, emitter: FromQuery[str] = "", after: After = "/office") -> Response[Any]:
    """Which factor? Without a choice, straight on to the sign-on."""
    actor = guards.actor_of(request)
    if actor.is_confirmed(emitter or None):
        return pages.see_other(local_path(after))
    found = await _mailing(actor, emitter)
    if found is None:
        return pages.see_other(f"{SECOND_FACTOR}?{urlencode({'next': local_path(after)})}")
    return await _choice(request, found, after)


@post(WHERE, **_DO)
async def ask(request: _AnyRequest) -> Response[Any]:
    """Mail a code."""
    form, actor = await forms.read(request, Asked), guards.actor_of(request)
    found, after = await _mailing(actor, form.text("emitter")), form.text("after")
    if found is None or actor.person is None or actor.session is None:
        raise NotFound
    try:
        shares.count_code(request)
        proof = await factors.ask(found.id, actor.person, actor.session, i18n.language(request))
    except TooMany as error:
        form = form.refused([Refusal(error.code, error.detail or error.title)])
        return await _choice(request, found, after, form, 429)
    query = {"emitter": found.slug, "next": local_path(after), "proof": str(proof)}
    return pages.see_other(f"{_CODE}?{urlencode(query)}")


@get(_CODE, **_SEE)
async def which_code(
    request: _AnyRequest, proof: FromQuery[UUID], emitter: FromQuery[str] = "", after: After = "/office"
) -> Response[Any]:
    """Ask for the code."""
    found = await _mailing(guards.actor_of(request), emitter)
    if found is None:
        raise NotFound
    return await _code(request, found, forms.blank(proof=proof, after=local_path(after)))


@post(_CODE, **_DO)
async def give(request: _AnyRequest) -> Response[Any]:
    """Compare it, remember the station, and go on."""
    form, actor = await forms.read(request, Typed), guards.actor_of(request)
    found = await _mailing(actor, form.text("emitter"))
    if found is None or actor.person is None or actor.session is None:
        raise NotFound
    if form.decoded and form.decoded.remember and not form.decoded.station:
        form = form.refused([Refusal("station-unnamed", _UNNAMED, "station")])
    if form.errors:
        return await _code(request, found, form, 422)
    await factors.require_own(found.id, actor.person, actor.session, form.value.proof)
    device = (stations.device_of(request.cookies) or new_id()) if form.value.remember else None
    try:
        await contacts.compare(form.value.proof, form.value.code)
        token = await _confirmed(actor, found, form.value, device)
    except Invalid as error:
        return await _code(request, found, form.refused(error.refusals), 422)
    answer = pages.see_other(local_path(form.value.after))
    answer.cookies.append(sessions.cookie(settings.current(), token))
    if device:
        answer.cookies.append(stations.cookie(device))
    return answer


async def _confirmed(actor: Actor, emitter: EmitterInfo, typed: Typed, device: UUID | None) -> str:
    """Let the session count; its new token, as what it may do grew."""
    assert actor.person is not None
    assert actor.session is not None
    async with transaction():
        await factors.confirm(emitter.id, actor.session, typed.proof, device)
        if device:
            station = await stations.remember(device, emitter.id, actor.person, typed.station[:60])
            await audit.trace(actor, "remember-station", "station", station, emitter=emitter.id)
        return await sessions.renew(actor.session)


async def _mailing(actor: Actor, slug: str) -> EmitterInfo | None:
    """The emitter, where they have a role and it takes mailed codes."""
    if not slug or not actor.roles_at(slug):
        return None
    found = await territory.emitter_by_slug(slug)
    return found if await factors.is_mailed(found.id) else None


async def _choice(
    request: _AnyRequest, emitter: EmitterInfo, after: str, form: Form[Any] | None = None, status: int = 200
) -> Response[Any]:
    person = guards.actor_of(request).person
    assert person is not None
    address = await factors.address_of(emitter.id, person)
    return pages.render(
        request,
        "office/factor/choice.html",
        status=status,
        form=form or forms.blank(),
        emitter=emitter,
        address=rules.masked(address) if address else None,
        after=local_path(after),
        key=f"{SECOND_FACTOR}?{urlencode({'next': local_path(after)})}",
    )


async def _code(request: _AnyRequest, emitter: EmitterInfo, form: Form[Any], status: int = 200) -> Response[Any]:
    named = await stations.remembered(emitter.id)
    return pages.render(
        request,
        "office/factor/code.html",
        status=status,
        form=form,
        emitter=emitter,
        proof=form.text("proof"),
        after=local_path(form.text("after")),
        stations=sorted({one.name for one in named}),
    )


HANDLERS = (which, ask, which_code, give)
