"""Who sells at a till: what the law wants to read on its invoices and receipts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments.invoices import sellers
from parvis.payments.invoices.sellers import Seller
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The seller as it is typed."""

    address: Annotated[str, fields.Reader(fields.words), msgspec.Meta(max_length=300)] = ""
    siret: Annotated[str, fields.Reader(sellers.tidy), msgspec.Meta(max_length=14)] = ""
    vat_number: Annotated[str, fields.Reader(sellers.tidy), msgspec.Meta(max_length=14)] = ""
    vat_exempt: bool = False


@get("/office/{emitter:str}/tills/{till:uuid}/seller", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Who sells?"""
    here, seller = await look(request, emitter, till), await sellers.seller_of(till)
    exempt = "yes" if seller.vat_exempt else ""
    known = {"address": seller.address, "siret": seller.siret, "vat_number": seller.vat_number, "vat_exempt": exempt}
    return _form(request, here, forms.blank(**known))


@post("/office/{emitter:str}/tills/{till:uuid}/seller", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep it, for the papers to come."""
    here, form = await look(request, emitter, till), await forms.read(request, Typed)
    if form.errors:
        return _form(request, here, form)
    try:
        async with transaction():
            await sellers.keep_seller(here.till, Seller(**msgspec.structs.asdict(form.value)))
            await here.trace("say-seller")
    except Invalid as wrong:
        return _form(request, here, form.refused(wrong.refusals))
    return pages.see_other(f"{here.base}/seller?told=kept")


def _form(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/seller.html",
        status=422 if form.errors else 200,
        page=here,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep)
