"""Whose basket somebody looks at, what became of its payments, and the page that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response

from parvis import clock
from parvis.contract.payments import OutcomeUnknown
from parvis.contract.values import Channel
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.payments import attempts, dues, payers, providers, ways
from parvis.payments.books import receipting
from parvis.payments.debits import creditors
from parvis.payments.dues import Due
from parvis.payments.invoices import issuing
from parvis.payments.payers import Payer
from parvis.payments.rules import minutes
from parvis.payments.tariffs import explaining
from parvis.payments.terms import reading, saying
from parvis.territory import queries as territory
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket for whoever pays it; `key` is that of the link it was reached by."""

    payer: Payer
    key: str | None

    @classmethod
    async def of(cls, request: _AnyRequest, basket: UUID) -> Self:
        """The basket of an address. Raises NotFound, Unreadable."""
        key = request.query_params.get("key")
        return cls(await payers.for_payer(basket, guards.actor_of(request), key), key)

    def address(self, part: str = "", **more: str) -> str:
        """The address of the basket's page, or of something under it."""
        query = urlencode(({"key": self.key} if self.key else {}) | more)
        return f"/my/payments/{self.payer.basket}{part}" + (f"?{query}" if query else "")

    def way_back(self) -> str:
        """The address to come back to from a provider, which sees it: a link in it lasts for the payment only."""
        if not self.key:
            return self.address(back="yes")
        short = payers.link_key(self.payer.basket, clock.now() + _BACK)
        return replace(self, key=short).address(back="yes")

    async def due(self, intent: UUID) -> Due:
        """One of its payments. Raises NotFound."""
        found = [due for due in await dues.dues_in(self.payer.basket) if due.intent == intent]
        if not found:
            raise NotFound
        return found[0]

    async def ask(self) -> bool:
        """Ask the providers what became of what is under way; whether one did not answer."""
        provider_of = await providers.every()
        silent = False
        for due in await dues.dues_in(self.payer.basket):
            if due.result is None or not due.payable:
                continue
            for way in await ways.ways_of(due):
                try:
                    await attempts.look_at(due.intent, provider_of(way.account), way.account)
                except OutcomeUnknown:
                    silent = True
        return silent

    async def mail(self) -> str:
        """Where a provider may send its own receipt; empty where that is not known."""
        if self.payer.contact and self.payer.contact.kind is Channel.MAIL:
            return self.payer.contact.address
        return (await people.person(self.payer.person)).email if self.payer.person else ""


async def basket_page(
    request: _AnyRequest, here: Basket, form: Form[Any], *, silent: bool = False, status: int = 200
) -> Response[Any]:
    """The page of a basket: each payment with its state, in the truth of this moment."""
    found = await dues.dues_in(here.payer.basket)
    given = await receipting.given_in(here.payer.basket)
    papers = await issuing.invoices_of([here.payer.basket])
    now = clock.now()
    return pages.render(
        request,
        "payments/basket.html",
        status=status,
        page=here,
        dues=found,
        states={due.intent: state_of(due, now) for due in found},
        explained=await explaining.explained_in(here.payer.basket),
        step_name=explaining.step_name,
        terms={intent: saying.sentences(one) for intent, one in (await reading.terms_in(here.payer.basket)).items()},
        cancelled=await reading.cancelled_in(here.payer.basket),
        receipts={
            due.intent: [one.receipt for one in given if one.intent == due.intent and not one.reversed] for due in found
        },
        invoices={due.intent: issuing.about(papers, due) for due in found},
        ways={due.intent: [way for way in await ways.ways_of(due) if way.takes] for due in found if due.payable},
        left_of={
            due.intent: minutes(due.resume_until - now) for due in found if due.resume_until and due.resume_until > now
        },
        phones={due.emitter: (await territory.emitter(due.emitter)).phone for due in found},
        mail=await here.mail(),
        debiting={due.till for due in found if await creditors.creditor_of(due.till)},
        tills=len({due.till for due in found}),
        left=sum(due.cents for due in found if due.payable and not due.debited and due.expires_at > now),
        form=form,
        blank=forms.blank(),
        silent=silent,
        back="back" in request.query_params,
        told=request.query_params.get("told", ""),
    )


def state_of(due: Due, now: Any) -> str:
    """What a payer is told of a payment: its state, or more exactly what became of the page that was opened for it."""
    if not due.payable:
        return due.state
    if due.debited:
        return "debited"
    if due.account and due.live_until and now < due.live_until:
        if due.result in {"refused", "abandoned"}:
            return due.result
        return "waiting"
    if now >= due.expires_at:
        return "late"
    return "refused" if due.result == "refused" else "due"
