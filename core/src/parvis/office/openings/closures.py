"""Closing hours, days, a desk or the whole place for a time; or opening besides the usual hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars.checks import special_refusals
from parvis.calendars.openings import Exceptional
from parvis.calendars.timetables import Special, Timetable
from parvis.db import new_id
from parvis.errors import NotFound, Refusal, Text
from parvis.identity import guards
from parvis.office.openings import proposing
from parvis.office.openings.looking import Here, look, today
from parvis.office.openings.proposing import Page, Proposed
from parvis.office.permissions import CLOSE
from parvis.web import fields, forms
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(CLOSE), "agent", "manager", status_code=200)
_NO_DAY = fields.Missing(Text("Write the first day."))


class ClosureForm(msgspec.Struct, frozen=True, kw_only=True):
    """Days that are otherwise, as typed: no last day is one day, no hours the whole day, no desk all of them."""

    what: Literal["closed", "extra"] = "closed"
    desks: tuple[str, ...] = ()
    first_day: Annotated[date, _NO_DAY]
    last_day: date | None = None
    opens: time | None = None
    closes: time | None = None
    counter: bool = False
    reason: Annotated[fields.Line, msgspec.Meta(max_length=200)] = ""
    remove: bool = False


@get("/office/{emitter:str}/calendars/{calendar:uuid}/closures/new", **_CHANGE)
async def ask_to_close(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """A closure, filled in with what the address says."""
    here, asked = await look(request, emitter, calendar), request.query_params
    form = forms.blank(
        what="extra" if asked.get("what") == "extra" else "closed",
        first_day=asked.get("day"),
        last_day=asked.get("day"),
        desks=asked.get("desk"),
    )
    return await proposing.show(request, here, _page(here, None), form)


@post("/office/{emitter:str}/calendars/{calendar:uuid}/closures/new", **_CHANGE)
async def close(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Close, or open besides the usual hours."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here, None))


@get("/office/{emitter:str}/calendars/{calendar:uuid}/closures/{closure:uuid}", **_CHANGE)
async def ask_to_change_closure(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], closure: FromPath[UUID]
) -> Response[Any]:
    """A closure as it is."""
    here = await look(request, emitter, calendar)
    known = _known(here, closure)
    return await proposing.show(request, here, _page(here, closure), _filled(known))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/closures/{closure:uuid}", **_CHANGE)
async def change_closure(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], closure: FromPath[UUID]
) -> Response[Any]:
    """Change a closure, or remove it."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here, closure))


def apply(base: Timetable, typed: ClosureForm, closure: UUID, first_possible: date, *, new: bool = False) -> Proposed:
    """The timetable with the closure as typed, or without it; or what is wrong with it at its own fields."""
    if not new and closure not in base.specials:
        raise KeyError(closure)
    specials = {key: found for key, found in base.specials.items() if key != closure}
    if typed.remove:
        return msgspec.structs.replace(base, specials=specials)
    last = typed.last_day or typed.first_day
    rule = Exceptional(typed.what, typed.first_day, last, typed.opens, typed.closes, typed.counter)
    desks = tuple(key for key in base.desks if key.hex in typed.desks)
    special = Special(rule=rule, desks=desks, reason=typed.reason)
    if refusals := [*special_refusals(special), *_refusals(special, first_possible)]:
        return refusals
    return msgspec.structs.replace(base, specials={**specials, closure: special})


def _refusals(special: Special, first_possible: date) -> Iterator[Refusal]:
    if special.rule.last_day < first_possible:
        yield Refusal("days-over", Text("These days are over. Write a day to come."), "first_day")


def _page(here: Here, closure: UUID | None) -> Page[ClosureForm]:
    key, first = closure or new_id(), today(here.timetable)
    return Page(
        template="office/openings/closure.html",
        sort="closure",
        shape=ClosureForm,
        apply=lambda base, typed: apply(base, typed, key, first, new=closure is None),
        context={
            "closure": closure,
            "desks": [(key.hex, desk.name) for key, desk in here.timetable.desks.items() if desk.active],
            "first": first,
        },
    )


def _known(here: Here, closure: UUID) -> Special:
    if closure not in here.timetable.specials:
        raise NotFound
    return here.timetable.specials[closure]


def _filled(special: Special) -> Form[Any]:
    rule = special.rule
    return forms.of(
        ClosureForm(
            what="extra" if rule.sort == "extra" else "closed",
            desks=tuple(desk.hex for desk in special.desks),
            first_day=rule.first_day,
            last_day=rule.last_day,
            opens=rule.opens,
            closes=rule.closes,
            counter=rule.counter,
            reason=special.reason,
        )
    )


HANDLERS = (ask_to_close, close, ask_to_change_closure, change_closure)
