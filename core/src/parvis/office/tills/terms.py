"""A till's terms: how much is given back to who cancels, until when; from a day on, read as its payers will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.identity import queries as people
from parvis.office.tills.looking import OPEN, OPENED, Here, look
from parvis.payments import money
from parvis.payments.books import ledger
from parvis.payments.terms import dated, rules, saying, typed
from parvis.payments.terms.dated import Dated
from parvis.payments.terms.rules import Terms, Unit
from parvis.payments.terms.typed import Row, Sort
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
# A price to show the terms by.
_EXAMPLE = 30_00
_CHOOSE = Text("Choose what is given back.")


class TypedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is typed."""

    before: fields.Line = ""
    unit: Unit = "days"
    share: fields.Line = ""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The terms as they are typed; `base` is what was said last when they were."""

    sort: Annotated[Sort, fields.Missing(_CHOOSE)]
    steps: tuple[TypedRow, ...] = ()
    fee: fields.Line = ""
    as_credit: bool = False
    since: Annotated[date, fields.Missing(Text("Write the day from which they hold."))]
    base: fields.Line = ""
    act: fields.Line = ""


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """Which terms to come are taken back."""

    since: date
    base: fields.Line = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """Terms in words, and what each step gives back of the example."""

    sentences: tuple[Text, ...]
    examples: tuple[int, ...]


@get("/office/{emitter:str}/tills/{till:uuid}/terms", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What holds, what will, and what is to hold."""
    here = await look(request, emitter, till)
    return await _page(request, here, _filled(await dated.in_force(till)))


@post("/office/{emitter:str}/tills/{till:uuid}/terms", **OPENED)
async def keep(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Show what payers will read, or keep it for what is ordered from that day on."""
    here, form = await look(request, emitter, till), await forms.read(request, Typed)
    if form.errors:
        return await _page(request, here, form)
    told = form.value
    try:
        rows = [Row(row.before, row.unit, row.share) for row in told.steps]
        terms = typed.read(told.sort, rows, told.fee, as_credit=told.as_credit)
        if told.act != "keep":
            return await _page(request, here, _looked_at(form, terms), _shown(terms))
        async with transaction():
            said = await dated.keep(till, told.since, terms, here.by, _id(told.base))
            await here.trace("say-terms", terms=str(said), since=told.since.isoformat(), sort=told.sort)
    except Refused as wrong:
        return await _page(request, here, _wrong(form, wrong), status=wrong.status)
    except Conflict as wrong:
        if not await dated.repeats(till, told.since, terms, here.by, _id(told.base)):
            return await _page(request, here, _wrong(form, wrong), status=wrong.status)
    return pages.see_other(f"{here.base}/terms?told=kept")


@post("/office/{emitter:str}/tills/{till:uuid}/terms/withdraw", **OPENED)
async def withdraw(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Take back what was to hold from a day to come."""
    here, form = await look(request, emitter, till), await forms.read(request, Withdrawn)
    blank = _filled(await dated.in_force(till))
    try:
        told = form.value
        if not await dated.repeats(till, told.since, None, here.by, _id(told.base), withdrawn=True):
            async with transaction():
                await dated.withdraw(till, told.since, here.by, _id(told.base))
                await here.trace("withdraw-terms", since=told.since.isoformat())
    except (Refused, Conflict) as wrong:
        return await _page(request, here, _wrong(blank, wrong), status=wrong.status)
    return pages.see_other(f"{here.base}/terms?told=withdrawn")


def _id(base: str) -> UUID | None:
    """What was said last when the page was shown. Raises NotFound."""
    try:
        return UUID(base) if base else None
    except ValueError as error:
        raise NotFound from error


def _filled(now: Dated | None) -> Form[Any]:
    """The form with what holds, to be changed from today on."""
    terms = now.terms if now else None
    known: dict[str, Any] = {"since": ledger.today(), "sort": typed.sort_of(terms)}
    if terms and terms.fee:
        known["fee"] = money.euros(terms.fee)
    if terms and terms.as_credit:
        known["as_credit"] = "yes"
    for n, row in enumerate(typed.rows_of(terms)):
        known |= {f"steps-{n}-before": row.before, f"steps-{n}-unit": row.unit, f"steps-{n}-share": row.share}
    return forms.blank(**known)


def _looked_at(form: Form[Typed], terms: Terms | None) -> Form[Typed]:
    """The form with all that keeping would refuse."""
    wrong = rules.faults(terms) if terms else []
    if late := rules.since_fault(form.value.since, ledger.today()):
        wrong.append(late)
    return form.refused(wrong)


def _shown(terms: Terms | None) -> Shown | None:
    """What payers read of terms; None where people decide."""
    if terms is None:
        return None
    examples = tuple(rules.less_fee(_EXAMPLE, step.bp, terms.fee) for step in terms.steps)
    return Shown(saying.sentences(terms), examples)


def _wrong(form: Form[Any], wrong: Refused | Conflict) -> Form[Any]:
    if isinstance(wrong, Refused):
        return form.refused(wrong.refusals)
    return form.refused([Refusal(wrong.code, wrong.detail or wrong.title)])


async def _page(
    request: _AnyRequest, here: Here, form: Form[Any], shown: Shown | None = None, *, status: int = 200
) -> Response[Any]:
    found, now = await dated.standing(here.till.id), await dated.in_force(here.till.id)
    today = ledger.today()
    return pages.render(
        request,
        "office/tills/terms.html",
        status=status if status != 200 or not form.errors else 422,
        page=here,
        now=now,
        to_come=[one for one in found if one.since > today],
        before=[one for one in reversed(found) if one.since <= today and one != now],
        words={one.id: _shown(one.terms) for one in found},
        names=await people.names([one.person for one in found if one.person]),
        base=await dated.last_said(here.till.id),
        rows=range(rules.MOST_STEPS),
        lines={f"steps-{n}-": Text("Line {n}", {"n": n + 1}) for n in range(rules.MOST_STEPS)},
        example=_EXAMPLE,
        shown=None if form.errors else shown,
        looked=form.text("act") == "look" and not form.errors,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, keep, withdraw)
