"""Money arrived at the bank: what a provider paid out of what it had collected, less what it kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refusal, Refused, Text
from parvis.office.tills.looking import FETCH, KEEP, Here, look
from parvis.office.tills.wording import account_name, collector
from parvis.payments import money, providers
from parvis.payments.accounts import BY_OURSELVES, Account, accounts_of
from parvis.payments.books import ledger, lying, transfers
from parvis.payments.books.postings import clearing
from parvis.payments.books.transfers import Moved
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_WHICH = Text("Choose where it came from.")


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """From which account, on which day, how much, less what, and the transfer's reference."""

    account: Annotated[str, fields.Missing(_WHICH)]
    day: Annotated[date, fields.Missing(Text("Choose the day."))]
    cents: Annotated[fields.Line, fields.Missing(Text("Write the amount, such as 12,50."))]
    fees: fields.Line = ""
    ref: Annotated[fields.Line, fields.Missing(Text("Write the reference of the transfer."))]


@get("/office/{emitter:str}/tills/{till:uuid}/arrivals", **FETCH)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What has arrived?"""
    here = await look(request, emitter, till)
    return await _page(request, here, forms.blank(day=ledger.today(), account=await _first(till)))


@post("/office/{emitter:str}/tills/{till:uuid}/arrivals", **KEEP)
async def enter(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Enter it in the books, once for each reference."""
    here, form = await look(request, emitter, till), await forms.read(request, Arrived)
    if form.errors:
        return await _page(request, here, form)
    typed = form.value
    try:
        if typed.account not in {one.key for one in await _online(till)}:
            raise Refused(Refusal("account", _WHICH, "account"))
        cents, fees = money.read_cents(typed.cents, "cents"), money.read_cents(typed.fees or "0", "fees")
        async with transaction():
            await transfers.arrive(typed.account, Moved(typed.ref, typed.day, cents, fees), here.by)
            await here.trace("enter-arrival", account=typed.account, cents=cents, fees=fees)
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/arrivals?told=entered")


async def _online(till: UUID) -> list[Account]:
    return [one for one in await accounts_of(till) if one.provider not in BY_OURSELVES]


async def _first(till: UUID) -> str | None:
    """The account to choose where there is one only."""
    found = [one.key for one in await _online(till) if not providers.can(one, "payouts")]
    return found[0] if len(found) == 1 else None


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    till = here.till.id
    online = await _online(till)
    ours = {clearing(one.key) for one in online}
    telling = [one.key for one in online if providers.can(one, "payouts")]
    return pages.render(
        request,
        "office/tills/arrivals.html",
        status=422 if form.errors else 200,
        page=here,
        accounts=[(one.key, account_name(clearing(one.key))) for one in online if one.key not in telling],
        telling=[collector(key) for key in telling],
        there=[one for one in await lying.lying(till) if one.account in ours],
        past=await transfers.transfers(till, "payout"),
        account_name=account_name,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, enter)
