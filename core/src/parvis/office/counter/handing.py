"""Handing what was taken by hand over to the public accountant (dégagement)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.identity import guards
from parvis.office.permissions import KEEP_TILL
from parvis.office.tills.looking import KEEP, Here, look
from parvis.office.tills.wording import account_name
from parvis.payments import money
from parvis.payments.books import ledger, movements
from parvis.payments.books.postings import BANK, PAID_OVER
from parvis.payments.counter.counting import BY_HAND, lies_in
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(KEEP_TILL), "accountant")
_FROM = {**{way: lies_in(way) for way in BY_HAND}, BANK: BANK}
_AGAIN = Text("This number was entered already: nothing was entered again.")


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over, how much, and the number of its slip."""

    what: Annotated[
        Literal["cash", "cheque", "cesu", "holiday", "bank"], fields.Missing(Text("Choose what was handed over."))
    ]
    cents: Annotated[fields.Line, fields.Missing(Text("Write the amount, such as 12,50."))]
    slip: Annotated[fields.Line, fields.Missing(Text("Write the number of the slip, or of the transfer."))]


@get("/office/{emitter:str}/tills/{till:uuid}/handing-over", **_SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What lies where, and what was handed over."""
    return await _page(request, await look(request, emitter, till), forms.blank(what="cash"))


@post("/office/{emitter:str}/tills/{till:uuid}/handing-over", **KEEP)
async def hand_over(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Enter it in the books."""
    here, form = await look(request, emitter, till), await forms.read(request, Handed)
    if form.errors:
        return await _page(request, here, form)
    typed = form.value
    try:
        cents = money.read_cents(typed.cents, "cents")
        if not cents:
            raise Invalid(Refusal("hand-over-nothing", Text("Hand over at least a cent."), "cents"))
        async with transaction():
            if not await movements.handed_over(till, typed.slip, cents, _FROM[typed.what]):
                raise Refused(Refusal("hand-over-again", _AGAIN, "slip"))
            await here.trace("hand-over", what=typed.what, cents=cents)
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/handing-over?told=entered")


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    till = here.till.id
    there = {way: await movements.to_hand_over(till, account) for way, account in _FROM.items()}
    past = [(entry, *_what(entry)) for entry in await movements.hand_overs(till)]
    return pages.render(
        request,
        "office/counter/handing.html",
        status=422 if form.errors else 200,
        page=here,
        there=[(way, account_name(_FROM[way]), cents) for way, cents in there.items()],
        choices=[(way, account_name(account)) for way, account in _FROM.items()],
        past=past,
        form=form,
        told=request.query_params.get("told", ""),
    )


def _what(entry: ledger.Entry) -> tuple[Text | str, int]:
    """Out of which account, and how much."""
    lines = dict(entry.lines)
    [out_of] = [account for account in lines if account != PAID_OVER]
    return account_name(out_of), lines[PAID_OVER]


HANDLERS = (ask, hand_over)
