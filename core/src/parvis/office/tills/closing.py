"""Closing a till's days (arrêt), and the papers of those that were closed."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refused, Text
from parvis.identity import queries as people
from parvis.office.tills.daily import paper, sender
from parvis.office.tills.looking import KEEP, SEE, Here, look
from parvis.office.tills.wording import account_name, in_french
from parvis.payments.books import closings, ledger
from parvis.payments.books.closings import Closing
from parvis.payments.money import euros
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """Through which day to close."""

    day: Annotated[date, fields.Missing(Text("Choose the last day to close."))]


@get("/office/{emitter:str}/tills/{till:uuid}/closings", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """The arrêts so far, and closing the next days."""
    here = await look(request, emitter, till)
    return await _page(request, here, forms.blank(day=ledger.today()))


@post("/office/{emitter:str}/tills/{till:uuid}/closings", **KEEP)
async def close(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Close the days up to one, for good."""
    here, form = await look(request, emitter, till), await forms.read(request, Closed)
    if form.errors:
        return await _page(request, here, form)
    try:
        async with transaction():
            closing = await closings.close(till, form.value.day, here.by)
            await here.trace("close-till", number=closing.number, day=form.value.day.isoformat())
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/closings?told=closed")


@get("/office/{emitter:str}/tills/{till:uuid}/closings/{number:int}", **SEE)
async def as_paper(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[bytes]:
    """An arrêt on paper."""
    here = await look(request, emitter, till)
    found = await closings.closing_numbered(till, number)
    return paper(await asyncio.to_thread(drawn, await _sheet(here, found)), f"arret-{here.till.slug}-{number}.pdf")


async def _sheet(here: Here, found: Closing) -> Sheet:
    names = await people.names([found.person]) if found.person else {}
    rows = [
        (in_french(total.account), euros(total.before), euros(total.debit), euros(total.credit), euros(total.after))
        for total in found.totals
    ]
    facts = [
        ("Jusqu’au", found.day.strftime("%d/%m/%Y")),
        ("Écritures", "aucune" if found.empty else f"{found.first_entry} à {found.last_entry}"),
        ("Arrêté par", names.get(found.person, "–") if found.person else "–"),
    ]
    return Sheet(
        **await sender(here),
        title=f"Arrêt n° {found.number}",
        facts=facts,
        header=("Compte", "Avant (€)", "Débit (€)", "Crédit (€)", "Après (€)"),
        rows=rows,
        widths=(32, 17, 17, 17, 17),
        figures_from=1,
        notes=[f"Empreinte du journal : {found.digest.hex()}"],
    )


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    found = await closings.closings(here.till.id)
    return pages.render(
        request,
        "office/tills/closings.html",
        status=422 if form.errors else 200,
        page=here,
        closings=found,
        names=await people.names([one.person for one in found if one.person]),
        account_name=account_name,
        balances=await ledger.balances(here.till.id),
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (listed, close, as_paper)
