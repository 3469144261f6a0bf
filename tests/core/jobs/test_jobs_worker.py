"""The worker on both of its brokers, in the test's own loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from parvis import clock, outbox, settings
from parvis.contract.values import Reaction
from parvis.db import connection, transaction
from parvis.errors import ConfigurationError
from parvis.events import DossierOpened
from parvis.jobs import Timer
from parvis.jobs.brokers import open_broker
from parvis.jobs.worker import Worker
from parvis.outbox import subscriptions
from parvis.outbox.subscriptions import Subscriptions
from parvis.testing.redis import RedisServer, redis_server

SOON = timedelta(seconds=2)
Handle = Callable[[DossierOpened], Awaitable[None]]


@pytest.fixture(params=["in process", "redis"])
def broker(request: pytest.FixtureRequest) -> Iterator[RedisServer | None]:
    if request.param == "redis":
        with redis_server() as server:
            yield server
    else:
        yield None


@pytest.fixture(autouse=True)
def no_reactions() -> Iterator[None]:
    before = subscriptions.current()
    yield
    subscriptions.use(before)


def react(handle: Handle) -> None:
    subscriptions.use(Subscriptions((Reaction(key="test.react", event=DossierOpened, handle=handle),)))


@asynccontextmanager
async def at_work(broker: RedisServer | None, **options: object) -> AsyncIterator[Worker]:
    mine = replace(settings.current(), broker_url=broker.url if broker else "")
    worker = Worker(mine, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(worker.work())
    try:
        yield worker
    finally:
        worker.stopping.set()
        await task


async def recorded(n: int = 1) -> set[UUID]:
    dossiers = {uuid4() for _ in range(n)}
    async with transaction():
        for dossier in dossiers:
            await outbox.record(DossierOpened(dossier=dossier, service="idcard"))
    return dossiers


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


async def settled(state: str, n: int) -> bool:
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.delivery WHERE state = $1", state) == n


async def test_every_fact_reaches_its_reaction(database: str, broker: RedisServer | None) -> None:
    seen: list[UUID] = []

    async def handle(event: DossierOpened) -> None:
        async with connection() as c:
            await c.fetchval("SELECT 1")
        seen.append(event.dossier)

    react(handle)
    dossiers = await recorded(100)
    async with at_work(broker):
        await until(lambda: settled("done", 100))
    assert sorted(seen) == sorted(dossiers)


async def test_a_commit_is_heard_at_once(database: str) -> None:
    done = asyncio.Event()

    async def handle(event: DossierOpened) -> None:
        done.set()

    react(handle)
    async with at_work(None) as worker:
        await asyncio.wait_for(worker.heard.wait(), 5)
        # A poll comes once a second; twenty commits in a row cannot all be lucky.
        began = time.monotonic()
        for _ in range(20):
            done.clear()
            await recorded()
            await asyncio.wait_for(done.wait(), 5)
        assert time.monotonic() - began < 8


async def test_one_that_fails_starves_no_other(database: str, broker: RedisServer | None) -> None:
    async def handle(event: DossierOpened) -> None:
        raise LookupError

    async def fine(event: DossierOpened) -> None:
        return None

    subscriptions.use(
        Subscriptions(
            (
                Reaction(key="a.bad", event=DossierOpened, handle=handle),
                Reaction(key="b.good", event=DossierOpened, handle=fine),
            )
        )
    )
    await recorded(5)
    async with at_work(broker):
        await until(lambda: settled("done", 5))
    async with connection() as c:
        rows = await c.fetch("SELECT attempts, error FROM parvis.delivery WHERE reaction = 'a.bad'")
    assert all(row["attempts"] >= 1 for row in rows)
    assert {row["error"].split(":")[0] for row in rows} == {"LookupError at jobs/test_jobs_worker.py"}


async def test_later_is_no_failure(database: str) -> None:
    async def handle(event: DossierOpened) -> None:
        raise outbox.Later(clock.now() + timedelta(hours=1))

    react(handle)
    await recorded()
    async with at_work(None):

        async def put_off() -> bool:
            async with connection() as c:
                due = await c.fetchval("SELECT due FROM parvis.delivery WHERE attempts = 0 AND lease IS NULL")
            return due is not None and due > clock.now() + timedelta(minutes=50)

        await until(put_off)


async def test_stopping_gives_back_what_hangs(database: str, broker: RedisServer | None) -> None:
    hanging = asyncio.Event()

    async def handle(event: DossierOpened) -> None:
        hanging.set()
        await asyncio.Event().wait()

    react(handle)
    await recorded(30)
    began = 0.0
    async with at_work(broker):
        await asyncio.wait_for(hanging.wait(), 10)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    async with connection() as c:
        free = (
            "SELECT count(*) FROM parvis.delivery WHERE state = 'due' AND due <= $1 AND lease IS NULL AND attempts = 0"
        )
        assert await c.fetchval(free, clock.now()) == 30


async def test_a_redis_that_loses_everything_loses_nothing(database: str) -> None:
    seen: set[UUID] = set()

    async def handle(event: DossierOpened) -> None:
        await asyncio.sleep(0.01)
        seen.add(event.dossier)

    react(handle)
    dossiers = await recorded(200)
    with redis_server() as server:
        async with at_work(server, lasting=SOON):
            for _ in range(3):
                await until(lambda: _more_than(seen, len(seen)))
                server.lose()
                await asyncio.to_thread(server.start)
            server.client.flushall()
            await until(lambda: settled("done", 200), 40)
    assert seen == dossiers
    async with connection() as c:
        assert await c.fetchval("SELECT max(attempts) FROM parvis.delivery") <= 2


async def _more_than(seen: set[UUID], n: int) -> bool:
    return len(seen) >= min(n + 1, 200)


async def test_timers_run_in_the_worker(database: str) -> None:
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    async with at_work(None, timers=[Timer("t.once", timedelta(hours=1), run)]):
        await asyncio.wait_for(ran.wait(), 5)


def test_a_broker_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="PARVIS_BROKER_URL"):
        open_broker("kafka://somewhere", "m2a")
