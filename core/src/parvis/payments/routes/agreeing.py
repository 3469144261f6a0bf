"""A payer lets a till debit their account for what it asks of them, and takes that back."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.identity.shares import count_claim
from parvis.payments.books import ledger
from parvis.payments.debits import creditors, mandates, withdrawing
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.mandates import Given
from parvis.payments.dues import Due, dues_in
from parvis.payments.routes.looking import Basket
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_AGREE = Text("Tick that you agree, or go back.")
_PUBLIC = guards.page(guards.public(), "everyone")


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """Whose account, which, and that they mean it."""

    name: Annotated[fields.Line, fields.Missing(Text("Write the name of the account’s holder."))]
    iban: Annotated[fields.Line, fields.Missing(Text("Write the IBAN: it stands on your bank’s papers."))]
    agreed: bool = False


@get("/my/payments/{basket:uuid}/mandate/{till:uuid}", **_PUBLIC)
async def ask(request: _AnyRequest, basket: FromPath[UUID], till: FromPath[UUID]) -> Response[Any]:
    """What a direct debit is, for whom, and from which account."""
    here = await Basket.of(request, basket)
    return await _page(request, here, till, forms.blank())


@post("/my/payments/{basket:uuid}/mandate/{till:uuid}", status_code=303, **_PUBLIC)
async def give(request: _AnyRequest, basket: FromPath[UUID], till: FromPath[UUID]) -> Response[Any]:
    """Agree to it."""
    here, form = await Basket.of(request, basket), await forms.read(request, Agreed)
    await _creditor(here, till)
    count_claim(request)
    if not form.text("agreed"):
        form = form.refused([Refusal("disagreed", _AGREE, "agreed")])
    if form.errors:
        return await _page(request, here, till, form)
    try:
        given = Given(name=form.value.name, iban=form.value.iban, signed_on=ledger.today())
        await mandates.give(till, here.payer, given)
    except (Invalid, Refused) as refused:
        return await _page(request, here, till, form.refused(refused.refusals))
    return pages.see_other(here.address(f"/mandate/{till}", told="given"))


@post("/my/payments/{basket:uuid}/mandate/{till:uuid}/revoke", status_code=303, **_PUBLIC)
async def revoke(request: _AnyRequest, basket: FromPath[UUID], till: FromPath[UUID]) -> Response[Any]:
    """Take it back."""
    here = await Basket.of(request, basket)
    await _creditor(here, till)
    count_claim(request)
    found = await mandates.of_payer(till, here.payer)
    if found:
        await withdrawing.revoke(found.id)
    return pages.see_other(here.address(f"/mandate/{till}", told="revoked"))


async def _creditor(here: Basket, till: UUID) -> tuple[Due, Creditor]:
    """Who debits, for a till that asks something of this payer. Raises NotFound."""
    creditor = await creditors.creditor_of(till)
    found = [due for due in await dues_in(here.payer.basket) if due.till == till]
    if creditor is None or not found:
        raise NotFound
    return found[0], creditor


async def _page(request: _AnyRequest, here: Basket, till: UUID, form: Form[Any]) -> Response[Any]:
    due, creditor = await _creditor(here, till)
    return pages.render(
        request,
        "payments/mandate.html",
        status=422 if form.errors else 200,
        page=here,
        due=due,
        creditor=creditor,
        mandate=await mandates.of_payer(till, here.payer),
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, give, revoke)
