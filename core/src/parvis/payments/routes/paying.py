"""Paying: the payer is led to the provider's page; asking again what became of it changes nothing but the answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from parvis import settings
from parvis.contract.payments import OutcomeUnknown
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.identity.shares import count_claim
from parvis.payments import attempts, providers, settling, ways
from parvis.payments.dues import Due
from parvis.payments.routes.looking import Basket, basket_page
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")
_OTHER = Text(
    "This way to pay does not answer at the moment. Nothing was taken: pay another way, or try again in a few minutes."
)
_MAIL = Text("Enter an e-mail address: the payment service sends its receipt there.")


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a basket's payments to begin, and where the payment service writes to, if that is not known.

    Without a way to pay it is the one whose page is open, or the first.
    """

    intent: str
    way: str = ""
    mail: fields.Email | None = None


@post("/my/payments/{basket:uuid}/pay", status_code=303, **_PUBLIC)
async def pay(request: _AnyRequest, basket: FromPath[UUID]) -> Response[Any]:
    """Open the payment, or come back to the one that is open, and go there."""
    here, form = await Basket.of(request, basket), await forms.read(request, Paid)
    if form.errors:
        return await basket_page(request, here, form, status=422)
    count_claim(request)
    due = await here.due(_id(form.value.intent))
    # What is typed goes first: the one that is known was refused.
    mail = form.value.mail or await here.mail()
    if not mail and due.cents:
        return await basket_page(request, here, form.refused([Refusal("mail", _MAIL, "mail")]), status=422)
    try:
        # nosemgrep: redirect-to-what-was-asked - the page that the provider gave us, or our own
        return pages.see_other(await _begun(here, due, form.value.way, mail))
    except Refused as refused:
        return await basket_page(request, here, form.refused(_unnamed(refused)), status=refused.status)
    except OutcomeUnknown as unknown:
        text = _OTHER if await _elsewhere(here, due) else unknown.title
        return await basket_page(request, here, form.refused([Refusal(unknown.code, text)]), status=503)


@post("/my/payments/{basket:uuid}/look", status_code=303, **_PUBLIC)
async def look(request: _AnyRequest, basket: FromPath[UUID]) -> Response[Any]:
    """Ask again what became of it."""
    here = await Basket.of(request, basket)
    count_claim(request)
    return pages.see_other(here.address(back="yes"))


async def _begun(here: Basket, due: Due, way: str, mail: str) -> str:
    """Where the payer goes: the provider's page, or back where there is nothing to pay."""
    if not due.cents:
        await settling.settle_free(due.intent)
        return here.address()
    found = await ways.ways_of(due)
    at = due.account if due.account in {one.account for one in found} else None
    account = ways.chosen(found, way or at or "").account
    back = settings.current().base_url + here.way_back()
    page = await attempts.begin(
        due.intent, await providers.every(), account, label=", ".join(due.labels), mail=mail, back=back
    )
    return page.url


async def _elsewhere(here: Basket, due: Due) -> bool:
    """Whether it can be paid another way at once: there is one, and no page is open that may be paid."""
    fit = [way for way in await ways.ways_of(due) if way.takes]
    return len(fit) > 1 and (await here.due(due.intent)).account is None


def _unnamed(refused: Refused) -> list[Refusal]:
    """The reasons; those about a field that the page does not ask for are about the whole."""
    return [Refusal(one.code, one.text, one.field if one.field == "mail" else None) for one in refused.refusals]


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound from error


HANDLERS = (pay, look)
