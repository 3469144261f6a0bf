"""Bills that are taken back: one amount, or every part of a plan that is not paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.errors import NotFound, Refused
from parvis.identity import guards
from parvis.office.permissions import BILL
from parvis.office.tills.billing import bills_page
from parvis.payments import dues, intents
from parvis.payments.intents import Intent
from parvis.payments.invoices import bills
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(BILL), "agent", "manager")
_WRITE = guards.page(guards.staff(BILL), "agent", "manager", status_code=200)


@post("/office/{emitter:str}/bills/{intent:uuid}/cancel", **_WRITE)
async def cancel(request: _AnyRequest, emitter: FromPath[str], intent: FromPath[UUID]) -> Response[Any]:
    """No longer ask for it; what still comes in is given back."""
    own, found = await _bill(emitter, intent)
    try:
        async with transaction():
            await bills.take_back(intent)
            await audit.trace(guards.actor_of(request), "cancel-bill", "basket", found.basket, emitter=own.id)
    except Refused as refused:
        return await bills_page(request, own, forms.blank().refused(refused.refusals))
    return pages.see_other(f"/office/{emitter}/bills?told=cancelled")


@get("/office/{emitter:str}/bills/{intent:uuid}/plan", **_SEE)
async def ask_plan(request: _AnyRequest, emitter: FromPath[str], intent: FromPath[UUID]) -> Response[Any]:
    """Take back every part that is not paid?"""
    own, _ = await _bill(emitter, intent)
    return await _plan(request, own, intent, forms.blank())


@post("/office/{emitter:str}/bills/{intent:uuid}/plan", **_WRITE)
async def cancel_plan(request: _AnyRequest, emitter: FromPath[str], intent: FromPath[UUID]) -> Response[Any]:
    """No longer ask for any part that is not paid, in one step."""
    own, found = await _bill(emitter, intent)
    try:
        async with transaction():
            parts = await bills.take_back_plan(intent)
            actor = guards.actor_of(request)
            await audit.trace(actor, "cancel-plan", "basket", found.basket, emitter=own.id, parts=len(parts))
    except Refused as refused:
        return await _plan(request, own, intent, forms.blank().refused(refused.refusals))
    return pages.see_other(f"/office/{emitter}/bills?told=plan")


async def _bill(emitter: str, intent: UUID) -> tuple[EmitterInfo, Intent]:
    """An amount of a bill of an emitter's. Raises NotFound."""
    own, found = await territory.emitter_by_slug(emitter), await intents.intent(intent)
    if found.emitter != own.id or found.purpose != bills.PURPOSE:
        raise NotFound
    return own, found


async def _plan(request: _AnyRequest, own: EmitterInfo, intent: UUID, form: Form[Any]) -> Response[Any]:
    left = {part.id for part in await bills.left_of_plan(intent)}
    basket = (await intents.intent(intent)).basket
    return pages.render(
        request,
        "office/tills/plan.html",
        status=409 if form.errors else 200,
        base=f"/office/{own.slug}/bills",
        intent=intent,
        left=[due for due in await dues.dues_in(basket) if due.intent in left],
        form=form,
    )


HANDLERS = (cancel, ask_plan, cancel_plan)
