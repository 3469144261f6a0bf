"""One day of one desk, changed alone: other hours, closed, or as every week again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Annotated, Any, Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars import timetables
from parvis.calendars.checks import line_refusal, overlapping
from parvis.calendars.openings import Exceptional, Weekly, grid_of
from parvis.calendars.timetables import Special, Timetable
from parvis.calendars.wording import special_text
from parvis.db import new_id
from parvis.errors import NotFound, Refusal, Text
from parvis.identity import guards
from parvis.office.openings import pictures, proposing
from parvis.office.openings.desks import rows
from parvis.office.openings.looking import Here, look, today
from parvis.office.openings.proposing import Page, Proposed
from parvis.office.permissions import CLOSE
from parvis.web import fields, forms
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(CLOSE), "agent", "manager", status_code=200)


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when the desk is open on that day."""

    opens: time | None = None
    closes: time | None = None
    counter: bool = False


class DayForm(msgspec.Struct, frozen=True, kw_only=True):
    """The day, as typed: open at hours of its own, closed, or as every week."""

    mode: Annotated[Literal["hours", "closed", "usual"], fields.Missing(Text("Choose how this day is."))]
    lines: tuple[Hours, ...] = ()


@get("/office/{emitter:str}/calendars/{calendar:uuid}/desks/{desk:uuid}/days/{day:date}", **_CHANGE)
async def ask_to_change_day(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], desk: FromPath[UUID], day: FromPath[date]
) -> Response[Any]:
    """The hours of a desk on a day."""
    here = await look(request, emitter, calendar)
    return await proposing.show(request, here, _page(here, desk, day), _filled(here, desk, day))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/desks/{desk:uuid}/days/{day:date}", **_CHANGE)
async def change_day(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], desk: FromPath[UUID], day: FromPath[date]
) -> Response[Any]:
    """Change them on that day alone."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here, desk, day))


def apply(base: Timetable, typed: DayForm, desk: UUID, day: date) -> Proposed:
    """The timetable with that day as typed, or what is wrong with it at its own fields."""
    if desk not in base.desks:
        raise KeyError(desk)
    others = {key: found for key, found in base.specials.items() if not _is_alone(found, desk, day)}
    if typed.mode == "usual":
        return msgspec.structs.replace(base, specials=others)
    lines = (
        []
        if typed.mode == "closed"
        else [(n, line) for n, line in enumerate(typed.lines) if (line.opens, line.closes) != (None, None)]
    )
    if typed.mode == "hours" and not lines:
        return [Refusal("hours-missing", Text("Write the hours, or choose that it is closed."), "lines-0-opens")]
    if refusals := list(_refusals(lines, day)):
        return refusals
    rules = [Exceptional("instead", day, day, line.opens, line.closes, line.counter) for _, line in lines]
    alone = {new_id(): Special(rule=rule, desks=(desk,)) for rule in rules or [Exceptional("closed", day, day)]}
    return msgspec.structs.replace(base, specials={**others, **alone})


def _refusals(lines: list[tuple[int, Hours]], day: date) -> Iterator[Refusal]:
    weekly = []
    for number, line in lines:
        field = f"lines-{number}-"
        if line.opens is None or line.closes is None:
            text = Text("Write from when and until when.")
            yield Refusal("hours-half", text, field + ("opens" if line.opens is None else "closes"))
            continue
        weekly.append((number, Weekly(day.isoweekday(), line.opens, line.closes)))
        if (wrong := line_refusal(weekly[-1][1])) is not None:
            yield Refusal(wrong.code, wrong.text, field + (wrong.field or "opens"))
    for later, _ in overlapping([line for _, line in weekly]):
        text = Text("These hours overlap others of the day. Change one of the two.")
        yield Refusal("openings-overlap", text, f"lines-{weekly[later][0]}-opens")


def _is_alone(special: Special, desk: UUID, day: date) -> bool:
    """Whether a rule is about this desk on this day and nothing else."""
    return special.desks == (desk,) and special.rule.first_day == special.rule.last_day == day


def _page(here: Here, desk: UUID, day: date) -> Page[DayForm]:
    timetable = here.timetable
    if desk not in timetable.desks or day < today(timetable):
        raise NotFound
    wider = [
        special_text(found, timetable.desks)
        for found in timetable.specials.values()
        if found.rule.first_day <= day <= found.rule.last_day
        and (not found.desks or desk in found.desks)
        and not _is_alone(found, desk, day)
    ]
    return Page(
        template="office/openings/day.html",
        sort="day",
        shape=DayForm,
        apply=lambda base, typed: apply(base, typed, desk, day),
        context={
            "desk": timetable.desks[desk],
            "day": day,
            "wider": wider,
            "rows": rows,
        },
    )


def _filled(here: Here, desk: UUID, day: date) -> Form[Any]:
    drawn = grid_of(timetables.openings_of(here.timetable, desk), day, share=False)
    parts = (("open", drawn.grid & ~drawn.kept), ("counter", drawn.kept))
    spans = pictures.spans_of(parts, day, ZoneInfo(here.timetable.zone))
    lines = tuple(
        Hours(opens=span.hours[0], closes=span.hours[1], counter=span.what == "counter")
        for span in sorted(spans, key=lambda span: span.begins)
    )
    alone = any(_is_alone(found, desk, day) for found in here.timetable.specials.values())
    usual = "hours" if alone and lines else "closed" if alone else "usual"
    return forms.of(DayForm(mode=cast("Literal['hours', 'closed', 'usual']", usual), lines=lines))


HANDLERS = (ask_to_change_day, change_day)
