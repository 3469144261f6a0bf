"""A till's reminders: how many days before and after its day a bill is reminded of; sending those that are due."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock, settings
from parvis.db import transaction
from parvis.errors import Invalid
from parvis.office.tills import notices
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments import rounds
from parvis.payments.invoices import reminders
from parvis.payments.invoices.reminders import MOST_DAYS, Plan
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_Days = Annotated[int, msgspec.Meta(ge=0, le=MOST_DAYS)]
# Nobody is written to about money at night.
_FROM, _UNTIL = 9, 18
_MOST = 500


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The plan as it is typed."""

    before: _Days
    after: _Days
    again: _Days


@get("/office/{emitter:str}/tills/{till:uuid}/reminders", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """When are payers reminded?"""
    here, plan = await look(request, emitter, till), await reminders.plan_of(till)
    return _form(request, here, forms.blank(before=plan.before, after=plan.after, again=plan.again))


@post("/office/{emitter:str}/tills/{till:uuid}/reminders", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep it, for all that is not paid."""
    here, form = await look(request, emitter, till), await forms.read(request, Typed)
    if form.errors:
        return _form(request, here, form)
    plan = Plan(form.value.before, form.value.after, form.value.again)
    try:
        async with transaction():
            await reminders.keep_plan(till, plan)
            await here.trace("plan-reminders", before=plan.before, after=plan.after, again=plan.again)
    except Invalid as wrong:
        return _form(request, here, form.refused(wrong.refusals))
    return pages.see_other(f"{here.base}/reminders?told=kept")


async def remind() -> int:
    """Remind whoever is to be reminded today, by day; how many. One that fails keeps nobody else from theirs."""
    if not _FROM <= clock.now().astimezone(settings.current().zone).hour < _UNTIL:
        return 0
    return await rounds.one_by_one("reminder", (await reminders.due_now())[:_MOST], notices.remind)


def _form(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/reminders.html",
        status=422 if form.errors else 200,
        page=here,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep)
