"""My payments: those of an account or of a proved contact, one basket by its link, receipts and invoices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.errors import NotFound, TooMany
from parvis.identity import guards
from parvis.identity.shares import count_claim
from parvis.payments import payers
from parvis.payments.books import receipting
from parvis.payments.invoices import invoicing, issuing
from parvis.payments.routes.looking import Basket, basket_page
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")


@get("/my/payments", **_PUBLIC)
async def mine(request: _AnyRequest) -> Response[Any]:
    """Everything that was asked of me, by emitter: to pay first, the most pressing before the others."""
    actor = guards.actor_of(request)
    known = actor.person is not None or bool(actor.proofs)
    dues = await payers.dues(actor) if known else []
    open_ = sorted((due for due in dues if due.payable), key=lambda due: due.expires_at)
    return pages.render(
        request,
        "payments/payments.html",
        known=known,
        owed=sum(due.cents for due in open_ if not due.debited),
        open=open_,
        past=[due for due in dues if not due.payable],
        credits=await payers.credits_of(actor) if known else [],
    )


@get("/my/payments/{basket:uuid}", **_PUBLIC)
async def show(request: _AnyRequest, basket: FromPath[UUID]) -> Response[Any]:
    """A basket with each of its payments; coming back from a provider it is asked what became of them."""
    here = await Basket.of(request, basket)
    silent = await _asked(request, here) if "back" in request.query_params else False
    return await basket_page(request, here, forms.blank(), silent=silent)


@get("/my/payments/{basket:uuid}/receipts/{receipt:uuid}", **_PUBLIC)
async def receipt(request: _AnyRequest, basket: FromPath[UUID], receipt: FromPath[UUID]) -> Response[bytes]:
    """A receipt as PDF."""
    here, found = await Basket.of(request, basket), await receipting.given(receipt)
    if found.basket != here.payer.basket:
        raise NotFound
    return paper_response(await receipting.paper(found), f"recu-{found.receipt.name}.pdf")


@get("/my/payments/{basket:uuid}/invoices/{invoice:uuid}", **_PUBLIC)
async def invoice(request: _AnyRequest, basket: FromPath[UUID], invoice: FromPath[UUID]) -> Response[bytes]:
    """An invoice or a credit note as PDF."""
    here, found = await Basket.of(request, basket), await issuing.invoice(invoice)
    if found.basket != here.payer.basket:
        raise NotFound
    return paper_response(await invoicing.paper(found), invoicing.file_name(found))


async def _asked(request: _AnyRequest, here: Basket) -> bool:
    """Whether a provider did not answer. Who comes back too often is shown what is known: the worker asks as well."""
    try:
        count_claim(request)
    except TooMany:
        return False
    return await here.ask()


def paper_response(content: bytes, name: str) -> Response[bytes]:
    """A PDF to keep; nobody's cache does."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


HANDLERS = (mine, show, receipt, invoice)
