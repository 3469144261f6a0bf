"""Accepting an invitation: whoever has the link signs in with an account of their own, and takes the role."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import settings
from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.identity import guards, invitations, sessions
from parvis.identity.invitations import InvitationOver
from parvis.identity.words import ROLES
from parvis.office.people.looking import last_day
from parvis.territory import queries as territory
from parvis.web import pages

_AnyRequest = Request[Any, Any, Any]


@get("/invitation/{token:str}", **guards.page(guards.public(), "everyone"))
async def offer(request: _AnyRequest, token: FromPath[str]) -> Response[Any]:
    """What is offered; opening it changes nothing, as mail scanners open links too."""
    try:
        found = await invitations.of_link(token)
    except InvitationOver:
        return await _over(request, token)
    return pages.render(
        request,
        "office/people/invitation.html",
        token=token,
        invitation=found,
        emitter=await territory.emitter(found.emitter),
        until=last_day(found.ends_at),
        actor=guards.actor_of(request),
        roles=ROLES,
    )


@post("/invitation/{token:str}", **guards.page(guards.account(), "signed-in", status_code=303))
async def accept(request: _AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Take the role; the session's token is renewed, as what it may do grew."""
    actor = guards.actor_of(request)
    assert actor.person is not None
    assert actor.session is not None
    try:
        async with transaction():
            found, grant = await invitations.accept(token, actor.person)
            facts: dict[str, Any] = {"role": found.role.value, "grant": str(grant)}
            await audit.trace(actor, "accept-invitation", "invitation", found.id, emitter=found.emitter, **facts)
            await audit.trace(actor, "give-role", "person", actor.person, emitter=found.emitter, **facts)
            renewed = await sessions.renew(actor.session)
    except InvitationOver:
        return await _over(request, token)
    answer = pages.see_other(f"/office/{(await territory.emitter(found.emitter)).slug}")
    answer.cookies.append(sessions.cookie(settings.current(), renewed))
    return answer


async def _over(request: _AnyRequest, token: str) -> Response[Any]:
    person = guards.actor_of(request).person
    emitter = await invitations.accepted_by(token, person) if person else None
    if emitter:
        return pages.see_other(f"/office/{(await territory.emitter(emitter)).slug}")
    return pages.render(request, "office/people/invitation-over.html", status=InvitationOver.status)


HANDLERS = (offer, accept)
