"""The calendars of an emitter, and one of them at a glance: its week, desks, kinds, closures, horizon, last changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis import clock
from parvis.calendars import history, queries, rules, timetables
from parvis.calendars.timetables import Frame
from parvis.calendars.weekdays import WEEKDAYS, opening_texts
from parvis.calendars.wording import special_text
from parvis.identity import guards
from parvis.office.openings import past, pictures, proposing
from parvis.office.openings.looking import Here, look, service_name, today
from parvis.office.permissions import OPENINGS
from parvis.territory import queries as territory
from parvis.web import fields, pages

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(OPENINGS), "reader", "agent", "manager")
_LATEST = 5


@get("/office/{emitter:str}/calendars", **_SEE)
async def calendars(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The calendars of an emitter's places; with one only, that one."""
    found = await territory.emitter_by_slug(emitter)
    own = await queries.calendars_of(found.id)
    base = f"/office/{emitter}/calendars"
    if len(own) == 1:
        return pages.see_other(f"{base}/{own[0].id}")
    rows = [(f"{base}/{info.id}", info.place_name, service_name(info.service)) for info in own]
    return pages.render(request, "office/openings/calendars.html", rows=rows)


@get("/office/{emitter:str}/calendars/{calendar:uuid}", **_SEE)
async def calendar_page(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """One calendar at a glance."""
    here = await look(request, emitter, calendar)
    timetable, first = here.timetable, today(here.timetable)
    plan = timetables.plan(timetable, clock.now())
    monday = pictures.monday_of(_asked(request) or first)
    return pages.render(
        request,
        "office/openings/calendar.html",
        page=here,
        week=pictures.week(timetable, plan, monday, kind=pictures.main_kind(timetable)),
        years=proposing.years(here, timetable, timetable),
        today=first,
        last=plan.last,
        next_opening=next_opening(timetable.frame, clock.now().astimezone(ZoneInfo(timetable.zone))),
        weekday=WEEKDAYS.get(timetable.frame.opens_weekday or 0),
        desks=[(key, desk, opening_texts(desk.weekly)) for key, desk in timetable.desks.items()],
        specials=[
            (key, special_text(special, timetable.desks))
            for key, special in timetable.specials.items()
            if special.rule.last_day >= first
        ],
        kinds=_kinds(here),
        changes=[past.told(here, change) for change in await history.changes(calendar, _LATEST)],
        kept=request.query_params.get("kept"),
        saved=await _saved(request, here),
        lane=pictures.LANE,
    )


def next_opening(frame: Frame, now: datetime) -> tuple[datetime, date] | None:
    """When the next days open, and up to which; `now` is in the place's zone. None if nothing opens by itself."""
    if frame.open_until is not None:
        return None
    last = rules.last_open_day(now, frame.horizon_days, frame.opens_weekday, frame.opens_at)
    for ahead in range(9):
        at = datetime.combine(now.date() + timedelta(days=ahead), frame.opens_at, now.tzinfo)
        until = rules.last_open_day(at, frame.horizon_days, frame.opens_weekday, frame.opens_at)
        if at > now and until > last:
            return at, until
    return None


def _kinds(here: Here) -> list[tuple[str, Any, Any, list[str]]]:
    """Every kind that the service declares or the place offers: key, name, its rules if offered, the desks."""
    every = {**dict.fromkeys(here.timetable.kinds), **dict.fromkeys(here.declared)}
    return [
        (
            key,
            here.names.get(key, key),
            here.timetable.kinds.get(key),
            [desk.name for desk in here.timetable.desks.values() if desk.active and timetables.serves(desk, key)],
        )
        for key in every
    ]


async def _saved(request: _AnyRequest, here: Here) -> Any:
    """The change that was just made, if the address says so."""
    asked = request.query_params.get("saved", "")
    latest = await history.changes(here.calendar.id, 1)
    return past.told(here, latest[0]) if latest and asked == str(latest[0].version) else None


def _asked(request: _AnyRequest) -> date | None:
    found = fields.day(request.query_params.get("week", ""))
    return found if isinstance(found, date) and found.year < 2200 else None


HANDLERS = (calendars, calendar_page)
