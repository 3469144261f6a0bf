"""A till's day: what came in, what each account holds, the journal as a sheet and on paper, receipts."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.branding.queries import brand_of, letter_colour
from parvis.errors import NotFound
from parvis.office.tills.looking import SEE, Here, look
from parvis.office.tills.wording import FACTS, account_name, in_french
from parvis.payments import stranded
from parvis.payments.books import closings, days, journals, ledger, receipting
from parvis.payments.money import euros
from parvis.web import forms, pages
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]
# A paper of more pages than anybody prints; the sheet has everything.
_PRINTED = 2_000


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which day."""

    day: date | None = None


@get("/office/{emitter:str}/tills/{till:uuid}", **SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """The day, today unless another is chosen."""
    here, form = await look(request, emitter, till), forms.query(request, Chosen)
    today = ledger.today()
    day = (form.decoded.day if form.decoded else None) or today
    came = await days.came_in(till, day)
    return pages.render(
        request,
        "office/tills/till.html",
        page=here,
        day=day,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
        came=came,
        total=sum(one.cents for one in came if not one.reversed),
        balances=[(account_name(one.account), one) for one in await ledger.balances(till)],
        waiting=(await days.waiting(here.emitter.id, today))[till],
        idle=(await stranded.counts(here.emitter.id))[till],
        closed=await closings.latest(till),
        form=forms.blank(day=day),
    )


@get("/office/{emitter:str}/tills/{till:uuid}/journal.csv", **SEE)
async def as_sheet(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[str]:
    """The whole journal, for spreadsheets."""
    here = await look(request, emitter, till)
    name = f"journal-{here.till.slug}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(await journals.journal_sheet(till), media_type="text/csv; charset=utf-8", headers=headers)


@get("/office/{emitter:str}/tills/{till:uuid}/journal.pdf", **SEE)
async def as_paper(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[bytes]:
    """The last entries of the journal, to print."""
    here = await look(request, emitter, till)
    last = await ledger.last_number(till)
    first = max(1, last - _PRINTED + 1)
    rows = []
    async for entry in journals.journal(till, first, last):
        for account, cents in entry.lines:
            sides = (euros(cents), "") if cents > 0 else ("", euros(-cents))
            fact = FACTS.get(entry.kind, entry.kind)
            rows.append((str(entry.number), entry.day.strftime("%d/%m/%Y"), fact, in_french(account), *sides))
    sheet = Sheet(
        **await sender(here),
        title=f"Journal, écritures {first} à {last}",
        facts=[("Édité le", ledger.today().strftime("%d/%m/%Y"))],
        header=("N°", "Jour", "Fait", "Compte", "Débit (€)", "Crédit (€)"),
        rows=rows,
        widths=(8, 14, 16, 34, 14, 14),
        figures_from=4,
    )
    return paper(await asyncio.to_thread(drawn, sheet), f"journal-{here.till.slug}.pdf")


@get("/office/{emitter:str}/tills/{till:uuid}/receipts", **SEE)
async def receipts(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """The last receipts."""
    here = await look(request, emitter, till)
    found = await receipting.given_at(till)
    return pages.render(request, "office/tills/receipts.html", page=here, receipts=[one.receipt for one in found])


@get("/office/{emitter:str}/tills/{till:uuid}/receipts/{receipt:uuid}", **SEE)
async def receipt(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], receipt: FromPath[UUID]
) -> Response[bytes]:
    """One of them, as the payer has it."""
    await look(request, emitter, till)
    found = await receipting.given(receipt)
    if found.receipt.till != till:
        raise NotFound
    return paper(await receipting.paper(found), f"recu-{found.receipt.name}.pdf")


async def sender(here: Here) -> dict[str, Any]:
    """Whose paper it is: the head of a `Sheet`."""
    look_ = await brand_of(here.emitter.slug)
    return {"sender": look_.name, "under": here.till.name, "colour": await letter_colour(here.emitter.slug)}


def paper(content: bytes, name: str) -> Response[bytes]:
    """A PDF to keep."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


HANDLERS = (show, as_sheet, as_paper, receipts, receipt)
