"""Accepting: whoever has the link signs in with an account of their own, reads what is asked, and agrees."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid
from parvis.identity import guards, mandates
from parvis.identity.mandates import Mandate, MandateOver
from parvis.identity.terms import last_day
from parvis.identity.words import BONDS
from parvis.portal.proxies.looking import BASE, MINE, AnyRequest, service_names, trace
from parvis.web import forms, pages
from parvis.web.forms import Form


@get("/mandate/{token:str}", **guards.page(guards.public(), "everyone"))
async def offer(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """What is asked; opening it changes nothing, as mail scanners open links too."""
    try:
        return _page(request, token, await mandates.of_link(token), forms.blank())
    except MandateOver:
        return _over(request)


@post("/mandate/{token:str}", status_code=303, **MINE)
async def accept(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Agree, once."""
    actor = guards.actor_of(request)
    try:
        async with transaction():
            found = await mandates.accept(token, actor)
            await trace(actor, "accept-mandate", found)
    except Invalid as refused:
        form = forms.blank().refused(refused.refusals)
        return _page(request, token, await mandates.of_link(token), form, 422)
    except MandateOver:
        return _over(request)
    return pages.see_other(f"{BASE}?told={'consented' if found.resident == actor.account else 'accepted'}")


def _page(request: AnyRequest, token: str, found: Mandate, form: Form[Any], status: int = 200) -> Response[Any]:
    return pages.render(
        request,
        "portal/proxies/accept.html",
        status=status,
        form=form,
        token=token,
        mandate=found,
        services=service_names(found),
        until=last_day(found.ends_at),
        bonds=BONDS,
        actor=guards.actor_of(request),
    )


def _over(request: AnyRequest) -> Response[Any]:
    return pages.render(request, "portal/proxies/over.html", status=MandateOver.status)


HANDLERS = (offer, accept)
