"""Mandates of a till: those there are, one typed in from paper, one revoked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.contract.values import Channel
from parvis.db import transaction
from parvis.errors import Invalid, NotFound, Refused, Text
from parvis.identity import queries as people
from parvis.identity.contacts import Contact
from parvis.office.tills.looking import KEEP, SEE, Here, look
from parvis.payments.books import ledger
from parvis.payments.debits import creditors, mandates, rules, withdrawing
from parvis.payments.debits.mandates import Given
from parvis.payments.payers import Payer
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate on paper."""

    mail: Annotated[fields.Email, fields.Missing(Text("Write the e-mail address that the bills go to."))]
    name: Annotated[fields.Line, fields.Missing(Text("Write the name of the account’s holder."))]
    iban: Annotated[fields.Line, fields.Missing(Text("Write the IBAN."))]
    signed_on: Annotated[date, fields.Missing(Text("Write the day it was signed."))]


@get("/office/{emitter:str}/tills/{till:uuid}/mandates", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Those that count first."""
    return await _page(request, await look(request, emitter, till), forms.blank(signed_on=ledger.today()))


@post("/office/{emitter:str}/tills/{till:uuid}/mandates", **KEEP)
async def give(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Type one in that was signed on paper."""
    here, form = await look(request, emitter, till), await forms.read(request, Paper)
    if await creditors.creditor_of(till) is None:
        raise NotFound
    if form.errors:
        return await _page(request, here, form)
    typed = form.value
    payer = Payer(basket=till, person=None, contact=Contact(Channel.MAIL, typed.mail), language="fr")
    try:
        async with transaction():
            given = Given(name=typed.name, iban=typed.iban, signed_on=typed.signed_on)
            made = await mandates.give(till, payer, given, here.by)
            await here.trace("give-mandate", mandate=str(made.id))
    except (Invalid, Refused) as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/mandates?told=given")


@post("/office/{emitter:str}/tills/{till:uuid}/mandates/{debit_mandate:uuid}/revoke", **KEEP)
async def revoke(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], debit_mandate: FromPath[UUID]
) -> Response[Any]:
    """The payer wants no more debits."""
    here = await look(request, emitter, till)
    if (await mandates.one(debit_mandate)).till != till:
        raise NotFound
    try:
        async with transaction():
            await withdrawing.revoke(debit_mandate)
            await here.trace("revoke-mandate", mandate=str(debit_mandate))
    except Refused as refused:
        return await _page(request, here, forms.blank().refused(refused.refusals))
    return pages.see_other(f"{here.base}/mandates?told=revoked")


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    found = await mandates.of_till(here.till.id)
    return pages.render(
        request,
        "office/tills/mandates.html",
        status=422 if form.errors else 200,
        page=here,
        creditor=await creditors.creditor_of(here.till.id),
        mandates=found,
        names=await people.names([one.given_by for one in found if one.given_by]),
        reasons={one.id: rules.reason_of(one.revoked_why) for one in found if one.revoked_why},
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (listed, give, revoke)
