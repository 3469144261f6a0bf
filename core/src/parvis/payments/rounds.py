"""Rows of many accounts, each account's apart: one that fails or hangs holds up nobody else's."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

import asyncpg
import structlog

from parvis.outbox.rules import trace

log = structlog.get_logger()
T = TypeVar("T")
# Does something about a row, which has an `account`; what it counts for.
Act: TypeAlias = Callable[[asyncpg.Record], Awaitable[int]]
# An account's rows that are asked about at the same time, and how long new ones are begun: with a provider's own
# patience after that, a round of one that hangs ends before its timer is stopped.
AT_ONCE = 4
_SECONDS = 20


async def each(what: str, rows: Iterable[asyncpg.Record], act: Act) -> int:
    """Act on every row, an account's in their order; the sum of what it counts for.

    What fails is logged and counts for nothing; whoever acts has put the row off, or finds it again in the next round.
    """
    until = asyncio.get_running_loop().time() + _SECONDS
    by_account = defaultdict(list)
    for row in rows:
        by_account[row["account"]].append(row)
    queues = [iter(found) for found in by_account.values()]
    return sum(await asyncio.gather(*(_drain(what, queue, act, until) for queue in queues for _ in range(AT_ONCE))))


def failed(what: str, account: str, failure: Exception) -> None:
    """Log that something failed in a way that nobody foresaw, without the error's own words."""
    log.error("payments.failed", what=what, account=account, error=trace(failure))


async def one_by_one(what: str, some: Iterable[T], act: Callable[[T], Awaitable[int]]) -> int:
    """Act on each of some that need no provider; the sum of what it counts for. What fails is logged and stops none."""
    done = 0
    for one in some:
        try:
            done += await act(one)
        except Exception as failure:
            log.error("payments.failed", what=what, error=trace(failure))
    return done


async def _drain(what: str, queue: Iterator[asyncpg.Record], act: Act, until: float) -> int:
    done = 0
    for row in queue:
        try:
            done += await act(row)
        except Exception as failure:
            failed(what, row["account"], failure)
        if asyncio.get_running_loop().time() >= until:
            break
    return done
