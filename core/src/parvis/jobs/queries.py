"""How background work fares, for the operator's page and the health answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from parvis.db import connection
from parvis.outbox import queries as outbox
from parvis.outbox.queries import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerInfo:
    """A timer's last run; `seconds` is None while its first one lasts, `error` empty if it went well."""

    key: str
    started: datetime
    ended: datetime | None
    seconds: float | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The queue's figures, and every timer's last run; `beat` is when a worker last did anything on time."""

    queue: Figures
    timers: tuple[TimerInfo, ...]
    beat: datetime | None


async def health() -> Health:
    """The figures of this moment."""
    async with connection() as c:
        rows = await c.fetch("SELECT key, started, ended, seconds, error FROM parvis.timer_run ORDER BY key")
    timers = tuple(TimerInfo(**dict(row.items())) for row in rows)
    beat = max((timer.started for timer in timers), default=None)
    return Health(queue=await outbox.figures(), timers=timers, beat=beat)
