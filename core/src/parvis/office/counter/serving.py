"""At the counter: opening one's session, and finding what somebody came to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.contract.values import Channel
from parvis.db import InvalidReference, fold, read_reference, transaction
from parvis.dossiers import reading
from parvis.errors import Invalid, NotFound, Refused, Text
from parvis.identity import guards
from parvis.identity.contacts import Contact
from parvis.office.counter.looking import DO, SEE, Counter, look, refuse_managers
from parvis.payments import dues, money
from parvis.payments.books import ledger
from parvis.payments.counter import acts, counting, takings, till_sessions
from parvis.payments.dues import Due
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEARCHED = 500


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the drawer."""

    drawer: Annotated[fields.Line, fields.Missing(Text("Write what lies in the drawer, 0 if nothing does."))]


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody came to pay."""

    q: fields.Line = ""


@get("/office/{emitter:str}/counter", **SEE)
async def choose(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The tills that have a counter; the only one at once."""
    refuse_managers(request, emitter)
    own, actor = await territory.emitter_by_slug(emitter), guards.actor_of(request)
    tills = [till for till in await ledger.tills_of(own.id) if await acts.act_of(till.id)]
    if len(tills) == 1:
        return pages.see_other(f"/office/{emitter}/counter/{tills[0].id}")
    open_ = {till.id for till in tills if actor.person and await till_sessions.session_of(till.id, actor.person)}
    return pages.render(
        request, "office/counter/tills.html", tills=tills, open=open_, base=f"/office/{emitter}/counter"
    )


@get("/office/{emitter:str}/counter/{till:uuid}", **SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """One's session with what is to be paid; or opening it."""
    return await _page(request, await look(request, emitter, till), forms.blank())


@post("/office/{emitter:str}/counter/{till:uuid}", **DO)
async def open_session(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Open a session with what lies in the drawer."""
    at, form = await look(request, emitter, till), await forms.read(request, Opened)
    if form.errors:
        return await _page(request, at, form)
    try:
        cents = money.read_cents(form.value.drawer, "drawer")
        async with transaction():
            session = await till_sessions.open_session(till, at.here.by, cents)
            await at.here.trace("open-session", session=session.number, float=cents)
    except (Invalid, Refused) as refused:
        return await _page(request, at, form.refused(refused.refusals))
    return pages.see_other(f"{at.base}?told=opened")


@post("/office/{emitter:str}/counter/{till:uuid}/find", **DO)
async def find(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What somebody may pay here, by what they say; it travels in the body, never in an address."""
    at, form = await look(request, emitter, till), await forms.read(request, Sought)
    return await _page(request, at, form)


async def _found(at: Counter, typed: str) -> Sequence[Due]:
    till = at.here.till.id
    if not typed:
        return await dues.dues_to_take(till)
    if "@" in typed:
        mail = fields.email(typed)
        return [] if isinstance(mail, Text) else await dues.dues_to_take(till, Contact(Channel.MAIL, mail).digest)
    if (dossier := await _dossier(at, typed)) is not None:
        return await dues.dues_to_take(till, subject=dossier)
    words = fold(typed)
    every = await dues.dues_to_take(till, limit=_SEARCHED)
    return [due for due in every if words in fold(" ".join(due.labels)) or _is_amount(typed, due.cents)]


async def _dossier(at: Counter, typed: str) -> UUID | None:
    try:
        return (await reading.by_reference(read_reference(typed), at.here.actor, at.here.emitter.id)).id
    except (InvalidReference, NotFound):
        return None


def _is_amount(typed: str, cents: int) -> bool:
    try:
        return money.read_cents(typed) == cents
    except Invalid:
        return False


async def _page(request: _AnyRequest, at: Counter, form: Form[Any]) -> Response[Any]:
    session, typed = at.session, form.text("q")
    return pages.render(
        request,
        "office/counter/counter.html",
        status=422 if form.errors else 200,
        page=at.here,
        base=at.base,
        session=session,
        act=await acts.act_of(at.here.till.id),
        form=form,
        typed=typed,
        dues=await _found(at, typed) if session else [],
        taken=await takings.takings_in(session.id) if session else [],
        sums=await takings.sums_in(session.id) if session else {},
        ways=counting.BY_HAND,
        today=ledger.today(),
        told=request.query_params.get("told", ""),
    )


HANDLERS = (choose, show, open_session, find)
