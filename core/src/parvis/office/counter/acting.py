"""A till's act: what it may take by hand, for which products."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, Text
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments.counter import acts
from parvis.payments.counter.counting import BY_HAND, Act, product
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_Products = Annotated[tuple[str, ...], fields.Reader(fields.lines, empty=True)]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """An act as it is typed."""

    reference: Annotated[fields.Line, fields.Missing(Text("Write the act’s number and day."))]
    ways: tuple[Literal["cash", "cheque", "cesu", "holiday"], ...] = ()
    products: _Products = ()
    childcare: _Products = ()


@get("/office/{emitter:str}/tills/{till:uuid}/act", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What does the act say?"""
    here, act = await look(request, emitter, till), await acts.act_of(till)
    return _form(request, here, _filled(act) if act else forms.blank())


@post("/office/{emitter:str}/tills/{till:uuid}/act", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep it: the till has a counter from then on."""
    here, form = await look(request, emitter, till), await forms.read(request, Written)
    if form.errors:
        return _form(request, here, form)
    act = _act(form.value)
    try:
        async with transaction():
            await acts.keep_act(till, act, here.by)
            await here.trace("write-act", ways=sorted(act.ways), products=sorted(act.products))
    except Invalid as wrong:
        return _form(request, here, form.refused(wrong.refusals))
    return pages.see_other(f"{here.base}/act?told=kept")


def _act(typed: Written) -> Act:
    products, childcare = (frozenset(map(product, names)) for names in (typed.products, typed.childcare))
    return Act(typed.reference, frozenset(typed.ways), products, childcare)


def _filled(act: Act) -> Form[Any]:
    lists = {name: "\n".join(sorted(getattr(act, name))) for name in ("products", "childcare")}
    return forms.blank(reference=act.reference, ways=sorted(act.ways), **lists)


def _form(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/counter/act.html",
        status=422 if form.errors else 200,
        page=here,
        ways=list(BY_HAND.items()),
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep)
