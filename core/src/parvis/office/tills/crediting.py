"""Credits of a till's payers: what is left of them, and paying one out."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, NotFound, Refused, Text
from parvis.office.tills.looking import FETCH, KEEP, SEE, Here, look
from parvis.payments import money
from parvis.payments.credits import balances, paying_out
from parvis.payments.credits.balances import Credit
from parvis.payments.wording import METHODS
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SHOWN = 50


class After(msgspec.Struct, frozen=True, kw_only=True):
    """After which credit the list goes on."""

    after: UUID | None = None


class PaidOut(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a credit to pay out, and why."""

    cents: Annotated[fields.Line, fields.Missing(Text("Write the amount to give back."))]
    reason: Annotated[fields.Line, fields.Missing(Text("Say why."))]


@get("/office/{emitter:str}/tills/{till:uuid}/credits", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What is left of each, the oldest first."""
    here = await look(request, emitter, till)
    form = forms.query(request, After)
    after = form.decoded.after if form.decoded else None
    found = await balances.left_at(till, _SHOWN + 1, after)
    return pages.render(
        request,
        "office/tills/credits.html",
        page=here,
        credits=found[:_SHOWN],
        total=await balances.total_at(till),
        first=f"{here.base}/credits" if after else None,
        following=f"{here.base}/credits?after={found[_SHOWN - 1].id}" if len(found) > _SHOWN else None,
    )


@get("/office/{emitter:str}/tills/{till:uuid}/credits/{credit:uuid}", **FETCH)
async def ask(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], credit: FromPath[UUID]
) -> Response[Any]:
    """Pay it out?"""
    here = await look(request, emitter, till)
    found = await _of(till, credit)
    return await _one(request, here, found, forms.blank(cents=money.euros(found.left)))


@post("/office/{emitter:str}/tills/{till:uuid}/credits/{credit:uuid}", **KEEP)
async def pay_out(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], credit: FromPath[UUID]
) -> Response[Any]:
    """Ask to pay some of it out; above the till's limit somebody else approves it."""
    here, form = await look(request, emitter, till), await forms.read(request, PaidOut)
    found = await _of(till, credit)
    if form.errors:
        return await _one(request, here, found, form)
    try:
        cents = money.read_cents(form.value.cents, "cents")
        async with transaction():
            asked = await paying_out.ask(credit, cents, form.value.reason, here.by)
            await here.trace("pay-credit-out", refund=str(asked.id), cents=cents)
    except (Refused, Invalid) as refused:
        return await _one(request, here, found, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/refunds?told={asked.state}")


async def _of(till: UUID, credit: UUID) -> Credit:
    """A credit of a till's. Raises NotFound."""
    found = await balances.credit_by_id(credit)
    if found.till != till:
        raise NotFound
    return found


async def _one(request: _AnyRequest, here: Here, found: Credit, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/credit.html",
        status=422 if form.errors else 200,
        page=here,
        credit=found,
        leaves=METHODS[await paying_out.way(found)],
        form=form,
    )


HANDLERS = (listed, ask, pay_out)
