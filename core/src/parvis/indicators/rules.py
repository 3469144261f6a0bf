"""Pure decisions about figures: which days they cover, shares, and what is too few to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Span = Literal["past", "next", "year"]
# Fewer people than this could be recognised by who knows where they come from.
FEWEST = 5
_WEEK = timedelta(days=7)
_SPANS = {"past": (-4, 0), "next": (0, 8), "year": (-52, 0)}


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included: whole weeks from a Monday to a Sunday."""

    since: date
    until: date


def period(span: Span, today: date) -> Period:
    """The weeks of a span; the running week is in all of them.

    >>> period("past", date(2026, 11, 26))
    Period(since=datetime.date(2026, 10, 26), until=datetime.date(2026, 11, 29))
    """
    monday = today - timedelta(days=today.weekday())
    before, after = _SPANS[span]
    return Period(monday + before * _WEEK, monday + (after + 1) * _WEEK - timedelta(days=1))


def percent(part: int, whole: int) -> int | None:
    """A share in whole percent; None of nothing.

    >>> percent(1, 3), percent(0, 0)
    (33, None)
    """
    return round(100 * part / whole) if whole else None


def tellable(count: int) -> int | None:
    """A number of people as it may be told: None where they are so few that they could be recognised.

    >>> [tellable(count) for count in (0, 1, 4, 5)]
    [0, None, None, 5]
    """
    return None if 0 < count < FEWEST else count
