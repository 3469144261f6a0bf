"""Money that pays nothing: an agent gives it back, or finds that what it was for is free again."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import NotFound, Refused
from parvis.office.tills.looking import KEEP, SEE, Here, look
from parvis.office.tills.wording import STRANDED
from parvis.payments import stranded
from parvis.payments.books import days
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of it."""

    act: Literal["back", "place"]


@get("/office/{emitter:str}/tills/{till:uuid}/idle", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """The oldest first."""
    return await _page(request, await look(request, emitter, till), forms.blank())


@post("/office/{emitter:str}/tills/{till:uuid}/idle/{idle:uuid}", **KEEP)
async def see_to(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], idle: FromPath[UUID]
) -> Response[Any]:
    """Give the money back, or the place it was for."""
    here, form = await look(request, emitter, till), await forms.read(request, Seen)
    found = await days.one_that_came_in(till, idle)
    if form.errors or found.taken_as == "paid":
        raise NotFound
    act = form.value.act
    try:
        async with transaction():
            if act == "place":
                await stranded.find_place(idle)
            else:
                await stranded.give_back(idle, here.by)
            await here.trace(f"{act}-idle", capture=str(idle))
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/idle?told={act}")


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/idle.html",
        status=409 if form.errors else 200,
        page=here,
        idle=await stranded.stranded(here.till.id),
        why=STRANDED,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (listed, see_to)
