"""Claims in a rush: what waits while others are served goes together, in one round trip and one commit.

Nobody waits for a batch to fill: while connections are idle each claim goes alone. Claims of the same hour that wait
together are answered together once it is sold out. A failed batch fails those in it, not the process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeAlias
from weakref import WeakKeyDictionary

import asyncpg

from parvis.calendars.claims import FIRST_LOOK, SECOND_LOOK, Claim, Hour
from parvis.db import connection

_AT_ONCE = 6
_LARGEST = 64


Answer: TypeAlias = tuple[Claim | None, asyncpg.Record]


@dataclass(slots=True, eq=False)
class _Waiter:
    now: datetime
    until: datetime
    answer: asyncio.Future[Answer]


@dataclass(slots=True, weakref_slot=True)
class _Queue:
    """Who waits, by hour, in the order of arrival."""

    waiting: dict[Hour, deque[_Waiter]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    serving: int = 0


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def take_soon(hour: Hour, now: datetime, until: datetime) -> Answer:
    """`claims.take`, alone or with those who wait too, in the order in which they came.

    The claim is only made when it is sent; there is none for who hears that the hour was sold out before.
    """
    loop = asyncio.get_running_loop()
    if (queue := _queues.get(loop)) is None:
        queue = _queues[loop] = _Queue()
    waiter = _Waiter(now, until, loop.create_future())
    queue.waiting.setdefault(hour, deque()).append(waiter)
    if queue.serving < _AT_ONCE:
        queue.serving += 1
        task = loop.create_task(_serve(queue))
        queue.tasks.add(task)
        task.add_done_callback(queue.tasks.discard)
    return await waiter.answer


async def _serve(queue: _Queue) -> None:
    try:
        while queue.waiting:
            hours = list(islice(queue.waiting, _LARGEST))
            await _answer_all({hour: queue.waiting.pop(hour) for hour in hours})
    finally:
        # In the same step as the last look at the queue, so that nobody is left waiting in it.
        queue.serving -= 1


async def _answer_all(batch: dict[Hour, deque[_Waiter]]) -> None:
    everybody = [waiter for same in batch.values() for waiter in same]
    try:
        await _serve_batch(batch)
    except Exception as error:
        for waiter in everybody:
            if not waiter.answer.done():
                waiter.answer.set_exception(error)
    finally:
        for waiter in everybody:
            waiter.answer.cancel()


async def _serve_batch(batch: dict[Hour, deque[_Waiter]]) -> None:
    """Each hour's first one, then twice as many of it as long as all of them got it."""
    size = 1
    while batch:
        limit = min(size, _LARGEST // len(batch) + 1)
        tried = [
            (waiter, Claim(hour, waiter.now, waiter.until, awaited=bool(same)))
            for hour, same in batch.items()
            for waiter in _first(same, limit)
        ]
        for (waiter, claim), answer in zip(tried, await _try([claim for _, claim in tried]), strict=True):
            await _settle(waiter, claim, answer, batch[claim.hour])
        batch = {hour: same for hour, same in batch.items() if same}
        size *= 2


def _first(same: deque[_Waiter], size: int) -> list[_Waiter]:
    found: list[_Waiter] = []
    while same and len(found) < size:
        waiter = same.popleft()
        if not waiter.answer.done():
            found.append(waiter)
    return found


async def _try(tried: Sequence[Claim]) -> Sequence[asyncpg.Record]:
    if not tried:
        return []
    async with connection() as c:
        if len(tried) == 1:
            return [await c.fetchrow(FIRST_LOOK, *tried[0].values)]
        rows: Sequence[asyncpg.Record] = await c.fetchmany(FIRST_LOOK, [claim.values for claim in tried])
        return rows


async def _settle(waiter: _Waiter, claim: Claim, row: asyncpg.Record, same: deque[_Waiter]) -> None:
    """Answer one; where the hour is sold out, also those who still wait for it."""
    if row["desk"] is None and row["seen"]:
        # A batch only skips locks, or two batches might wait for one another; whoever waits does so alone.
        async with connection() as c:
            row = await c.fetchrow(SECOND_LOOK, *claim.values)
    _answer(waiter, (claim, row))
    if row["desk"] is None or row["seen"] == 1:
        while same:
            _answer(same.popleft(), (None, row))


def _answer(waiter: _Waiter, answer: Answer) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(answer)
