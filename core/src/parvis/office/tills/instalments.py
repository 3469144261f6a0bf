"""A till's rule of instalments: how many parts a bill may have, and how small."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, Text
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments import money
from parvis.payments.invoices import splitting
from parvis.payments.invoices.splitting import Rule
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The rule as it is typed."""

    most: Annotated[int, msgspec.Meta(ge=1, le=splitting.MOST_PARTS)]
    least: Annotated[fields.Line, fields.Missing(Text("Write the amount, such as 12,50."))]


@get("/office/{emitter:str}/tills/{till:uuid}/instalments", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What does the till let there be?"""
    here, rule = await look(request, emitter, till), await splitting.rule_of(till)
    return _form(request, here, forms.blank(most=rule.most, least=money.euros(rule.least)))


@post("/office/{emitter:str}/tills/{till:uuid}/instalments", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep it, for the bills to come."""
    here, form = await look(request, emitter, till), await forms.read(request, Typed)
    if form.errors:
        return _form(request, here, form)
    try:
        rule = Rule(form.value.most, money.read_cents(form.value.least, "least"))
        async with transaction():
            await splitting.keep_rule(till, rule)
            await here.trace("split-bills", most=rule.most, least=rule.least)
    except Invalid as wrong:
        return _form(request, here, form.refused(wrong.refusals))
    return pages.see_other(f"{here.base}/instalments?told=kept")


def _form(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/instalments.html",
        status=422 if form.errors else 200,
        page=here,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep)
