"""In which order a till offers its ways to pay, and what a payer reads of each."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.office.tills.looking import OPENED, look
from parvis.office.tills.opening import accounts_page
from parvis.payments import accounts
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a till's accounts, what a payer reads of it (empty: its provider's name), and whether it comes first."""

    account: str
    label: Annotated[fields.Line, msgspec.Meta(max_length=60)] = ""
    first: bool = False


@post("/office/{emitter:str}/tills/{till:uuid}/accounts/offer", **OPENED)
async def offer(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Offer a way to pay by these words, or before the others."""
    here, form = await look(request, emitter, till), await forms.read(request, Offered)
    if form.errors:
        return await accounts_page(request, here, form)
    typed = form.value
    async with transaction():
        await accounts.offer(typed.account, till, typed.label, first=typed.first)
        await here.trace("offer-way", account=typed.account, label=typed.label, first=typed.first)
    return pages.see_other(f"{here.base}/accounts?told=offered")


HANDLERS = (offer,)
