"""Claims in a rush: what waits while others are served goes together, in one round trip and one commit.

Nobody waits for a batch to fill: while connections are idle each claim goes alone. Claims of the same hour that wait
together are answered together once it is sold out. A failed batch fails those in it, not the process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from weakref import WeakKeyDictionary

import asyncpg

from parvis.calendars.claims import FIRST_LOOK, SECOND_LOOK, Claim
from parvis.db import connection

_AT_ONCE = 6
_LARGEST = 256


# What makes two claims alike: one is sold out when the other is.
_Hour = tuple[object, ...]


@dataclass(slots=True, eq=False)
class _Waiter:
    claim: Claim
    answer: asyncio.Future[asyncpg.Record]

    @property
    def hour(self) -> _Hour:
        c = self.claim
        return c.calendar, c.kind, c.start, c.people, c.counter


@dataclass(slots=True, weakref_slot=True)
class _Queue:
    """Who waits, by hour, in the order of arrival."""

    waiting: dict[_Hour, deque[_Waiter]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    serving: int = 0


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def take_soon(claim: Claim) -> asyncpg.Record:
    """`claims.take`, alone or with those who wait too, in the order in which they came."""
    loop = asyncio.get_running_loop()
    queue = _queues.setdefault(loop, _Queue())
    waiter = _Waiter(claim, loop.create_future())
    queue.waiting.setdefault(waiter.hour, deque()).append(waiter)
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


async def _answer_all(batch: dict[_Hour, deque[_Waiter]]) -> None:
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


async def _serve_batch(batch: dict[_Hour, deque[_Waiter]]) -> None:
    """Each hour's first one, then twice as many of it as long as all of them got it."""
    size = 1
    while batch:
        tried = {hour: _first(same, min(size, _LARGEST // len(batch) + 1)) for hour, same in batch.items()}
        answers = await _try([waiter for some in tried.values() for waiter in some])
        for hour, some in tried.items():
            for waiter in some:
                await _settle(waiter, answers[waiter], batch[hour])
        batch = {hour: same for hour, same in batch.items() if same}
        size *= 2


def _first(same: deque[_Waiter], size: int) -> list[_Waiter]:
    found: list[_Waiter] = []
    while same and len(found) < size:
        waiter = same.popleft()
        if not waiter.answer.done():
            found.append(waiter)
    return found


async def _try(waiters: Sequence[_Waiter]) -> dict[_Waiter, asyncpg.Record]:
    if not waiters:
        return {}
    async with connection() as c:
        if len(waiters) == 1:
            return {waiters[0]: await c.fetchrow(FIRST_LOOK, *waiters[0].claim.values)}
        rows = await c.fetchmany(FIRST_LOOK, [waiter.claim.values for waiter in waiters])
    return dict(zip(waiters, rows, strict=True))


async def _settle(waiter: _Waiter, answer: asyncpg.Record, same: deque[_Waiter]) -> None:
    """Answer one; where the hour is sold out, also those who still wait for it."""
    if answer["locked"]:
        # A batch only skips locks, or two batches might wait for one another; whoever waits does so alone.
        async with connection() as c:
            answer = await c.fetchrow(SECOND_LOOK, *waiter.claim.values)
    _answer(waiter, answer)
    if answer["desk"] is None:
        while same:
            _answer(same.popleft(), answer)


def _answer(waiter: _Waiter, answer: asyncpg.Record) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(answer)
