"""Handing what a till has over to the public accountant (dégagement), with a slip to print."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refusal, Refused, Text
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.office.permissions import KEEP_TILL
from parvis.office.tills.daily import paper, sender
from parvis.office.tills.looking import KEEP, Here, look
from parvis.office.tills.wording import DUTIES, account_name, in_french
from parvis.payments import money
from parvis.payments.books import ledger, limits, lying, movements, transfers
from parvis.payments.books.lying import Lying
from parvis.payments.books.postings import BANK
from parvis.payments.books.transfers import Moved, Transfer
from parvis.payments.counter.counting import BY_HAND, lies_in
from parvis.payments.money import euros
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(KEEP_TILL), "accountant")
_FROM = {**{way: lies_in(way) for way in BY_HAND}, BANK: BANK}


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over, how much, on which day (today if none is said), and the number of its slip."""

    what: Annotated[
        Literal["cash", "cheque", "cesu", "holiday", "bank"], fields.Missing(Text("Choose what was handed over."))
    ]
    cents: Annotated[fields.Line, fields.Missing(Text("Write the amount, such as 12,50."))]
    day: date | None = None
    slip: Annotated[fields.Line, fields.Missing(Text("Write the number of the slip, or of the transfer."))]


@get("/office/{emitter:str}/tills/{till:uuid}/handing-over", **_SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What lies where, and what was handed over."""
    return await _page(request, await look(request, emitter, till), forms.blank(what="cash", day=ledger.today()))


@post("/office/{emitter:str}/tills/{till:uuid}/handing-over", **KEEP)
async def hand_over(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Enter it in the books."""
    here, form = await look(request, emitter, till), await forms.read(request, Handed)
    if form.errors:
        return await _page(request, here, form)
    typed = form.value
    try:
        moved = Moved(typed.slip, typed.day or ledger.today(), money.read_cents(typed.cents, "cents"))
        async with transaction():
            await transfers.hand_over(till, moved, _FROM[typed.what], here.by)
            await here.trace("hand-over", what=typed.what, cents=moved.cents)
    except Refused as refused:
        return await _page(request, here, form.refused(_named(refused)))
    return pages.see_other(f"{here.base}/handing-over?told=entered")


@get("/office/{emitter:str}/tills/{till:uuid}/handing-over/{entry:int}", **_SEE)
async def slip(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], entry: pages.Number
) -> Response[bytes]:
    """What was handed over, on paper to sign."""
    here, found = await look(request, emitter, till), await transfers.transfer(till, "hand-over", entry)
    return paper(await asyncio.to_thread(drawn, await _sheet(here, found)), f"versement-{here.till.slug}-{entry}.pdf")


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    till = here.till.id
    there = {way: await movements.to_hand_over(till, account) for way, account in _FROM.items()}
    found = await lying.lying(till)
    return pages.render(
        request,
        "office/counter/handing.html",
        status=422 if form.errors else 200,
        page=here,
        there=[(account_name(_FROM[way]), cents, _since(found, _FROM[way])) for way, cents in there.items()],
        duties=await limits.due_at(here.till, found),
        why=DUTIES,
        today=ledger.today(),
        choices=[(way, account_name(account)) for way, account in _FROM.items()],
        past=await transfers.transfers(till, "hand-over"),
        account_name=account_name,
        form=form,
        told=request.query_params.get("told", ""),
    )


def _since(found: Sequence[Lying], account: str) -> date | None:
    return next((one.since for one in found if one.account == account), None)


def _named(refused: Refused) -> list[Refusal]:
    """The reasons, where this page has the field."""
    return [Refusal(one.code, one.text, "slip" if one.field == "ref" else one.field) for one in refused.refusals]


async def _sheet(here: Here, found: Transfer) -> Sheet:
    names = await people.names([found.person]) if found.person else {}
    facts = [
        ("Bordereau ou virement n°", found.ref or "–"),
        ("Date", found.day.strftime("%d/%m/%Y")),
        ("Écriture n°", str(found.number)),
        ("Enregistré par", names.get(found.person, "–") if found.person else "–"),
    ]
    return Sheet(
        **await sender(here),
        title="Bordereau de versement au comptable public",
        facts=facts,
        header=("Nature", "Montant (€)"),
        rows=[(in_french(found.out_of), euros(found.cents)), ("Total versé", euros(found.cents))],
        widths=(4, 1),
        figures_from=1,
        notes=[
            "Le régisseur : ........................................",
            "Le comptable : ......................................",
        ],
    )


HANDLERS = (ask, hand_over, slip)
