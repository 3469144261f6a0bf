"""How long to wait before the next attempt, and when to give up. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePath

ATTEMPTS = 12
LEASE = timedelta(seconds=60)
HANDLING = timedelta(seconds=50)
"""A handler may run this long; shorter than its lease, so that nobody else runs the same delivery meanwhile."""
_FIRST = 2.0
_LONGEST = timedelta(minutes=30)


class Later(Exception):
    """A reaction raises it to be called again at an instant, when waiting is no failure: it is never given up."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after a failed attempt: doubling from 2 s to half an hour.

    `jitter` from 0 to 1 takes up to half of it away, so that what failed together does not return together.

    >>> [pause(n, 0).total_seconds() for n in (1, 2, 5, 40)]
    [2.0, 4.0, 32.0, 1800.0]
    """
    longest = min(_FIRST * 2 ** min(attempts - 1, 30), _LONGEST.total_seconds())
    return timedelta(seconds=longest * (1 - jitter / 2))


def trace(error: BaseException) -> str:
    """What went wrong and where, without the error's own words: they may name a person."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    if where is None:
        return type(error).__name__
    file = PurePath(where.tb_frame.f_code.co_filename)
    return f"{type(error).__name__} at {file.parent.name}/{file.name}:{where.tb_lineno}"
