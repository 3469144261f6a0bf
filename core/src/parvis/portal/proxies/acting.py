"""Switching: a proxy acts for a resident from one click to another, and for nobody else meanwhile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from parvis import settings
from parvis.db import transaction
from parvis.errors import NotSignedIn
from parvis.identity import guards, mandates, sessions
from parvis.portal.proxies.looking import BASE, MINE, AnyRequest, trace
from parvis.web import pages


@post(f"{BASE}/{{mandate:uuid}}/act", status_code=303, **MINE)
async def act(request: AnyRequest, mandate: FromPath[UUID]) -> Response[Any]:
    """Act for them from now on; the session's token is renewed, as what it may do changed."""
    actor = guards.actor_of(request)
    if actor.session is None:
        raise NotSignedIn
    async with transaction():
        await mandates.act(mandate, actor)
        await trace(actor, "act-for", await mandates.of_account(mandate, actor.account))
        renewed = await sessions.renew(actor.session)
    answer = pages.see_other("/")
    answer.cookies.append(sessions.cookie(settings.current(), renewed))
    return answer


@post("/acting/stop", status_code=303, **guards.page(guards.proxy(), "signed-in"))
async def stop(request: AnyRequest) -> Response[Any]:
    """Act for oneself again."""
    await mandates.stop(guards.actor_of(request))
    return pages.see_other(BASE)


HANDLERS = (act, stop)
