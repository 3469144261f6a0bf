import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.db import transaction
from parvis.jobs import Timer, timers
from parvis.jobs.queries import health

EVERY = timedelta(minutes=5)


class Counter:
    def __init__(self) -> None:
        self.runs = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self) -> None:
        self.runs += 1
        await self.go.wait()


async def test_a_timer_runs_at_once_and_then_every_so_often(database: str) -> None:
    count = Counter()
    timer = Timer("t.count", EVERY, count)
    assert await timers.run_due([timer]) == 1
    assert await timers.run_due([timer]) == 0
    clock.move(EVERY)
    assert await timers.run_due([timer]) == 1
    assert count.runs == 2


async def test_many_workers_run_it_once(database: str) -> None:
    count = Counter()
    timer = Timer("t.count", EVERY, count)
    assert sum(await asyncio.gather(*(timers.run_due([timer]) for _ in range(9)))) == 1
    assert count.runs == 1


async def test_a_run_that_lasts_is_not_overtaken_then_given_up(database: str) -> None:
    count = Counter()
    count.go.clear()
    timer = Timer("t.slow", EVERY, count)
    first = asyncio.create_task(timers.run_due([timer]))
    while not count.runs:
        await asyncio.sleep(0)
    clock.move(EVERY + timedelta(seconds=1))
    assert await timers.run_due([timer]) == 0
    count.go.set()
    await first
    assert await timers.run_due([timer]) == 1


async def test_a_worker_that_died_in_a_run_blocks_it_for_two_turns_only(database: str) -> None:
    count = Counter()
    timer = Timer("t.dies", EVERY, count)
    now = clock.now()
    async with transaction() as c:
        sql = "INSERT INTO parvis.timer_run (key, started, running_until) VALUES ($1, $2, $3)"
        await c.execute(sql, timer.key, now, now + timer.limit)
    clock.move(EVERY + timedelta(seconds=1))
    assert await timers.run_due([timer]) == 0
    clock.move(EVERY)
    assert await timers.run_due([timer]) == 1


async def test_one_that_fails_is_shown_and_starves_no_other(database: str) -> None:
    async def fails() -> None:
        raise LookupError("Jean Martin")

    count = Counter()
    assert await timers.run_due([Timer("a.fails", EVERY, fails), Timer("b.works", EVERY, count)]) == 2
    bad, good = (await health()).timers
    assert bad.error.startswith("LookupError at jobs/")
    assert (good.error, count.runs) == ("", 1)
    assert good.ended


async def test_a_stopped_worker_frees_its_timer(database: str) -> None:
    count = Counter()
    count.go.clear()
    timer = Timer("t.stopped", EVERY, count)
    run = asyncio.create_task(timers.run_due([timer]))
    while not count.runs:
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    count.go.set()
    clock.move(EVERY)
    assert await timers.run_due([timer]) == 1


async def test_the_outbox_has_a_timer_that_forgets(database: str) -> None:
    assert await timers.run_due(timers.timers()) == 1
    (ran,) = (await health()).timers
    assert (ran.key, ran.error) == ("outbox.forget", "")
