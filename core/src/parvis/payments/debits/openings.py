"""The days on which banks settle with one another: TARGET's working days."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

_SATURDAY = 5


@cache
def _closed(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("XECB", years=year))


def is_open(day: date) -> bool:
    """Whether TARGET is open on a day.

    >>> [is_open(date(2027, 1, n)) for n in (1, 2, 4)], is_open(date(2027, 3, 26)), is_open(date(2027, 5, 6))
    ([False, False, True], False, True)
    """
    return day.weekday() < _SATURDAY and day not in _closed(day.year)
