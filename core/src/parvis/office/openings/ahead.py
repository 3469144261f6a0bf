"""What holds for every desk: how far ahead days open and when, holidays, the counter's share, a temporary place."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars.checks import frame_refusals
from parvis.calendars.openings import is_public_holiday
from parvis.calendars.timetables import Frame, Timetable
from parvis.calendars.weekdays import WEEKDAYS
from parvis.errors import Refusal, Text
from parvis.identity import guards
from parvis.office.openings import proposing
from parvis.office.openings.looking import Here, look, today
from parvis.office.openings.proposing import Page, Proposed
from parvis.office.permissions import RULES
from parvis.web import forms
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(RULES), "manager", status_code=200)
_YEAR = 365
_NONE = "none"
_THURSDAY = 4


class AheadForm(msgspec.Struct, frozen=True, kw_only=True):
    """The frame, as typed. `mode` says how days open: one more each day, several on a weekday, or all up to a day."""

    mode: Literal["daily", "weekly", "until"]
    horizon_days: int
    public_holidays: Literal["Alsace-Moselle", "France", "none"]
    school_zone: Literal["Zone A", "Zone B", "Zone C", "none"]
    counter_percent: int
    counter_days: int
    opens_weekday: Annotated[int, msgspec.Meta(ge=1, le=7)] = _THURSDAY
    opens_at: time = time()
    open_until: date | None = None
    first_day: date | None = None
    last_day: date | None = None


@get("/office/{emitter:str}/calendars/{calendar:uuid}/ahead", **_CHANGE)
async def ask_how_far_ahead(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """The frame as it is."""
    here = await look(request, emitter, calendar)
    return await proposing.show(request, here, _page(here), _filled(here.timetable.frame))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/ahead", **_CHANGE)
async def set_how_far_ahead(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Change the frame."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here))


def apply(base: Timetable, typed: AheadForm) -> Proposed:
    """The timetable with the frame as typed, or what is wrong with it at its own fields."""
    frame = Frame(
        horizon_days=typed.horizon_days,
        opens_weekday=typed.opens_weekday if typed.mode == "weekly" else None,
        opens_at=typed.opens_at,
        open_until=typed.open_until if typed.mode == "until" else None,
        first_day=typed.first_day,
        last_day=typed.last_day,
        public_holidays=_unless_none(typed.public_holidays),
        school_zone=_unless_none(typed.school_zone),
        counter_percent=typed.counter_percent,
        counter_days=typed.counter_days,
    )
    refusals = list(frame_refusals(frame))
    if typed.mode == "until" and typed.open_until is None:
        refusals.append(Refusal("until-missing", Text("Write up to which day everything is open."), "open_until"))
    return refusals or msgspec.structs.replace(base, frame=frame)


def holidays_ahead(timetable: Timetable) -> list[date]:
    """The public holidays of the next twelve months that close the calendar and are no Sundays."""
    first = today(timetable)
    days = (first + timedelta(days=n) for n in range(_YEAR))
    return [day for day in days if is_public_holiday(day, timetable.frame.public_holidays) and day.isoweekday() < 7]


def _page(here: Here) -> Page[AheadForm]:
    return Page(
        template="office/openings/ahead.html",
        sort="ahead",
        shape=AheadForm,
        apply=apply,
        context={
            "weekdays_named": [(str(number), name) for number, name in WEEKDAYS.items()],
            "holidays": holidays_ahead(here.timetable),
        },
    )


def _filled(frame: Frame) -> Form[Any]:
    mode = "until" if frame.open_until else "weekly" if frame.opens_weekday else "daily"
    kept = msgspec.structs.asdict(frame) | {
        "mode": mode,
        "opens_weekday": frame.opens_weekday or _THURSDAY,
        "public_holidays": frame.public_holidays or _NONE,
        "school_zone": frame.school_zone or _NONE,
    }
    return forms.of(AheadForm(**kept))


def _unless_none(chosen: str) -> str:
    return "" if chosen == _NONE else chosen


HANDLERS = (ask_how_far_ahead, set_how_far_ahead)
