"""What is owed to a till at a day: shown, as a sheet and on paper for the public accountant, and given to them to
collect. Every look is noted, for it names who owes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from parvis.db import transaction
from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.office.tills.daily import paper, sender
from parvis.office.tills.looking import FETCH, KEEP, Here, look
from parvis.payments.books import ledger
from parvis.payments.invoices import unpaid
from parvis.payments.invoices.unpaid import Debt
from parvis.payments.money import euros, price
from parvis.payments.spreadsheets import MARK, written
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]
_HEADER = ("invoice", "part", "due", "days_late", "debtor", "contact", "what", "amount")
_SHOWN, _PRINTED, _PIECE = 200, 2_000, 200
_LONG = Text("A paper holds {most} bills: take the list as CSV.", {"most": _PRINTED})


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """At the end of which day."""

    day: date | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Which bills, and the number of the list that goes to the public accountant."""

    intent: Annotated[tuple[UUID, ...], fields.Missing(Text("Choose at least one bill."))]
    ref: Annotated[fields.Line, fields.Missing(Text("Write the list’s number."))]


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Which bill comes back."""

    intent: UUID


@get("/office/{emitter:str}/tills/{till:uuid}/unpaid", **FETCH)
async def show(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Who owes what since when."""
    return await _page(request, await look(request, emitter, till), forms.blank())


@get("/office/{emitter:str}/tills/{till:uuid}/unpaid.csv", **FETCH)
async def as_sheet(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Stream:
    """The whole list for spreadsheets."""
    here, day = await look(request, emitter, till), _read_day(request)
    await _noted(here, day)
    headers = {
        "content-disposition": f'attachment; filename="impayes-{here.till.slug}-{day.isoformat()}.csv"',
        "cache-control": "no-store",
    }
    return Stream(_pieces(till, day), media_type="text/csv; charset=utf-8", headers=headers)


@get("/office/{emitter:str}/tills/{till:uuid}/unpaid.pdf", **FETCH)
async def as_paper(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[bytes]:
    """It on paper, to sign."""
    here, day = await look(request, emitter, till), _read_day(request)
    if (await unpaid.total(till, day)).bills > _PRINTED:
        raise Invalid(Refusal("list-long", _LONG, "day"))
    await _noted(here, day)
    sheet = await _sheet(here, day)
    return paper(await asyncio.to_thread(drawn, sheet), f"impayes-{here.till.slug}-{day.isoformat()}.pdf")


@post("/office/{emitter:str}/tills/{till:uuid}/unpaid", **KEEP)
async def give(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Give the chosen ones to the public accountant: nobody is asked for them here any more."""
    here, form = await look(request, emitter, till), await forms.read(request, Given)
    if form.errors:
        return await _page(request, here, form)
    try:
        async with transaction():
            given, kept = await unpaid.pass_on(till, form.value.intent, form.value.ref, here.by)
            await here.trace("pass-on-bills", bills=given.bills, cents=given.cents, kept=len(kept))
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    if kept:
        told = "given" if given.bills else ""
        return await _page(request, here, form.refused([Refusal(one.code, one.text) for one in kept]), told)
    return pages.see_other(f"{here.base}/unpaid?told=given")


@post("/office/{emitter:str}/tills/{till:uuid}/unpaid/recall", **KEEP)
async def recall(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Take one back, which the public accountant does not collect."""
    here, form = await look(request, emitter, till), await forms.read(request, Back)
    try:
        async with transaction():
            await unpaid.recall(till, form.value.intent, here.by)
            await here.trace("recall-bill", intent=str(form.value.intent))
    except Refused as refused:
        return await _page(request, here, forms.blank().refused(refused.refusals))
    return pages.see_other(f"{here.base}/unpaid?told=recalled")


def _day(chosen: Form[Chosen]) -> date:
    """The day that was asked for; today where none was, none that can be read, or none that has begun."""
    today = ledger.today()
    return min((chosen.decoded and chosen.decoded.day) or today, today)


def _read_day(request: _AnyRequest) -> date:
    """The same; raises Invalid where it cannot be read."""
    chosen = forms.query(request, Chosen)
    chosen.value  # noqa: B018 - raises what is wrong
    return _day(chosen)


async def _noted(here: Here, day: date) -> None:
    async with transaction():
        await here.trace("see-unpaid", day=day.isoformat())


async def _page(request: _AnyRequest, here: Here, form: Form[Any], told: str = "") -> Response[Any]:
    chosen = forms.query(request, Chosen)
    day, till = _day(chosen), here.till.id
    await _noted(here, day)
    debts, today = await _first(till, day, _SHOWN), ledger.today()
    return pages.render(
        request,
        "office/tills/unpaid.html",
        status=422 if form.errors or chosen.errors else 200,
        page=here,
        day=day,
        today=today,
        total=await unpaid.total(till, day),
        debts=debts,
        ripe=day == today and any(debt.late(day) for debt in debts),
        passed=await unpaid.passed(till),
        form=form,
        chosen=chosen if chosen.errors else forms.blank(day=day),
        told=told or request.query_params.get("told", ""),
    )


async def _first(till: UUID, day: date, most: int) -> Sequence[Debt]:
    found = list[Debt]()
    async for debt in unpaid.owed(till, day):
        found.append(debt)
        if len(found) == most:
            break
    return found


async def _pieces(till: UUID, day: date) -> AsyncIterator[str]:
    yield MARK + written([_HEADER])
    rows = list[Sequence[str]]()
    async for debt in unpaid.owed(till, day):
        rows.append(_row(debt, day))
        if len(rows) == _PIECE:
            yield written(rows)
            rows.clear()
    yield written(rows)


def _row(debt: Debt, day: date) -> Sequence[str]:
    since = (debt.last_day.strftime("%d/%m/%Y"), str(debt.late(day)))
    return (debt.invoice, str(debt.part), *since, debt.debtor, debt.contact, ", ".join(debt.labels), euros(debt.cents))


async def _sheet(here: Here, day: date) -> Sheet:
    debts = unpaid.owed(here.till.id, day)
    rows = [(debt.invoice, *_row(debt, day)[2:4], _who(debt), euros(debt.cents)) async for debt in debts]
    owed = await unpaid.total(here.till.id, day)
    return Sheet(
        **await sender(here),
        title=f"État des restes à recouvrer au {day.strftime('%d/%m/%Y')}",
        facts=[("Factures", str(owed.bills)), ("Total", price(owed.cents))],
        header=("Facture", "Échéance", "Retard (j)", "Débiteur, objet", "Montant (€)"),
        rows=rows,
        widths=(18, 15, 12, 40, 15),
        figures_from=4,
        notes=["Signature : ................................................"],
    )


def _who(debt: Debt) -> str:
    named = ", ".join(filter(None, (debt.debtor, debt.contact))) or "Débiteur effacé"
    return f"{named} – {', '.join(debt.labels)}"


HANDLERS = (show, as_sheet, as_paper, give, recall)
