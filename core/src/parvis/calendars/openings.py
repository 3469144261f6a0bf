"""Opening rules to grid: what a desk opens on a local day, pure.

In this order: the weekly rules (none on a public holiday), hours instead of them, extra hours, closures. A wall-clock
time that comes twice on a day is open the first time only, so that no hour is offered twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import holidays

from parvis.calendars.bitmaps import CELL_MINUTES, WIDTH, kept_for_counter, run
from parvis.calendars.rules import CELL, midnight

_PLAIN_DAY = timedelta(hours=24)
_END = time.max
# Alsace and Moselle keep the same local law; the library files it under the department.
_SUBDIVISIONS = {"France": None, "Alsace-Moselle": "57"}


@dataclass(frozen=True, slots=True)
class Weekly:
    """A weekly opening in the place's time; `season` is always, term or holidays, `valid_until` is included."""

    weekday: int
    opens: time
    closes: time
    valid_from: date | None = None
    valid_until: date | None = None
    season: str = "always"
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Days, both included, that are closed, open `extra`, or open at these hours `instead`; no hours: all day."""

    sort: str
    first_day: date
    last_day: date
    opens: time | None = None
    closes: time | None = None
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Openings:
    """The rules of one desk. `public_holidays` and `school_zone` are subdivisions of France, empty for none.

    Outside `first_day` and `last_day`, both included, nothing is open.
    """

    zone: ZoneInfo
    weekly: tuple[Weekly, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    public_holidays: str = ""
    school_zone: str = ""
    counter_percent: int = 0
    counter_step: int = 4
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class DayGrid:
    """What the rules open on a day, and what of it is kept for the counter, as bitmaps."""

    grid: int
    kept: int


def grid_of(openings: Openings, day: date, share: bool = True) -> DayGrid:
    """The grid of a desk's local day; without `share` the counter's share has gone to the public."""
    if not _within(day, openings.first_day, openings.last_day):
        return DayGrid(0, 0)
    public, counter = _weekly(openings, day)
    instead = _on(openings, "instead", day)
    if instead:
        public, counter = _split(instead, day, openings.zone)
    more_public, more_counter = _split(_on(openings, "extra", day), day, openings.zone)
    closed, _ = _split(_on(openings, "closed", day), day, openings.zone)
    grid = (public | counter | more_public | more_counter) & ~closed
    kept = (counter | more_counter) & ~(public | more_public)
    if share:
        kept |= kept_for_counter(grid & ~kept, openings.counter_step, openings.counter_percent, _turn(day))
    return DayGrid(grid, kept & grid)


def _turn(day: date) -> int:
    """Another one on each day of a week, and on the same weekday of the next week."""
    weeks, weekday = divmod(day.toordinal(), 7)
    return weeks + weekday


def is_public_holiday(day: date, subdivision: str) -> bool:
    """Whether a day is a public holiday in a subdivision of France (source: PyPI `holidays`).

    >>> [is_public_holiday(date(2026, 4, 3), where) for where in ("Alsace-Moselle", "Martinique", "France")]
    [True, False, False]
    """
    return bool(subdivision) and day in _public(subdivision)


def is_school_holiday(day: date, zone: str) -> bool:
    """Whether schools of a zone (`Zone A`, `Zone B`, `Zone C`) have holidays (source: PyPI `holidays`)."""
    return bool(zone) and day in _school(zone)


def cells_between(day: date, opens: time, closes: time, zone: ZoneInfo) -> int:
    """The cells of a local day that lie wholly between two wall-clock times."""
    begin, end = _minutes(opens), _minutes(closes)
    if _is_plain(day, zone):
        first, last = -(-begin // CELL_MINUTES), end // CELL_MINUTES
        return run(first, last - first) if last > first else 0
    bits = 0
    for cell, minute in enumerate(_wall_minutes(day, zone)):
        if begin <= minute and minute + CELL_MINUTES <= end:
            bits |= run(cell, 1)
    return bits


def _weekly(openings: Openings, day: date) -> tuple[int, int]:
    if is_public_holiday(day, openings.public_holidays):
        return 0, 0
    holiday = is_school_holiday(day, openings.school_zone)
    return _split([rule for rule in openings.weekly if _applies(rule, day, holiday)], day, openings.zone)


def _applies(rule: Weekly, day: date, holiday: bool) -> bool:
    return (
        rule.weekday == day.isoweekday()
        and _within(day, rule.valid_from, rule.valid_until)
        and (rule.season == "always" or (rule.season == "holidays") == holiday)
    )


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _on(openings: Openings, sort: str, day: date) -> list[Exceptional]:
    return [found for found in openings.exceptions if found.sort == sort and found.first_day <= day <= found.last_day]


def _split(rules: Iterable[Weekly | Exceptional], day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Cells for the public, and cells for the counter alone."""
    public = counter = 0
    for rule in rules:
        bits = cells_between(day, rule.opens or time(), rule.closes or _END, zone)
        if rule.counter:
            counter |= bits
        else:
            public |= bits
    return public, counter


def _minutes(at: time) -> int:
    return 24 * 60 if at == _END else at.hour * 60 + at.minute


@lru_cache(maxsize=4096)
def _is_plain(day: date, zone: ZoneInfo) -> bool:
    return midnight(day + timedelta(days=1), zone) - midnight(day, zone) == _PLAIN_DAY


@lru_cache(maxsize=512)
def _wall_minutes(day: date, zone: ZoneInfo) -> tuple[int, ...]:
    """The wall-clock minute at which each cell begins; -1 for what comes a second time or on another day."""
    found = []
    for cell in range(WIDTH):
        local = (midnight(day, zone) + cell * CELL).astimezone(zone)
        found.append(-1 if local.fold or local.date() != day else local.hour * 60 + local.minute)
    return tuple(found)


@cache
def _public(subdivision: str) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=_SUBDIVISIONS.get(subdivision, subdivision))


@cache
def _school(zone: str) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=zone, categories=("school",))


def today(now: datetime, zone: ZoneInfo) -> date:
    """The place's day at an instant (UTC)."""
    return now.replace(tzinfo=now.tzinfo or UTC).astimezone(zone).date()
