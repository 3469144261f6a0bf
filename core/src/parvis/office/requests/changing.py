"""What an agent does for somebody: another hour, a cancellation, its undoing; with or without a message to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.calendars import at_counter, search
from parvis.calendars import queries as calendars
from parvis.calendars.actions import SlotFull
from parvis.calendars.search import FreeSlot, Wanted
from parvis.calendars.slots import UnknownSlot, read_slot
from parvis.dossiers import actions as dossiers
from parvis.errors import NotFound, ParvisError, Refusal, Refused, Text
from parvis.identity import guards
from parvis.office.permissions import CHANGE
from parvis.office.requests import showing
from parvis.office.requests.looking import Here, look
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_ACT = guards.page(guards.staff(CHANGE), "agent", "manager")
_REASON = 300
_HOURS = 48
_TAKEN = Text("This hour has just been taken. The appointment stands as it was; choose another hour.")


class Told(msgspec.Struct, frozen=True):
    """Whether the person is written to, and why."""

    tell: bool = False
    reason: Annotated[fields.Line, msgspec.Meta(max_length=_REASON)] = ""


class Moved(Told, frozen=True):
    """The new hour."""

    slot: Annotated[str, fields.Missing(Text("Choose an hour.")), msgspec.Meta(max_length=60)] = ""


class Since(msgspec.Struct, frozen=True):
    """From which local day on hours are shown."""

    since: date | None = None


@get("/office/{emitter:str}/requests/{dossier:uuid}/move", **_ACT)
async def ask_to_move(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Free hours of this town hall, the counter's share among them."""
    return await _hours(request, await look(request, emitter, dossier))


@post("/office/{emitter:str}/requests/{dossier:uuid}/move", status_code=303, **_ACT)
async def move(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Take another hour; the old one is kept until the new one is sure."""
    here, form = await look(request, emitter, dossier), await forms.read(request, Moved)
    if form.errors:
        return await _hours(request, here, form, status=422)
    try:
        slot = read_slot(form.value.slot)
        place = await _own_place(slot.calendar, here)
        tell = form.value.tell
        await dossiers.move_visit(dossier, slot.calendar, slot.start, place, here.by, form.value.reason, tell=tell)
    except (SlotFull, UnknownSlot):
        return await _hours(request, here, form, [Refusal("slot-full", _TAKEN, "slot")], 409)
    except Refused as refused:
        return await _hours(request, here, form, refused.refusals, refused.status)
    return pages.see_other(f"{here.base}?told=moved")


@post("/office/{emitter:str}/requests/{dossier:uuid}/cancel", status_code=303, **_ACT)
async def cancel(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Cancel; it can be undone while the hour is there."""
    here, form = await look(request, emitter, dossier), await forms.read(request, Told)
    if form.errors:
        return await showing.page(request, here, form, status=422)
    try:
        await dossiers.cancel_visit(dossier, here.by, reason=form.value.reason, tell=form.value.tell)
    except Refused as refused:
        return await showing.page(request, here, form, refused.refusals, refused.status)
    return pages.see_other(f"{here.base}?told=cancelled")


@post("/office/{emitter:str}/requests/{dossier:uuid}/restore", status_code=303, **_ACT)
async def restore(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """Undo a cancellation while the hour is there."""
    here, form = await look(request, emitter, dossier), await forms.read(request, Told)
    if here.counter is None or here.counter.restore is None:
        raise NotFound
    try:
        await here.counter.restore(dossier, here.act(form.has("tell", "yes")))
    except ParvisError as error:
        return await showing.page(request, here, form, _refusals(error), error.status)
    return pages.see_other(f"{here.base}?told=restored")


async def _hours(
    request: _AnyRequest, here: Here, form: Form[Any] | None = None, refusals: Iterable[Refusal] = (), status: int = 200
) -> Response[Any]:
    asked = forms.query(request, Since)
    since = asked.decoded.since if asked.decoded else None
    return pages.render(
        request,
        "office/requests/move.html",
        status=status,
        page=here,
        form=(form or forms.blank(tell="yes")).refused(refusals),
        asked=asked,
        days=search.by_day(await _free(here, since)),
        zone=here.zone,
    )


async def _free(here: Here, since: date | None) -> Sequence[FreeSlot]:
    visit, today = here.visit, clock.now().astimezone(here.zone).date()
    wanted = Wanted(
        service=here.dossier.service,
        kind=visit.kind,
        people=visit.people,
        since=max(since or today, today),
    )
    return await at_counter.free_hours(wanted, here.emitter.id, _HOURS)


async def _own_place(calendar: UUID, here: Here) -> str:
    """The name of a calendar's place, which is this emitter's. Raises UnknownSlot."""
    try:
        place = await territory.place(await calendars.place_of(calendar))
    except NotFound as error:
        raise UnknownSlot from error
    if place.emitter != here.emitter.id:
        raise UnknownSlot
    return place.name


def _refusals(error: ParvisError) -> Sequence[Refusal]:
    """Why not, in words. Raises what has none."""
    if isinstance(error, Refused):
        return error.refusals
    if error.status != 409:
        raise error
    return [Refusal(error.code, error.detail or error.title)]


HANDLERS = (ask_to_move, move, cancel, restore)
