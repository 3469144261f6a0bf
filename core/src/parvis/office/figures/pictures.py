"""Figures as pictures: bars by week, squares by weekday and hour. Pure; sizes are units of an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parvis.indicators.queries import WeekFigures

HEIGHT, BAR, GAP = 120, 16, 6
SQUARE = 24
_DAYS = 7
_STEPS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A week's bar: from `left`, its whole height and the part of it that is taken."""

    left: int
    whole: int
    taken: int


@dataclass(frozen=True, slots=True)
class Square:
    """A weekday's hour: where it stands, and how much of the most it has, in five steps."""

    left: int
    top: int
    step: int


def bars(weeks: Sequence[WeekFigures]) -> list[Bar]:
    """A bar for each week, the fullest as high as the picture."""
    most = max((week.open_minutes for week in weeks), default=0)
    return [
        Bar(
            left=n * (BAR + GAP),
            whole=_scaled(week.open_minutes, most, HEIGHT),
            taken=_scaled(week.open_minutes - week.free_minutes, most, HEIGHT),
        )
        for n, week in enumerate(weeks)
    ]


def width(weeks: Sequence[WeekFigures]) -> int:
    """How wide the bars are together."""
    return max(len(weeks) * (BAR + GAP) - GAP, 1)


def hours_shown(hours: Mapping[tuple[int, int], int]) -> range:
    """The hours of the clock from the first to the last with an appointment."""
    known = [hour for _, hour in hours]
    return range(min(known), max(known) + 1) if known else range(0)


def squares(hours: Mapping[tuple[int, int], int]) -> list[Square]:
    """A square for each weekday and hour shown."""
    most, shown = max(hours.values(), default=0), hours_shown(hours)
    return [
        Square((hour - shown.start) * SQUARE, (day - 1) * SQUARE, _scaled(hours.get((day, hour), 0), most, _STEPS))
        for day in range(1, _DAYS + 1)
        for hour in shown
    ]


def _scaled(value: int, most: int, size: int) -> int:
    """A value as a part of a size, rounded up so that little is not nothing.

    >>> _scaled(1, 1000, 5), _scaled(0, 10, 5), _scaled(10, 10, 5)
    (1, 0, 5)
    """
    return -(-value * size // most) if most else 0
