"""Closing a session: notes and coins counted, added up, and what differs explained."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refused
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.office.counter.looking import DO, SEE, look, refuse_managers
from parvis.office.permissions import KEEP_TILL
from parvis.office.tills import looking
from parvis.office.tills.looking import KEEP, Here
from parvis.payments.counter import counting, takings, till_sessions
from parvis.payments.counter.counting import FACES
from parvis.payments.counter.till_sessions import TillSession
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_KEPT = guards.page(guards.staff(KEEP_TILL), "accountant")


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to add up or to close, and why what was counted differs."""

    act: Literal["add", "close"] = "close"
    explanation: Annotated[str, fields.Reader(fields.words), msgspec.Meta(max_length=500)] = ""


# One field for each note and coin: n2000 is the number of those of 20 euros.
_NUMBER = Annotated[int, msgspec.Meta(ge=0, le=9999)]
Count = msgspec.defstruct("Count", [(f"n{face}", _NUMBER, 0) for face in FACES], bases=(Closed,), frozen=True)


@get("/office/{emitter:str}/counter/{till:uuid}/close", **SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What lies in one's drawer?"""
    at = await look(request, emitter, till)
    return await _form(request, at.here, at.open, forms.blank(), at.base)


@post("/office/{emitter:str}/counter/{till:uuid}/close", **DO)
async def close(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Close one's session; closed already, it is shown as it was closed."""
    at = await look(request, emitter, till)
    if at.session is None:
        return pages.see_other(f"{at.base}?told=closed-before")
    done = f"{at.base}/sessions/{at.session.number}?told=closed"
    return await _closed(request, at.here, at.session, at.base, done)


@get("/office/{emitter:str}/tills/{till:uuid}/sessions/{number:int}/close", **_KEPT)
async def ask_for(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[Any]:
    """What lies in the drawer of somebody who left their session open?"""
    here, found = await _of_another(request, emitter, till, number)
    return await _form(request, here, found, forms.blank(), f"{here.base}/sessions/{number}")


@post("/office/{emitter:str}/tills/{till:uuid}/sessions/{number:int}/close", **KEEP)
async def close_for(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[Any]:
    """Close it for them."""
    here, found = await _of_another(request, emitter, till, number)
    base = f"{here.base}/sessions/{number}"
    return await _closed(request, here, found, base, f"{base}?told=closed")


async def _of_another(request: _AnyRequest, slug: str, till: UUID, number: int) -> tuple[Here, TillSession]:
    here = await looking.look(request, slug, till)
    refuse_managers(request, slug)
    return here, await till_sessions.session_numbered(till, number)


async def _closed(request: _AnyRequest, here: Here, session: TillSession, base: str, done: str) -> Response[Any]:
    form: Form[Any] = await forms.read(request, Count)
    if form.errors or form.text("act") == "add":
        return await _form(request, here, session, form, base)
    try:
        async with transaction():
            pieces, why = _pieces(form), form.value.explanation
            closed = await till_sessions.close_session(session.id, pieces, here.by, why)
            await here.trace("close-session", session=session.number, difference=closed.difference)
    except Refused as refused:
        return await _form(request, here, session, form.refused(refused.refusals), base)
    return pages.see_other(done)


def _pieces(form: Form[Any]) -> dict[int, int]:
    """How many of each face were counted; none of what cannot be read."""
    if form.decoded is None:
        return {}
    return {face: getattr(form.decoded, f"n{face}") for face in FACES}


async def _form(request: _AnyRequest, here: Here, session: TillSession, form: Form[Any], base: str) -> Response[Any]:
    expected, pieces = await till_sessions.expected_in(session), _pieces(form)
    return pages.render(
        request,
        "office/counter/close.html",
        status=422 if form.errors else 200,
        page=here,
        base=base,
        session=session,
        who=(await people.names([session.person])).get(session.person, ""),
        faces=FACES,
        pieces=pieces,
        total=counting.counted(pieces),
        expected=expected,
        sums=await takings.sums_in(session.id),
        ways=counting.BY_HAND,
        form=form,
    )


HANDLERS = (ask, close, ask_for, close_for)
