"""Who acts for me, for whom I act, what was done; ending it, and sending the link again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.audit import queries as audit
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.errors import NotFound
from parvis.identity import guards, mandates
from parvis.identity.terms import last_day
from parvis.identity.words import BONDS
from parvis.portal.mine.rules import WORDS
from parvis.portal.proxies.beginning import count_mail
from parvis.portal.proxies.looking import BASE, MINE, AnyRequest, service_names, trace, write
from parvis.web import pages


@get(BASE, **MINE)
async def show(request: AnyRequest) -> Response[Any]:
    """Both sides of it."""
    account = guards.actor_of(request).account
    found = await mandates.all_of(account)
    return pages.render(
        request,
        "portal/proxies/proxies.html",
        for_me=[one for one in found if one.resident == account],
        by_me=[one for one in found if one.proxy == account],
        told=request.query_params.get("told", ""),
        **_words(),
    )


@get(f"{BASE}/{{mandate:uuid}}", **MINE)
async def one(request: AnyRequest, mandate: FromPath[UUID]) -> Response[Any]:
    """One of them: what was done by it, and its end."""
    account = guards.actor_of(request).account
    found = await mandates.of_account(mandate, account)
    mine = found.resident == account
    return pages.render(
        request,
        "portal/proxies/mandate.html",
        mandate=found,
        mine=mine,
        done=await _done(found) if mine else [],
        **_words(),
    )


@post(f"{BASE}/{{mandate:uuid}}/end", status_code=303, **MINE)
async def end(request: AnyRequest, mandate: FromPath[UUID]) -> Response[Any]:
    """End it at once, from either side."""
    actor = guards.actor_of(request)
    async with transaction():
        await mandates.end(mandate, actor)
        await trace(actor, "end-mandate", await mandates.of_account(mandate, actor.account))
    return pages.see_other(f"{BASE}?told=ended")


@post(f"{BASE}/{{mandate:uuid}}/again", status_code=303, **MINE)
async def again(request: AnyRequest, mandate: FromPath[UUID]) -> Response[Any]:
    """Send a new link; the one before no longer counts."""
    actor = guards.actor_of(request)
    count_mail(request)
    async with transaction():
        found = await mandates.again(mandate, actor)
        await write(mandate, actor)
        await trace(actor, "send-mandate-again", found)
    return pages.see_other(f"{BASE}?told=sent")


async def _done(found: mandates.Mandate) -> list[tuple[Any, Any, str]]:
    """When a proxy did what, and the reference of the request, which is empty once it is erased."""
    if found.resident is None:
        return []
    acts = await audit.acts_for(found.resident, {"mandate": str(found.id)})
    told = [act for act in acts if act.action in WORDS and (act.subject_id != found.id or act.action == "act-for")]
    return [(act.at, WORDS[act.action], await _reference(act.subject_id)) for act in told]


async def _reference(subject: UUID | None) -> str:
    try:
        return (await dossiers.dossier(subject)).reference if subject else ""
    except NotFound:
        return ""


def _words() -> dict[str, Any]:
    return {"bonds": BONDS, "services": service_names, "last_day": last_day, "instant": clock.now()}


HANDLERS = (show, one, end, again)
