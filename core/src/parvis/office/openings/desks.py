"""A desk: its name, what it serves, from when to when it exists, and its week, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars.checks import line_refusal, overlap_text, overlapping
from parvis.calendars.openings import Weekly
from parvis.calendars.timetables import DeskRules, Timetable
from parvis.calendars.weekdays import WEEKDAYS, grouped
from parvis.db import new_id
from parvis.errors import NotFound, Refusal, Text
from parvis.identity import guards
from parvis.office.openings import proposing
from parvis.office.openings.looking import Here, look
from parvis.office.openings.proposing import Page, Proposed
from parvis.office.permissions import RULES
from parvis.web import fields, forms
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(RULES), "manager", status_code=200)
_LINE = re.compile(r"lines-(\d{1,3})-")
_FIELDS = {"opens": "opens", "closes": "closes", "valid_from": "since", "valid_until": "until"}


Season = Literal["always", "term", "holidays"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the week: the same hours on some weekdays. A line without anything is left out."""

    days: tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...] = ()
    opens: time | None = None
    closes: time | None = None
    season: Season = "always"
    since: date | None = None
    until: date | None = None
    counter: bool = False


class DeskForm(msgspec.Struct, frozen=True, kw_only=True):
    """A desk, as typed. `kinds` are those it serves."""

    name: Annotated[fields.Line, msgspec.Meta(max_length=60), fields.Missing(Text("Give the desk a name."))]
    active: bool = False
    kinds: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    lines: tuple[Line, ...] = ()


@get("/office/{emitter:str}/calendars/{calendar:uuid}/desks/new", **_CHANGE)
async def ask_for_desk(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """A desk to be added."""
    here = await look(request, emitter, calendar)
    return await proposing.show(request, here, _page(here, None), forms.blank(active="yes", kinds=_all(here)))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/desks/new", **_CHANGE)
async def add_desk(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Add a desk."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here, None))


@get("/office/{emitter:str}/calendars/{calendar:uuid}/desks/{desk:uuid}", **_CHANGE)
async def ask_to_change_desk(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], desk: FromPath[UUID]
) -> Response[Any]:
    """A desk as it is."""
    here = await look(request, emitter, calendar)
    known = _known(here, desk)
    return await proposing.show(request, here, _page(here, desk), _filled(here, known))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/desks/{desk:uuid}", **_CHANGE)
async def change_desk(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], desk: FromPath[UUID]
) -> Response[Any]:
    """Change a desk."""
    here = await look(request, emitter, calendar)
    _known(here, desk)
    return await proposing.receive(request, here, _page(here, desk))


def _page(here: Here, desk: UUID | None) -> Page[DeskForm]:
    added = desk or new_id()
    return Page(
        template="office/openings/desk.html",
        sort="desk",
        shape=DeskForm,
        apply=lambda base, typed: apply(base, typed, added, new=desk is None),
        context={
            "desk": here.timetable.desks[desk] if desk else None,
            "kinds": [(key, here.names.get(key, key)) for key in here.timetable.kinds],
            "weekdays_named": [(str(number), name) for number, name in WEEKDAYS.items()],
            "rows": rows,
        },
    )


def apply(base: Timetable, typed: DeskForm, desk: UUID, *, new: bool = False) -> Proposed:
    """The timetable with the desk as typed, or what is wrong with it at its own fields."""
    if not new and desk not in base.desks:
        raise KeyError(desk)
    lines = list(_lines(typed.lines))
    refusals = [*_refusals(typed, base), *_line_refusals(lines)]
    if refusals:
        return refusals
    rules = DeskRules(
        name=typed.name,
        kinds=() if set(typed.kinds) >= set(base.kinds) else tuple(kind for kind in base.kinds if kind in typed.kinds),
        active=typed.active,
        first_day=typed.first_day,
        last_day=typed.last_day,
        weekly=tuple(sorted((line for _, line in lines), key=lambda line: (line.weekday, line.opens))),
    )
    return msgspec.structs.replace(base, desks={**base.desks, desk: rules})


def rows(form: Form[Any]) -> range:
    """The lines to show: those that were filled in, and one more."""
    numbers = [int(found[1]) for name in form.raw if (found := _LINE.match(name))]
    filled = [n for n in numbers if any(form.text(f"lines-{n}-{part}").strip() for part in ("opens", "closes", "days"))]
    return range(max(filled, default=-1) + 2)


def _filled(here: Here, desk: DeskRules) -> Form[Any]:
    lines = tuple(
        Line(
            days=tuple(days),
            opens=line.opens,
            closes=line.closes,
            season=cast("Season", line.season),
            since=line.valid_from,
            until=line.valid_until,
            counter=line.counter,
        )
        for line, days in grouped(desk.weekly)
    )
    typed = DeskForm(
        name=desk.name,
        active=desk.active,
        kinds=desk.kinds or _all(here),
        first_day=desk.first_day,
        last_day=desk.last_day,
        lines=lines,
    )
    return forms.of(typed)


def _all(here: Here) -> tuple[str, ...]:
    return tuple(here.timetable.kinds)


def _known(here: Here, desk: UUID) -> DeskRules:
    if desk not in here.timetable.desks:
        raise NotFound
    return here.timetable.desks[desk]


def _lines(typed: Iterable[Line]) -> Iterator[tuple[int, Weekly]]:
    """Every weekly opening with the number of its line; what lacks an hour is said by `_refusals`."""
    for number, line in enumerate(typed):
        if line.opens is not None and line.closes is not None:
            rest = (line.since, line.until, line.season, line.counter)
            yield from ((number, Weekly(day, line.opens, line.closes, *rest)) for day in line.days)


def _refusals(typed: DeskForm, base: Timetable) -> Iterator[Refusal]:
    if not set(typed.kinds) & set(base.kinds):
        yield Refusal("desk-without-kind", Text("Choose at least one thing that this desk serves."), "kinds")
    if typed.first_day and typed.last_day and typed.last_day < typed.first_day:
        text = Text("The last day must not come before the first.")
        yield Refusal("days-reversed", text, "last_day")
    for number, line in enumerate(typed.lines):
        field = f"lines-{number}-"
        if (line.opens is None) != (line.closes is None):
            text = Text("Write from when and until when.")
            yield Refusal("hours-half", text, field + ("opens" if line.opens is None else "closes"))
        elif line.opens is not None and not line.days:
            yield Refusal("no-weekday", Text("Choose the weekdays of these hours."), f"{field}days")
        elif line.days and line.opens is None:
            yield Refusal("hours-missing", Text("Write the hours of these weekdays."), f"{field}opens")


def _line_refusals(lines: Sequence[tuple[int, Weekly]]) -> Iterator[Refusal]:
    for number, line in lines:
        if (wrong := line_refusal(line)) is not None:
            yield Refusal(wrong.code, wrong.text, f"lines-{number}-{_FIELDS.get(wrong.field or '', 'opens')}")
    for later, earlier in overlapping([line for _, line in lines]):
        text = overlap_text(lines[later][1], lines[earlier][1])
        yield Refusal("openings-overlap", text, f"lines-{lines[later][0]}-opens")


HANDLERS = (ask_for_desk, add_desk, ask_to_change_desk, change_desk)
