"""A desk falls out: what will happen to whom, the closure, and who has chosen, who waits, who is to be called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.attendance import outages
from parvis.attendance.outages import Concerned, Outage
from parvis.audit import actions as audit
from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.calendars.queries import BookingInfo
from parvis.dossiers import queries as dossiers
from parvis.dossiers import settling
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.office.openings.looking import Here, look
from parvis.office.permissions import CLOSE
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_ACT = guards.page(guards.staff(CLOSE), "agent", "manager")
_LONGEST = timedelta(days=60)
_NO_DAY = fields.Missing(Text("Write the day until which it is out of order."))


class OutForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which desks (none is all), until which day and hour of the place's clock, and what is told."""

    desks: tuple[str, ...] = ()
    day: Annotated[date, _NO_DAY]
    hour: time | None = None
    reason: Annotated[fields.Line, msgspec.Meta(max_length=200)] = ""


class Called(msgspec.Struct, frozen=True):
    """The visit whose people were called, or were not."""

    booking: str = ""
    called: bool = False


@get("/office/{emitter:str}/calendars/{calendar:uuid}/out", **_ACT)
async def ask(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Which desk, and until when."""
    here = await look(request, emitter, calendar)
    today = clock.now().astimezone(here.zone).date()
    return await _ask(request, here, forms.blank(day=today, desks=request.query_params.get("desk")))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/out", status_code=200, **_ACT)
async def declare(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Say what will happen to whom; on the second press, do it."""
    here, form = await look(request, emitter, calendar), await forms.read(request, OutForm)
    if form.errors:
        return await _ask(request, here, form, status=422)
    until, desks = _until(form.value, here), _desks(form.value, here)
    if until - clock.now() > _LONGEST:
        text = Text("Write a day within the next {n} days; close longer times under opening hours.", {"n": 60})
        return await _ask(request, here, form.refused([Refusal("outage-long", text, "day")]), status=422)
    if form.text("step") != "save":
        return await _ask(request, here, form, await outages.concerned(calendar, desks, until))
    try:
        made = await outages.declare(calendar, desks, until, form.value.reason, here.actor.person)
    except Refused as refused:
        return await _ask(request, here, form.refused(refused.refusals), status=refused.status)
    await audit.trace(here.actor, "close-desk", "calendar", calendar, emitter=here.emitter.id, outage=str(made))
    return pages.see_other(f"{here.base}/out/{made}")


@get("/office/{emitter:str}/calendars/{calendar:uuid}/out/{outage:uuid}", **_ACT)
async def show(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], outage: FromPath[UUID]
) -> Response[Any]:
    """Who has chosen, who waits, whom to call; that their names were shown is traced."""
    here, found = await _own(request, emitter, calendar, outage)
    visits = await outages.visits(outage)
    known = await _dossiers(visits)
    await audit.saw_several(here.actor, list(known), here.emitter.id)
    return pages.render(
        request,
        "office/outages/outage.html",
        page=here,
        outage=found,
        visits=visits,
        dossiers=known,
        desks=_names(here, found.desks),
        over=found.ended_at is not None or found.until <= clock.now(),
        counts={name: sum(visit.standing == name for visit in visits) for name in ("waiting", "called", "moved")},
    )


@post("/office/{emitter:str}/calendars/{calendar:uuid}/out/{outage:uuid}/call", status_code=303, **_ACT)
async def call(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], outage: FromPath[UUID]
) -> Response[Any]:
    """Tick off somebody who was called."""
    here, _ = await _own(request, emitter, calendar, outage)
    form = await forms.read(request, Called)
    try:
        await outages.call(outage, UUID(hex=form.text("booking")), form.text("called") == "yes")
    except ValueError as error:
        raise NotFound from error
    return pages.see_other(f"{here.base}/out/{outage}#b{form.text('booking')}")


@post("/office/{emitter:str}/calendars/{calendar:uuid}/out/{outage:uuid}/end", status_code=303, **_ACT)
async def end(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], outage: FromPath[UUID]
) -> Response[Any]:
    """The desk is back; who has not chosen keeps the hour, and is told so."""
    here, _ = await _own(request, emitter, calendar, outage)
    await outages.end(outage, here.actor.person)
    await audit.trace(here.actor, "open-desk", "calendar", calendar, emitter=here.emitter.id, outage=str(outage))
    return pages.see_other(f"{here.base}/out/{outage}")


async def _ask(
    request: _AnyRequest, here: Here, form: Form[Any], seen: Sequence[BookingInfo] | None = None, status: int = 200
) -> Response[Any]:
    told = await settling.contacts(booking.id for booking in seen or ())
    return pages.render(
        request,
        "office/outages/out.html",
        status=status,
        page=here,
        form=form,
        desks=[(key.hex, desk.name) for key, desk in here.timetable.desks.items() if desk.active],
        seen=seen,
        told=told,
        running=await outages.running(here.calendar.id),
        names=lambda found: _names(here, found.desks),
    )


async def _own(request: _AnyRequest, emitter: str, calendar: UUID, outage: UUID) -> tuple[Here, Outage]:
    """An outage of one's own calendar. Raises NotFound."""
    here, found = await look(request, emitter, calendar), await outages.outage(outage)
    if found.calendar != calendar:
        raise NotFound
    return here, found


async def _dossiers(visits: Sequence[Concerned]) -> dict[UUID, DossierInfo]:
    ids = [visit.booking.dossier for visit in visits if visit.booking.dossier]
    return {found.id: found for found in await dossiers.matching("dossier.id = ANY ($1)", ids)}


def _until(form: OutForm, here: Here) -> datetime:
    """The end as an instant, up to the next whole cell; without an hour, the end of the day."""
    if form.hour is None:
        return datetime.combine(form.day + timedelta(days=1), time(), here.zone)
    until = datetime.combine(form.day, form.hour, here.zone)
    return until + timedelta(minutes=-until.minute % CELL_MINUTES)


def _desks(form: OutForm, here: Here) -> list[UUID]:
    return [key for key in here.timetable.desks if key.hex in form.desks]


def _names(here: Here, desks: Sequence[UUID]) -> list[str]:
    return [here.timetable.desks[desk].name for desk in desks if desk in here.timetable.desks]


HANDLERS = (ask, declare, show, call, end)
