"""A calendar's rules as one value: what an agent edits, what is compared, kept in the history and brought back. Pure.

Days and times are the place's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis.calendars import rules
from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.calendars.openings import DayGrid, Exceptional, Openings, Weekly, grid_of

_USUAL_STEP = 20


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every desk: how far ahead days open and when, holidays, the counter's share, a place's last day.

    `tables.Calendar` has the meanings.
    """

    horizon_days: int = 90
    opens_weekday: int | None = None
    opens_at: time = time()
    open_until: date | None = None
    first_day: date | None = None
    last_day: date | None = None
    public_holidays: str = "Alsace-Moselle"
    school_zone: str = "Zone B"
    counter_percent: int = 10
    counter_days: int = 0


class KindRules(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of appointment: minutes, whether it is open online and asks for a number, what to bring, by language."""

    minutes_first: int
    minutes_further: int = 0
    step_minutes: int
    people_max: int = 8
    online: bool = True
    number: bool = False
    bring: dict[str, str] = {}


class DeskRules(msgspec.Struct, frozen=True, kw_only=True):
    """A desk: what it serves (nothing said is all), from when to when it exists, its week."""

    name: str
    kinds: tuple[str, ...] = ()
    active: bool = True
    first_day: date | None = None
    last_day: date | None = None
    weekly: tuple[Weekly, ...] = ()


class Special(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which it is otherwise, at some desks (nothing said is all), and why."""

    rule: Exceptional
    desks: tuple[UUID, ...] = ()
    reason: str = ""


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a calendar opens. `zone` is the place's and cannot be edited."""

    zone: str
    frame: Frame
    kinds: dict[str, KindRules]
    desks: dict[UUID, DeskRules]
    specials: dict[UUID, Special]


@dataclass(frozen=True, slots=True)
class Plan:
    """A timetable at work: each desk's openings, and the local days they apply to."""

    openings: Mapping[UUID, Openings]
    today: date
    last: date
    counter_until: date
    _drawn: dict[tuple[UUID, date], DayGrid] = field(default_factory=dict, repr=False, compare=False)

    def grid(self, desk: UUID, day: date) -> DayGrid:
        """What the rules open at a desk on a day, the counter's share having gone to the public when it is near."""
        if (found := self._drawn.get((desk, day))) is None:
            found = self._drawn[desk, day] = grid_of(self.openings[desk], day, share=day > self.counter_until)
        return found


def plan(timetable: Timetable, now: datetime) -> Plan:
    """The timetable at an instant; a desk out of use opens nothing."""
    frame, local = timetable.frame, now.astimezone(ZoneInfo(timetable.zone))
    last = rules.last_open_day(local, frame.horizon_days, frame.opens_weekday, frame.opens_at, frame.open_until)
    openings = {desk: openings_of(timetable, desk) for desk in timetable.desks}
    return Plan(openings, local.date(), last, local.date() + timedelta(days=frame.counter_days))


def openings_of(timetable: Timetable, desk_id: UUID) -> Openings:
    """The rules of one desk, the calendar's own included."""
    frame, desk = timetable.frame, timetable.desks[desk_id]
    specials = [
        special.rule for special in timetable.specials.values() if not special.desks or desk_id in special.desks
    ]
    return Openings(
        zone=ZoneInfo(timetable.zone),
        weekly=desk.weekly if desk.active else (),
        exceptions=tuple(specials) if desk.active else (),
        public_holidays=frame.public_holidays,
        school_zone=frame.school_zone,
        counter_percent=frame.counter_percent,
        counter_step=max((kind.step_minutes for kind in timetable.kinds.values()), default=_USUAL_STEP) // CELL_MINUTES,
        first_day=max((day for day in (frame.first_day, desk.first_day) if day), default=None),
        last_day=min((day for day in (frame.last_day, desk.last_day) if day), default=None),
    )


def serves(desk: DeskRules, kind: str) -> bool:
    """Whether a desk serves a kind."""
    return not desk.kinds or kind in desk.kinds


def step_of(minutes_first: int) -> int:
    """Minutes from one start to the next: those of an appointment for one, rounded up to whole cells."""
    return -(-minutes_first // CELL_MINUTES) * CELL_MINUTES
