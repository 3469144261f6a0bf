"""For whom a till's direct debits are collected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.office.settings import asking
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments.debits import creditors
from parvis.payments.debits.creditors import Creditor
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


@get("/office/{emitter:str}/tills/{till:uuid}/debits/creditor", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """For whom does the bank collect?"""
    here = await look(request, emitter, till)
    known = await creditors.creditor_of(till) or Creditor(name=here.till.name)
    return _creditor(request, here, asking.filled(known))


@post("/office/{emitter:str}/tills/{till:uuid}/debits/creditor", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Say so."""
    here, form = await look(request, emitter, till), await forms.read(request, Creditor)
    if not form.errors:
        form = form.refused(creditors.faults(form.value))
    if form.errors:
        return _creditor(request, here, form)
    async with transaction():
        await creditors.keep(till, form.value)
        await here.trace("debit-for")
    return pages.see_other(f"{here.base}/debits?told=kept")


def _creditor(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/creditor.html",
        status=422 if form.errors else 200,
        page=here,
        questions=asking.questions(Creditor),
        form=form,
    )


HANDLERS = (ask, keep)
