"""Taking what somebody gives, with the change and the slip; taking it back while the session is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.contract.payments import OutcomeUnknown
from parvis.db import new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.office.counter.looking import DO, SEE, Counter, look
from parvis.office.tills.daily import paper
from parvis.payments import dues, intents, money, providers
from parvis.payments.books import receipting
from parvis.payments.counter import acts, by_hand, counting, takings, till_sessions
from parvis.payments.counter.counting import Act
from parvis.payments.counter.takings import Taking
from parvis.payments.dues import Due
from parvis.payments.money import Cents
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SILENT = Text("The payment service does not say whether this was paid online. Take no money; try again in a minute.")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What was given in each way."""

    cash: fields.Line = ""
    cheque: fields.Line = ""
    cesu: fields.Line = ""
    holiday: fields.Line = ""
    # Of the page the form was on: sent again, by a second click or after going back, it is the same taking.
    once: UUID | None = None


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is taken back."""

    reason: Annotated[fields.Line, fields.Missing(Text("Say why it is taken back."))]


@get("/office/{emitter:str}/counter/{till:uuid}/take/{intent:uuid}", **SEE)
async def ask(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], intent: FromPath[UUID]
) -> Response[Any]:
    """What is given?"""
    at = await look(request, emitter, till)
    return await _form(request, at, await _due(at, intent), forms.blank())


@post("/office/{emitter:str}/counter/{till:uuid}/take/{intent:uuid}", **DO)
async def take(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], intent: FromPath[UUID]
) -> Response[Any]:
    """Take it: a number, a receipt, the change; or say why not, before any money is kept."""
    at, form = await look(request, emitter, till), await forms.read(request, Given)
    due = await _due(at, intent)
    try:
        given, once = _given(form), form.value.once or new_id()
        await by_hand.close_pages(intent, await providers.every())
        await _taken(at, intent, given, once)
    except (Invalid, Refused) as refused:
        return await _form(request, at, due, form.refused(refused.refusals), refused.status)
    except OutcomeUnknown as unknown:
        return await _form(request, at, due, form.refused([Refusal(unknown.code, _SILENT)]), 503)
    return pages.see_other(f"{at.base}/takings/{once}?told=taken")


@get("/office/{emitter:str}/counter/{till:uuid}/takings/{taking:uuid}", **SEE)
async def show(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], taking: FromPath[UUID]
) -> Response[Any]:
    """What was taken, to print for the payer."""
    at = await look(request, emitter, till)
    return await _one(request, at, await at.taking(taking), forms.blank())


@get("/office/{emitter:str}/counter/{till:uuid}/takings/{taking:uuid}/receipt", **SEE)
async def receipt(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], taking: FromPath[UUID]
) -> Response[bytes]:
    """Its receipt as PDF."""
    found = await (await look(request, emitter, till)).taking(taking)
    if found.receipt is None:
        raise NotFound
    return paper(await receipting.paper(await receipting.given(found.receipt)), f"recu-{found.receipt_name}.pdf")


@post("/office/{emitter:str}/counter/{till:uuid}/takings/{taking:uuid}", **DO)
async def take_back(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], taking: FromPath[UUID]
) -> Response[Any]:
    """Take it back, with a reason."""
    at, form = await look(request, emitter, till), await forms.read(request, Back)
    found = await at.taking(taking)
    if form.errors:
        return await _one(request, at, found, form)
    try:
        async with transaction():
            await by_hand.take_back(taking, at.here.by, form.value.reason)
            await at.here.trace("take-back", taking=found.name, cents=found.cents)
    except Refused as refused:
        return await _one(request, at, found, form.refused(refused.refusals))
    return pages.see_other(f"{at.base}/takings/{taking}?told=back")


async def _taken(at: Counter, intent: UUID, given: Mapping[str, Cents], once: UUID) -> None:
    session = await _session(at, once)
    async with transaction():
        new = await takings.known(once) is None
        found = await by_hand.collect(session, intent, given, at.here.by, once)
        if new:
            await at.here.trace("take-money", taking=found.name, cents=found.cents)


async def _session(at: Counter, once: UUID) -> UUID:
    """The session that takes it: the open one, or that which took it before. Raises NotFound."""
    done = await takings.known(once)
    return (await at.taking(once)).session if done else at.open.id


def _given(form: Form[Given]) -> dict[str, Cents]:
    """What was given, by way. Raises Invalid with everything that is no amount."""
    given, wrong = dict[str, Cents](), list[Refusal]()
    for way in counting.BY_HAND:
        try:
            given[way] = money.read_cents(form.text(way) or "0", way)
        except Invalid as invalid:
            wrong += invalid.refusals
    if wrong:
        raise Invalid(wrong)
    return {way: cents for way, cents in given.items() if cents}


async def _due(at: Counter, intent: UUID) -> Due:
    """An amount that this till asks for. Raises NotFound."""
    found = await intents.intent(intent)
    for due in await dues.dues_in(found.basket):
        if due.intent == intent and due.till == at.here.till.id:
            return due
    raise NotFound


def _ways(act: Act, products: set[str]) -> list[str]:
    """The ways that the act lets it be paid in."""
    fits = [way for way in counting.BY_HAND if way in act.ways]
    return fits if products <= act.childcare else [way for way in fits if way != counting.CESU]


async def _form(request: _AnyRequest, at: Counter, due: Due, form: Form[Any], status: int = 200) -> Response[Any]:
    act = await acts.act_of(at.here.till.id)
    if act is None:
        raise NotFound
    products = {sale.revenue for sale in await intents.sales_of(due.intent) if sale.cents >= 0}
    return pages.render(
        request,
        "office/counter/take.html",
        status=status,
        page=at.here,
        base=at.base,
        session=at.session,
        due=due,
        ways=[(way, counting.BY_HAND[way]) for way in _ways(act, products)],
        listed=products <= act.products,
        most=counting.MOST_CASH,
        form=form,
        once=form.text("once") or new_id(),
    )


async def _one(request: _AnyRequest, at: Counter, found: Taking, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/counter/taking.html",
        status=422 if form.errors else 200,
        page=at.here,
        base=at.base,
        taking=found,
        session=await till_sessions.session_by_id(found.session),
        ways=counting.BY_HAND,
        form=form,
        told=request.query_params.get("told", ""),
    )


HANDLERS = (ask, take, show, receipt, take_back)
