"""The worker: hears of due deliveries, leases them, and has dramatiq's threads run them on one event loop.

Everything asynchronous (pool, reactions, timers) lives in the loop that `work` runs in; dramatiq's threads only
hand coroutines to it. The stock asyncio middleware makes a second loop, which an asyncpg pool does not survive.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import dramatiq
import redis
import structlog
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.logging import get_logger

from parvis.db import OUTAGE, close_pool, new_id, open_pool
from parvis.db.listening import hear
from parvis.errors import Unavailable
from parvis.jobs.brokers import QUEUE, open_broker
from parvis.jobs.deliveries import deliver
from parvis.jobs.timers import Timer, run_due
from parvis.outbox import leases, subscriptions
from parvis.outbox.actions import CHANNEL
from parvis.outbox.leases import Leased
from parvis.outbox.rules import LEASE, trace
from parvis.settings import Settings

log = structlog.get_logger()
_THREADS = 8
_AHEAD = 64
_POLL_SECONDS = 1.0
_IDLE_MILLISECONDS = 200
_GRACE_SECONDS = 4.0
_STOP_SECONDS = 8.0


@dataclass(slots=True)
class Worker:
    """One worker process's state; nothing in it is missed when it dies.

    Set `stopping` to end it; `heard` is set once it is told of commits.
    """

    settings: Settings
    timers: Sequence[Timer] = ()
    lasting: timedelta = LEASE
    id: UUID = field(default_factory=new_id)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _waiting: int = 0

    async def work(self) -> None:
        """Work until `stopping` is set, then stop within ten seconds, giving back what was not finished."""
        broker = open_broker(self.settings.broker_url, self.settings.territory)
        declare = dramatiq.actor(actor_name="parvis.deliver", queue_name=QUEUE, broker=broker)
        actor = declare(self._deliver)
        set_event_loop_thread(_this_loop())
        threads = dramatiq.Worker(broker, worker_threads=_THREADS, worker_timeout=_IDLE_MILLISECONDS)
        threads.start()
        log.info("worker.started", worker=str(self.id))
        loops = [asyncio.create_task(one) for one in (self._lease(actor), self._listen(), self._time())]
        try:
            await self.stopping.wait()
        finally:
            await self._stop(threads, loops)
            set_event_loop_thread(None)
            broker.close()
            log.info("worker.stopped", worker=str(self.id))

    async def _deliver(self, delivery: str, lease: str) -> None:
        task = asyncio.create_task(deliver(Leased(UUID(delivery), UUID(lease)), self.lasting))
        self._running.add(task)
        try:
            with suppress(asyncio.CancelledError):
                await task
        finally:
            self._running.discard(task)
            self._waiting -= 1
            if self._waiting == _AHEAD // 2:
                self._wake.set()

    async def _lease(self, actor: dramatiq.Actor[[str, str], None]) -> None:
        while not self.stopping.is_set():
            await _guarded(lambda: self._lease_once(actor))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)
            self._wake.clear()

    async def _lease_once(self, actor: dramatiq.Actor[[str, str], None]) -> None:
        self._waiting = await leases.outstanding(self.id)
        room = _AHEAD - self._waiting
        if room <= 0:
            return
        known = list(subscriptions.current().by_key)
        leased = await leases.lease(self.id, known, room, self.lasting)
        self._waiting += len(leased)
        try:
            await asyncio.to_thread(_enqueue, actor, leased)
        except (redis.RedisError, dramatiq.errors.BrokerError) as error:
            log.warning("worker.broker-gone", error=trace(error))
            await leases.release(self.id)
            await asyncio.sleep(_POLL_SECONDS)

    async def _time(self) -> None:
        while not self.stopping.is_set():
            await _guarded(lambda: run_due(self.timers))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), _POLL_SECONDS)

    async def _listen(self) -> None:
        """Polling alone is enough; being told makes it prompt. The address goes past a pooler."""
        while not self.stopping.is_set():
            await _guarded(self._listen_once)
            await asyncio.sleep(_POLL_SECONDS)

    async def _listen_once(self) -> None:
        url = self.settings.listen_url or self.settings.database_url
        await hear(url, CHANNEL, lambda _: self._wake.set(), self._listening)

    def _listening(self) -> None:
        self.heard.set()
        self._wake.set()

    async def _stop(self, threads: dramatiq.Worker, loops: list[asyncio.Task[None]]) -> None:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await _guarded(lambda: leases.release(self.id))
        stopped = asyncio.Event()
        words = (threads, asyncio.get_running_loop(), stopped)
        # Not the loop's own threads: those are waited for without end when the loop closes.
        threading.Thread(target=_stop_threads, args=words, daemon=True).start()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _STOP_SECONDS - _GRACE_SECONDS)


def run(settings: Settings, timers: Sequence[Timer], lasting: timedelta = LEASE) -> None:
    """Be the worker process: until SIGTERM or SIGINT, with a pool of its own, waiting for a database to answer."""
    asyncio.run(_run(settings, timers, lasting))


async def _run(settings: Settings, timers: Sequence[Timer], lasting: timedelta) -> None:
    worker = Worker(settings, timers, lasting)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stopping.set)
    if not await _opened(worker):
        return
    try:
        await worker.work()
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(close_pool(), 1)


async def _opened(worker: Worker) -> bool:
    while not worker.stopping.is_set():
        try:
            await open_pool(worker.settings.database_url, worker.settings.pool_size)
            return True
        except Unavailable:
            log.warning("worker.database-gone")
            with suppress(TimeoutError):
                await asyncio.wait_for(worker.stopping.wait(), _POLL_SECONDS)
    return False


async def _guarded(step: Callable[[], Awaitable[object]]) -> None:
    """Outlive what a step raises: the worker goes on, and the next turn tries again."""
    try:
        await step()
    except OUTAGE as error:
        log.warning("worker.database-gone", error=trace(error))
    except Exception as error:
        log.error("worker.failed", error=trace(error))


def _enqueue(actor: dramatiq.Actor[[str, str], None], leased: Sequence[Leased]) -> None:
    for one in leased:
        actor.send(str(one.delivery), str(one.lease))


def _stop_threads(threads: dramatiq.Worker, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    # A broker that is gone cannot take its messages back; their leases were released.
    with suppress(redis.RedisError, dramatiq.errors.BrokerError):
        threads.stop(timeout=int(_GRACE_SECONDS * 1000))
    # The loop may be gone when a broker kept this thread waiting.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopped.set)


def _this_loop() -> EventLoopThread:
    """The running loop in the shape dramatiq's threads look for; it is never started as a thread."""
    shape = EventLoopThread(get_logger(__name__, EventLoopThread))
    shape.loop.close()
    shape.loop = asyncio.get_running_loop()
    return shape
