"""Beginning: a resident asks somebody to act for them, or somebody asks a resident to let them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post

from parvis.db import transaction
from parvis.errors import Refusal, Text, TooMany
from parvis.identity import guards, mandates
from parvis.identity.mandates import Bond, Wish
from parvis.identity.terms import end_of, first_last_day
from parvis.identity.words import BONDS
from parvis.portal.proxies.looking import BASE, MINE, AnyRequest, services, trace, write
from parvis.web import fields, forms, i18n, limits, pages
from parvis.web.forms import Form
from parvis.web.limits import Limit

# Mails to addresses that nobody proved: as many as somebody needs who helps a few people a day.
_MAILS = Limit("mandates", 20, timedelta(hours=1))
_LONGEST = timedelta(days=366)
_NO_SERVICE = Text("Choose at least one service.")
_PAST = Text("Write a day from tomorrow on.")
_FAR = Text("At most a year ahead: it can be given again then.")


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """To whom the link goes, who the proxy is to the resident, for what, until which day, and the mail's language."""

    address: Annotated[fields.Email, fields.Missing(Text("Enter an e-mail address."))]
    bond: Annotated[Bond, fields.Missing(Text("Say who it is."))]
    services: tuple[str, ...] = ()
    until: Annotated[date, fields.Missing(Text("Write until which day."))]
    language: Literal["fr", "de", "en"] = "fr"


@get(f"{BASE}/invite", **MINE)
async def ask_somebody(request: AnyRequest) -> Response[Any]:
    """Whom do I let act for me?"""
    return _page(request, _blank(request), as_proxy=False)


@post(f"{BASE}/invite", status_code=303, **MINE)
async def invite(request: AnyRequest) -> Response[Any]:
    """Ask them, by mail."""
    return await _begin(request, as_proxy=False)


@get(f"{BASE}/ask", **MINE)
async def ask_resident(request: AnyRequest) -> Response[Any]:
    """For whom would I act?"""
    return _page(request, _blank(request), as_proxy=True)


@post(f"{BASE}/ask", status_code=303, **MINE)
async def ask(request: AnyRequest) -> Response[Any]:
    """Ask for their consent, by mail."""
    return await _begin(request, as_proxy=True)


def count_mail(request: AnyRequest) -> None:
    """Count a mail that somebody makes us send to an address that nobody proved. Raises TooMany."""
    limits.take(request, _MAILS, guards.actor_of(request).account)


async def _begin(request: AnyRequest, *, as_proxy: bool) -> Response[Any]:
    actor, form = guards.actor_of(request), await forms.read(request, Begun)
    form = form.refused(_wrong(form))
    if form.errors:
        return _page(request, form, as_proxy=as_proxy, status=422)
    try:
        count_mail(request)
    except TooMany as error:
        form = form.refused([Refusal(error.code, error.detail or error.title)])
        return _page(request, form, as_proxy=as_proxy, status=error.status)
    typed = form.value
    wish = Wish(bond=typed.bond, services=tuple(sorted(set(typed.services))), ends_at=end_of(typed.until))
    async with transaction():
        begun = await mandates.begin(actor, wish, typed.address, typed.language, as_proxy=as_proxy)
        await write(begun, actor)
        await trace(
            actor, "ask-mandate" if as_proxy else "offer-mandate", await mandates.of_account(begun, actor.account)
        )
    return pages.see_other(f"{BASE}?told=sent")


def _wrong(form: Form[Begun]) -> Iterator[Refusal]:
    """What no type asks for."""
    chosen = form.raw.get("services", ())
    if not chosen or not set(chosen) <= services().keys():
        yield Refusal("no-service", _NO_SERVICE, "services")
    if form.decoded and form.decoded.until < first_last_day():
        yield Refusal("until-past", _PAST, "until")
    elif form.decoded and form.decoded.until > first_last_day() + _LONGEST:
        yield Refusal("until-far", _FAR, "until")


def _blank(request: AnyRequest) -> Form[Any]:
    offered = list(services())
    return forms.blank(language=i18n.language(request), services=offered if len(offered) == 1 else None)


def _page(request: AnyRequest, form: Form[Any], *, as_proxy: bool, status: int = 200) -> Response[Any]:
    return pages.render(
        request,
        "portal/proxies/begin.html",
        status=status,
        form=form,
        as_proxy=as_proxy,
        bonds=[(bond.value, text) for bond, text in BONDS.items()],
        services=list(services().items()),
        first=first_last_day(),
        last=first_last_day() + _LONGEST,
        days=mandates.LASTS.days,
    )


HANDLERS = (ask_somebody, invite, ask_resident, ask)
