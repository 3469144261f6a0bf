"""Timers: work that returns, done by one worker at a time whatever their number."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from parvis import clock
from parvis.db import connection, transaction
from parvis.outbox.actions import forget
from parvis.outbox.rules import trace

log = structlog.get_logger()
_SHORTEST = timedelta(minutes=1)
_KEPT = timedelta(days=90)
_CLAIM = """
INSERT INTO parvis.timer_run (key, started, running_until) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET started = excluded.started, running_until = excluded.running_until
WHERE timer_run.started <= $4 AND (timer_run.running_until IS NULL OR timer_run.running_until <= $2)
RETURNING key
"""


@dataclass(frozen=True, slots=True)
class Timer:
    """Work to be done again `every` so often. It may run into its next turn at most twice, then it is stopped."""

    key: str
    every: timedelta
    run: Callable[[], Awaitable[object]]

    @property
    def limit(self) -> timedelta:
        """How long one run may take; a worker that dies in one leaves the timer to others after that."""
        return max(self.every * 2, _SHORTEST)


def timers() -> tuple[Timer, ...]:
    """The outbox's own: forget deliveries that ended well long ago."""

    async def forget_done() -> None:
        while await forget(clock.now() - _KEPT):
            pass

    return (Timer("outbox.forget", timedelta(hours=6), forget_done),)


async def run_due(known: Sequence[Timer]) -> int:
    """Run the timers that are due and that no other worker runs; how many were run here."""
    now = clock.now()
    async with connection() as c:
        rows = await c.fetch("SELECT key, started FROM parvis.timer_run")
    started = {row["key"]: row["started"] for row in rows}
    due = [timer for timer in known if timer.key not in started or started[timer.key] + timer.every <= now]
    return sum(await asyncio.gather(*(_run(timer) for timer in due)))


async def _run(timer: Timer) -> bool:
    if not await _claimed(timer, clock.now()):
        return False
    error, begun = "", time.monotonic()
    try:
        async with asyncio.timeout(timer.limit.total_seconds()):
            await timer.run()
    except Exception as failure:
        error = trace(failure)
        log.error("timer.failed", timer=timer.key, error=error)
    except asyncio.CancelledError:
        await _ended(timer, "Stopped with its worker.", time.monotonic() - begun)
        raise
    await _ended(timer, error, time.monotonic() - begun)
    return True


async def _claimed(timer: Timer, now: datetime) -> bool:
    async with transaction() as c:
        # Others pass by instead of waiting for the row.
        if not await c.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"timer {timer.key}"):
            return False
        return bool(await c.fetchval(_CLAIM, timer.key, now, now + timer.limit, now - timer.every))


async def _ended(timer: Timer, error: str, seconds: float) -> None:
    sql = "UPDATE parvis.timer_run SET running_until = NULL, ended = $2, seconds = $3, error = $4 WHERE key = $1"
    async with transaction() as c:
        await c.execute(sql, timer.key, clock.now(), seconds, error)
