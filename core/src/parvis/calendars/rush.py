"""Claims in a rush: what waits while others are served goes together, in one round trip and one commit.

Nobody waits for a batch to fill: while connections are idle each claim goes alone. Claims of the same hour that wait
together are answered together once it is sold out. A failed batch fails those in it, not the process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import asyncpg

from parvis.calendars.claims import FIRST_LOOK, SECOND_LOOK, Claim
from parvis.db import connection

_AT_ONCE = 6
_LARGEST = 256


@dataclass(slots=True, eq=False)
class _Waiter:
    claim: Claim
    answer: asyncio.Future[asyncpg.Record]

    @property
    def asks(self) -> tuple[object, ...]:
        """What makes two claims alike: one is sold out when the other is."""
        c = self.claim
        return c.calendar, c.kind, c.start, c.people, c.counter


@dataclass(slots=True, weakref_slot=True)
class _Queue:
    waiting: deque[_Waiter] = field(default_factory=deque)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    serving: int = 0


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def take_soon(claim: Claim) -> asyncpg.Record:
    """`claims.take`, alone or with those who wait too, in the order in which they came."""
    loop = asyncio.get_running_loop()
    queue = _queues.setdefault(loop, _Queue())
    waiter = _Waiter(claim, loop.create_future())
    queue.waiting.append(waiter)
    if queue.serving < _AT_ONCE:
        queue.serving += 1
        task = loop.create_task(_serve(queue))
        queue.tasks.add(task)
        task.add_done_callback(queue.tasks.discard)
    return await waiter.answer


async def _serve(queue: _Queue) -> None:
    try:
        while queue.waiting:
            batch = [queue.waiting.popleft() for _ in range(min(_LARGEST, len(queue.waiting)))]
            await _answer_all([waiter for waiter in batch if not waiter.answer.cancelled()])
    finally:
        # In the same step as the last look at the queue, so that nobody is left waiting in it.
        queue.serving -= 1


async def _answer_all(batch: Sequence[_Waiter]) -> None:
    try:
        await _serve_batch(batch)
    except Exception as error:
        for waiter in batch:
            if not waiter.answer.done():
                waiter.answer.set_exception(error)
    finally:
        for waiter in batch:
            waiter.answer.cancel()


async def _serve_batch(batch: Sequence[_Waiter]) -> None:
    """Each hour's first one, then twice as many of it as long as all of them got it."""
    by_hour: dict[tuple[object, ...], deque[_Waiter]] = {}
    for waiter in batch:
        by_hour.setdefault(waiter.asks, deque()).append(waiter)
    size = 1
    while by_hour:
        tried = {asks: [same.popleft() for _ in range(min(size, len(same)))] for asks, same in by_hour.items()}
        answers = await _try([waiter for some in tried.values() for waiter in some])
        for asks, some in tried.items():
            sold_out = [waiter for waiter in some if not _settled(waiter, answers)]
            if sold_out:
                await _look_again(deque([*sold_out, *by_hour[asks]]))
                by_hour[asks].clear()
        by_hour = {asks: same for asks, same in by_hour.items() if same}
        size *= 2


async def _try(waiters: Sequence[_Waiter]) -> dict[_Waiter, asyncpg.Record]:
    async with connection() as c:
        if len(waiters) == 1:
            return {waiters[0]: await c.fetchrow(FIRST_LOOK, *waiters[0].claim.values)}
        rows = await c.fetchmany(FIRST_LOOK, [waiter.claim.values for waiter in waiters])
    return dict(zip(waiters, rows, strict=True))


def _settled(waiter: _Waiter, answers: dict[_Waiter, asyncpg.Record]) -> bool:
    answer = answers[waiter]
    if answer["cells"] is not None and answer["desk"] is None:
        return False
    _answer(waiter, answer)
    return True


async def _look_again(same: deque[_Waiter]) -> None:
    """Before "sold out" is said: wait for those who may let go, one after the other, until one is told so."""
    while same:
        waiter = same.popleft()
        async with connection() as c:
            answer = await c.fetchrow(SECOND_LOOK, *waiter.claim.values)
        _answer(waiter, answer)
        if answer["desk"] is None:
            for other in same:
                _answer(other, answer)
            return


def _answer(waiter: _Waiter, answer: asyncpg.Record) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(answer)
