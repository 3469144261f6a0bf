"""A payment that the payer's bank took back: entered from the bank's papers, where nothing else says it, and undone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, Refused, Text
from parvis.office.tills.looking import KEEP, look
from parvis.office.tills.refunding import one_page
from parvis.payments import mistaken, returning
from parvis.payments.books import days
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """On which day, and why."""

    day: Annotated[date, fields.Missing(Text("Write the day."))]
    why: Annotated[fields.Line, fields.Missing(Text("Say why."))]


@post("/office/{emitter:str}/tills/{till:uuid}/payments/{capture:uuid}/taken-back", **KEEP)
async def take_back(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], capture: FromPath[UUID]
) -> Response[Any]:
    """Enter it: it is owed again, and its payer is told."""
    here, form = await look(request, emitter, till), await forms.read(request, TakenBack)
    await days.one_that_came_in(till, capture)
    if form.errors:
        return await one_page(request, here, capture, back=form)
    try:
        async with transaction():
            told = returning.Told(form.value.day, form.value.why, here.by)
            await returning.bank_took(capture, told)
            await here.trace("take-back-payment", capture=str(capture))
    except (Refused, Invalid) as refused:
        return await one_page(request, here, capture, back=form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/payments/{capture}?told=taken-back")


class Mistaken(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was entered by mistake."""

    mistake: Annotated[fields.Line, fields.Missing(Text("Say why."))]


@post("/office/{emitter:str}/tills/{till:uuid}/payments/{capture:uuid}/taken-back/undone", **KEEP)
async def undo(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], capture: FromPath[UUID]
) -> Response[Any]:
    """Undo it: what it had paid is paid again, and its payer is told."""
    here, form = await look(request, emitter, till), await forms.read(request, Mistaken)
    await days.one_that_came_in(till, capture)
    if form.errors:
        return await one_page(request, here, capture, mistaken=form)
    try:
        async with transaction():
            await mistaken.undo(capture, form.value.mistake, here.by)
            await here.trace("undo-payment-taken-back", capture=str(capture))
    except (Refused, Invalid) as refused:
        return await one_page(request, here, capture, mistaken=form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/payments/{capture}?told=undone")


HANDLERS = (take_back, undo)
