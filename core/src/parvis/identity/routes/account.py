"""One's own account, and the choice of the emitter one works for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.contract.values import Role
from parvis.errors import Forbidden, Text
from parvis.identity import endings, guards, queries, sessions
from parvis.identity.actors import Actor
from parvis.identity.words import ROLES
from parvis.web import pages

_Request = Request[Actor, None, State]


@get("/account", guards=[guards.account()], **guards.declared("signed-in"))
async def show(request: _Request) -> Response[Any]:
    """Who one is signed in as, where, and with which roles."""
    actor = request.user
    assert actor.account is not None
    return pages.render(
        request,
        "identity/account.html",
        person=await queries.person(actor.account),
        running=await sessions.open_sessions(actor.account),
        actor=actor,
        roles=ROLES,
    )


@post("/account/sessions/{session:uuid}/end", guards=[guards.account()], **guards.declared("signed-in"))
async def end(request: _Request, session: FromPath[UUID]) -> Response[None]:
    """End another session of one's own."""
    await endings.end(session, request.user.account)
    return pages.see_other("/account")


@get("/office", guards=[guards.account()], **guards.declared("signed-in"))
async def office(request: _Request) -> Response[Any]:
    """The back office of the emitter one works for; a choice where there are several."""
    desks = request.user.desks
    if len(desks) == 1:
        return pages.see_other(f"/office/{desks[0].slug}")
    if not desks and request.user.has(Role.OPERATOR):
        return pages.see_other("/operator")
    if not desks:
        raise Forbidden(Text("Your account has no role in a back office. Ask the manager of your body for one."))
    return pages.render(request, "identity/office.html", desks=desks, roles=ROLES)
