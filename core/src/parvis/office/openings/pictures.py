"""A week of a timetable as a picture: what each desk opens on each day, what of it is new, what is gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.calendars.bitmaps import CELL_MINUTES, fitting, marks, runs_of
from parvis.calendars.openings import DayGrid, is_public_holiday, is_school_holiday
from parvis.calendars.rules import cells_needed, instant_of
from parvis.calendars.timetables import Plan, Timetable, serves

_DAYS = 7
_HOUR = 60
_USUAL = (8, 18)
LANE = 12


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a desk's day in minutes since midnight, and what it is: open, counter, new or gone."""

    begins: int
    ends: int
    what: str

    @property
    def hours(self) -> tuple[time, time]:
        """The two wall-clock times; midnight at the end is the last minute."""
        return _time(self.begins), _time(self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A desk on a day: what is drawn, and the openings in words; `counter` where they are for the counter alone."""

    desk: UUID
    name: str
    spans: tuple[Span, ...]
    openings: tuple[Span, ...]
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the picture, with how many appointments it has, and of these how many for the counter."""

    date: date
    lanes: tuple[Lane, ...]
    public_holiday: bool
    school_holiday: bool
    beyond: bool
    whole: int
    counter: int

    @property
    def groups(self) -> list[tuple[list[Lane], tuple[Span, ...]]]:
        """The desks with the same openings together; those that are closed last."""
        found: dict[tuple[Span, ...], list[Lane]] = {}
        for lane in self.lanes:
            found.setdefault(lane.openings, []).append(lane)
        return sorted(((lanes, openings) for openings, lanes in found.items()), key=lambda group: not group[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days from Monday on; the picture shows the hours from `first` to `last`."""

    monday: date
    first: int
    last: int
    days: tuple[Day, ...]

    @property
    def ticks(self) -> range:
        """The hours that the picture names."""
        return range(self.first, self.last + 1, 1 if self.last - self.first <= 12 else 2)

    @property
    def before(self) -> date:
        """The Monday before."""
        return self.monday - timedelta(days=_DAYS)

    @property
    def after(self) -> date:
        """The Monday after."""
        return self.monday + timedelta(days=_DAYS)


def week(after: Timetable, plan: Plan, monday: date, before: Plan | None = None, kind: str = "") -> Week:
    """The week of a timetable, compared with another plan; appointments are counted as of one kind."""
    days = tuple(_day(after, plan, before, monday + timedelta(days=n), kind) for n in range(_DAYS))
    minutes = [
        minute for day in days for lane in day.lanes for span in lane.spans for minute in (span.begins, span.ends)
    ]
    first = min([*(minute // _HOUR for minute in minutes), _USUAL[0]])
    last = max([*(-(-minute // _HOUR) for minute in minutes), _USUAL[1]])
    return Week(monday=monday, first=first, last=last, days=days)


def first_difference(before: Plan, after: Plan) -> date | None:
    """The first day on which two plans are not alike."""
    for ahead in range(max((max(before.last, after.last) - after.today).days, 0) + 1):
        day = after.today + timedelta(days=ahead)
        desks = before.openings.keys() | after.openings.keys()
        if any(_grid(before, desk, day) != _grid(after, desk, day) for desk in desks):
            return day
    return None


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def main_kind(timetable: Timetable) -> str:
    """The kind that appointments are counted as: the longest that is open online, or the longest."""
    kinds = sorted(timetable.kinds.items(), key=lambda pair: (not pair[1].online, -pair[1].minutes_first, pair[0]))
    return kinds[0][0] if kinds else ""


def _day(after: Timetable, plan: Plan, before: Plan | None, day: date, kind: str) -> Day:
    drawn = [(desk, _grid(plan, desk, day)) for desk, rules in after.desks.items() if rules.active or before]
    lanes = tuple(
        lane
        for desk, grid in drawn
        if (lane := _lane(after, desk, grid, _grid(before, desk, day) if before else grid, day)).spans
        or after.desks[desk].active
    )
    counts = [_counted(after, desk, grid, kind) for desk, grid in drawn]
    return Day(
        date=day,
        lanes=lanes,
        public_holiday=is_public_holiday(day, after.frame.public_holidays),
        school_holiday=is_school_holiday(day, after.frame.school_zone),
        beyond=day > plan.last,
        whole=sum(whole for whole, _ in counts),
        counter=sum(counter for _, counter in counts),
    )


def _lane(after: Timetable, desk: UUID, grid: DayGrid, was: DayGrid, day: date) -> Lane:
    zone = ZoneInfo(after.zone)
    same = grid.grid & was.grid
    parts = (("open", same & ~grid.kept), ("counter", grid.kept), ("new", grid.grid & ~was.grid & ~grid.kept))
    spans = [*spans_of(parts, day, zone), *spans_of([("gone", was.grid & ~grid.grid)], day, zone)]
    openings = spans_of([("open", grid.grid)], day, zone)
    return Lane(
        desk=desk,
        name=after.desks[desk].name,
        spans=tuple(sorted(spans, key=lambda span: span.begins)),
        openings=tuple(openings),
        changed=grid != was,
    )


def spans_of(parts: Iterable[tuple[str, int]], day: date, zone: ZoneInfo) -> Iterator[Span]:
    """The runs of bitmaps of a local day as spans of the wall clock, each part under its name."""
    for what, bits in parts:
        for cell, cells in runs_of(bits):
            begins = instant_of(day, cell, zone).astimezone(zone)
            last = instant_of(day, cell + cells - 1, zone).astimezone(zone)
            yield Span(_minutes(begins.time()), _minutes(last.time()) + CELL_MINUTES, what)


def _counted(timetable: Timetable, desk: UUID, grid: DayGrid, kind: str) -> tuple[int, int]:
    """Starts of a kind on a day, and those of them that the counter keeps."""
    rules = timetable.kinds.get(kind)
    if rules is None or not serves(timetable.desks[desk], kind):
        return 0, 0
    cells, step = cells_needed(rules.minutes_first, 0, 1), rules.step_minutes // CELL_MINUTES
    offered = marks(grid.grid, step)
    whole = (fitting(grid.grid, cells) & offered).bit_count()
    return whole, whole - (fitting(grid.grid & ~grid.kept, cells) & offered).bit_count()


def _grid(plan: Plan, desk: UUID, day: date) -> DayGrid:
    return plan.grid(desk, day) if desk in plan.openings else DayGrid(0, 0)


def _minutes(at: time) -> int:
    return at.hour * _HOUR + at.minute


def _time(minutes: int) -> time:
    return time(minutes // _HOUR, minutes % _HOUR) if minutes < 24 * _HOUR else time(23, 59)
