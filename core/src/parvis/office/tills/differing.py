"""What differs between a provider's statements and the books, until somebody closes it with a reason."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import NotFound, Refused, Text
from parvis.office.tills.looking import KEEP, SEE, Here, look
from parvis.office.tills.wording import DIFFERING, SORTS, collector
from parvis.payments.accounts import account
from parvis.payments.statements import reconciling
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Why a difference is none any more."""

    reason: Annotated[fields.Words, fields.Missing(Text("Say why it can be closed."))]


@get("/office/{emitter:str}/tills/{till:uuid}/differences", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What is open, the oldest first."""
    return await _page(request, await look(request, emitter, till), forms.blank(), None)


@post("/office/{emitter:str}/tills/{till:uuid}/differences/{difference:uuid}", **KEEP)
async def close(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], difference: FromPath[UUID]
) -> Response[Any]:
    """Close one, with the reason."""
    here, form = await look(request, emitter, till), await forms.read(request, Explained)
    found = await reconciling.one(difference)
    if (await account(found.account)).till != till:
        raise NotFound
    if form.errors:
        return await _page(request, here, form, difference)
    try:
        async with transaction():
            await reconciling.close(difference, here.by, form.value.reason)
            await here.trace("close-difference", difference=str(difference))
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals), difference)
    return pages.see_other(f"{here.base}/differences?told=closed")


async def _page(request: _AnyRequest, here: Here, form: Form[Any], asked: UUID | None) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/differences.html",
        status=422 if form.errors else 200,
        page=here,
        open=await reconciling.open_differences(here.till.id),
        sorts=SORTS,
        kinds=DIFFERING,
        collector=collector,
        form=form,
        blank=forms.blank(),
        asked=asked,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (listed, close)
