"""What a till may keep before it is handed over, as its act says, and who keeps it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.contract.values import Role
from parvis.db import transaction
from parvis.errors import Invalid, NotFound
from parvis.identity import members
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments import money
from parvis.payments.books import limits
from parvis.payments.books.duties import Limits
from parvis.payments.money import Cents
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The limits as they are typed; empty is none."""

    cash_most: fields.Line = ""
    held_most: fields.Line = ""
    keeper: UUID | None = None
    keeper_since: date | None = None


@get("/office/{emitter:str}/tills/{till:uuid}/limits", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What may the till keep?"""
    here, now = await look(request, emitter, till), await limits.limits_of(till)
    kept = {"cash_most": now.cash_most, "held_most": now.held_most}
    typed = {name: money.euros(cents) for name, cents in kept.items() if cents is not None}
    return await _form(request, here, forms.blank(keeper=now.keeper, keeper_since=now.keeper_since, **typed))


@post("/office/{emitter:str}/tills/{till:uuid}/limits", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep them; its accountants are told when one is reached."""
    here, form = await look(request, emitter, till), await forms.read(request, Typed)
    if form.errors:
        return await _form(request, here, form)
    typed = form.value
    try:
        told = Limits(_most(form, "cash_most"), _most(form, "held_most"), typed.keeper, typed.keeper_since)
        if typed.keeper and str(typed.keeper) not in {value for value, _ in await _keepers(here)}:
            raise NotFound
        async with transaction():
            await limits.keep_limits(till, told)
            await here.trace("limit-till", cash_most=told.cash_most, held_most=told.held_most)
    except Invalid as wrong:
        return await _form(request, here, form.refused(wrong.refusals))
    return pages.see_other(f"{here.base}/limits?told=kept")


def _most(form: Form[Typed], name: str) -> Cents | None:
    return money.read_cents(form.text(name), name) if form.text(name).strip() else None


async def _keepers(here: Here) -> list[tuple[str, str]]:
    """Who may keep the till: the emitter's accountants."""
    found = await members.members_of(here.emitter.id)
    return [(str(one.person), one.name) for one in found if any(held.role is Role.ACCOUNTANT for held in one.roles)]


async def _form(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/limits.html",
        status=422 if form.errors else 200,
        page=here,
        keepers=await _keepers(here),
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep)
