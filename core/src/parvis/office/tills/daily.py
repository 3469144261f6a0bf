"""A till's day: what came in, what lies where and has to be handed over, what each account holds, receipts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.branding.queries import brand_of, letter_colour
from parvis.errors import NotFound, Refusal
from parvis.office.tills.looking import SEE, Here, look
from parvis.office.tills.wording import DUTIES, account_name
from parvis.payments import stranded
from parvis.payments.books import closings, days, ledger, limits, lying, receipting
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which day."""

    day: date | None = None


@get("/office/{emitter:str}/tills/{till:uuid}", **SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """The day, today unless another is chosen."""
    here, form = await look(request, emitter, till), forms.query(request, Chosen)
    today = ledger.today()
    day = (form.decoded.day if form.decoded else None) or today
    came, there = await days.came_in(till, day), await lying.lying(till)
    return pages.render(
        request,
        "office/tills/till.html",
        status=422 if form.errors else 200,
        page=here,
        day=day,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
        came=came,
        total=sum(one.cents for one in came if not one.reversed),
        balances=[(account_name(one.account), one) for one in await ledger.balances(till)],
        there=[(account_name(one.account), one) for one in there],
        duties=await limits.due_at(here.till, there),
        why=DUTIES,
        waiting=(await days.waiting(here.emitter.id, today))[till],
        idle=(await stranded.counts(here.emitter.id))[till],
        closed=await closings.latest(till),
        # The day is chosen by links: there is no field to say it at.
        form=forms.blank().refused(Refusal("day", text) for text in form.errors.values()),
    )


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


HANDLERS = (show, receipts, receipt)
