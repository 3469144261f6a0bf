"""Refunds: asked for, approved or rejected by somebody else, paid by hand, tried again."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, NotFound, Refused, Text
from parvis.identity import queries as people
from parvis.office.tills.looking import DECIDE, KEEP, SEE, Here, look
from parvis.office.tills.wording import DISPUTES
from parvis.payments import disputes, money, refund_sending, refundable, refunds, returning
from parvis.payments.accounts import BY_OURSELVES, Account, accounts_of
from parvis.payments.books import days, ledger
from parvis.payments.rules import BACK_BY_HAND
from parvis.payments.wording import METHODS, STATES
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class AskedBack(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a payment to give back, and why."""

    cents: Annotated[fields.Line, fields.Missing(Text("Write the amount to give back."))]
    reason: Annotated[fields.Line, fields.Missing(Text("Say why."))]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a refund."""

    act: Literal["approve", "reject", "paid", "again", "withdraw", "back"]
    method: Literal["provider", "advances", "mandate", "cash"] | None = None


@get("/office/{emitter:str}/tills/{till:uuid}/refunds", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Those that wait for somebody first."""
    return await _list(request, await look(request, emitter, till), forms.blank())


@get("/office/{emitter:str}/tills/{till:uuid}/payments/{capture:uuid}", **SEE)
async def ask(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], capture: FromPath[UUID]
) -> Response[Any]:
    """A payment that came in, and giving some of it back."""
    return await one_page(request, await look(request, emitter, till), capture)


@post("/office/{emitter:str}/tills/{till:uuid}/payments/{capture:uuid}", **KEEP)
async def give_back(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], capture: FromPath[UUID]
) -> Response[Any]:
    """Ask to give some of it back; above the till's limit somebody else approves it."""
    here, form = await look(request, emitter, till), await forms.read(request, AskedBack)
    await days.one_that_came_in(till, capture)
    if form.errors:
        return await one_page(request, here, capture, form)
    try:
        cents = money.read_cents(form.value.cents, "cents")
        async with transaction():
            asked = await refunds.request(capture, cents, form.value.reason, here.by)
            await here.trace("ask-refund", refund=str(asked.id), cents=cents)
    except (Refused, Invalid) as refused:
        return await one_page(request, here, capture, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/refunds?told={asked.state}")


@post("/office/{emitter:str}/tills/{till:uuid}/refunds/{refund:uuid}/decide", **DECIDE)
async def decide(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], refund: FromPath[UUID]
) -> Response[Any]:
    """Approve or reject what somebody else asked for; try again what failed."""
    return await _acted(request, emitter, till, refund, ("approve", "reject", "again"))


@post("/office/{emitter:str}/tills/{till:uuid}/refunds/{refund:uuid}/keep", **KEEP)
async def keep(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], refund: FromPath[UUID]
) -> Response[Any]:
    """Note that it was paid by hand, or came back from the bank; take it back before it leaves."""
    return await _acted(request, emitter, till, refund, ("paid", "withdraw", "back"))


async def _acted(
    request: _AnyRequest, emitter: str, till: UUID, refund: UUID, allowed: tuple[str, ...]
) -> Response[Any]:
    here, form = await look(request, emitter, till), await forms.read(request, Decided)
    if (await refunds.refund_by_id(refund)).till != till or form.text("act") not in allowed:
        raise NotFound
    act = form.value.act
    try:
        async with transaction():
            await _act(act, refund, here.by, form.value.method)
            await here.trace(f"{act}-refund", refund=str(refund))
    except Refused as refused:
        return await _list(request, here, forms.blank().refused(refused.refusals))
    return pages.see_other(f"{here.base}/refunds?told={act}")


async def _act(act: str, refund: UUID, by: UUID, method: str | None) -> None:
    acts = {
        "approve": lambda: refunds.decide(refund, True, by),
        "reject": lambda: refunds.decide(refund, False, by),
        "again": lambda: refund_sending.retry(refund, by, method),
        "paid": lambda: refund_sending.pay_by_hand(refund),
        "withdraw": lambda: refunds.withdraw(refund),
        "back": lambda: refund_sending.back_by_hand(refund),
    }
    await acts[act]()


async def _list(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    found = await days.asked_back(here.till.id)
    who = {person for one in found for person in (one.requested_by, one.decided_by) if person}
    return pages.render(
        request,
        "office/tills/refunds.html",
        status=409 if form.errors else 200,
        page=here,
        refunds=found,
        names=await people.names(list(who)),
        states=STATES,
        methods=METHODS,
        back_by_hand=BACK_BY_HAND,
        ways={one.key: ways(one) for one in await accounts_of(here.till.id)},
        form=form,
        told=request.query_params.get("told", ""),
    )


async def one_page(
    request: _AnyRequest,
    here: Here,
    capture: UUID,
    form: Form[Any] | None = None,
    back: Form[Any] | None = None,
    mistaken: Form[Any] | None = None,
) -> Response[Any]:
    """A payment, with the form to give it back, and the one to say that the payer's bank took it back, or did not."""
    found = await days.one_that_came_in(here.till.id, capture)
    left = await refundable.left(capture)
    return pages.render(
        request,
        "office/tills/payment.html",
        status=422 if any(one and one.errors for one in (form, back, mistaken)) else 200,
        page=here,
        paid=found,
        left=left,
        given=await refunds.refunds_of(capture),
        returned=await returning.returned(capture),
        disputes=await disputes.disputes_of(capture),
        disputed=DISPUTES,
        states=STATES,
        online=found.provider not in BY_OURSELVES,
        form=form or forms.blank(cents=money.euros(left)),
        back=back or forms.blank(day=ledger.today()),
        mistaken=mistaken or forms.blank(),
        told=request.query_params.get("told", ""),
    )


def ways(at: Account) -> dict[str, Text]:
    """By which ways a refund that failed can be sent again, the account's own first."""
    return {way: METHODS[way] for way in (at.gives_back, "mandate", "advances")}


HANDLERS = (listed, ask, give_back, decide, keep)
