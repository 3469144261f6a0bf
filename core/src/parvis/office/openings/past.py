"""The changes so far: who, when, what, in words; and each of them undone, as a change of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars import history
from parvis.calendars.history import Change
from parvis.calendars.merging import merge
from parvis.calendars.timetables import Timetable
from parvis.calendars.wording import differences
from parvis.errors import Forbidden, Text
from parvis.identity import guards
from parvis.office.openings import proposing
from parvis.office.openings.looking import Here, look
from parvis.office.openings.proposing import Page
from parvis.office.permissions import CLOSE, OPENINGS
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(OPENINGS), "reader", "agent", "manager")
_UNDO = guards.page(guards.staff(CLOSE), "agent", "manager", status_code=200)
SORTS = {
    "desk": Text("Desk and its week"),
    "kind": Text("Kind of appointment"),
    "ahead": Text("When hours open"),
    "closure": Text("Closed or open besides"),
    "day": Text("A single day"),
    "undo": Text("Undone"),
}
# What those may undo who may not change the rules themselves.
_SMALL = frozenset({"closure", "day"})
_PAGE = 20


class Nothing(msgspec.Struct, frozen=True):
    """A form that asks nothing."""


@get("/office/{emitter:str}/calendars/{calendar:uuid}/changes", **_SEE)
async def changes(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """The changes of a calendar, the latest first."""
    here = await look(request, emitter, calendar)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    found = await history.changes(calendar, _PAGE + 1, before)
    return pages.render(
        request,
        "office/openings/changes.html",
        page=here,
        rows=[told(here, change) for change in found[:_PAGE]],
        older=f"{here.base}/changes?before={found[_PAGE - 1].version}" if len(found) > _PAGE else None,
    )


@get("/office/{emitter:str}/calendars/{calendar:uuid}/changes/{version:int}", **_UNDO)
async def ask_to_undo(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], version: FromPath[int]
) -> Response[Any]:
    """A change, and what undoing it would make now."""
    here = await look(request, emitter, calendar)
    page = await _page(here, version)
    change = page.context["change"]
    undone = merge(change.after, change.before, here.timetable).timetable
    return await proposing.show_proposed(request, here, page, forms.blank(), undone)


@post("/office/{emitter:str}/calendars/{calendar:uuid}/changes/{version:int}", **_UNDO)
async def undo(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], version: FromPath[int]
) -> Response[Any]:
    """Undo a change: the former rules come back, what was moved or cancelled does not."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, await _page(here, version))


def told(here: Here, change: Change) -> tuple[Change, Text | str, list[Text], bool]:
    """A change, what sort it is, what changed in words, and whether this agent may undo it."""
    said = [found.text for found in differences(change.before, change.after, here.names)]
    return change, SORTS.get(change.sort, change.sort), said, may_undo(here, change)


def may_undo(here: Here, change: Change) -> bool:
    """Whether this agent may undo a change: closures and single days, or any."""
    return here.may_change or (here.may_close and change.sort in _SMALL)


async def _page(here: Here, version: int) -> Page[Nothing]:
    change = await history.change(here.calendar.id, version)
    if not may_undo(here, change):
        raise Forbidden
    return Page(
        template="office/openings/undo.html",
        sort="undo",
        shape=Nothing,
        apply=lambda base, _: _undone(base, change),
        context={"change": change, "what": SORTS.get(change.sort, change.sort), "did": told(here, change)[2]},
        undoes=version,
    )


def _undone(base: Timetable, change: Change) -> Timetable:
    return merge(change.after, change.before, base).timetable


HANDLERS = (changes, ask_to_undo, undo)
