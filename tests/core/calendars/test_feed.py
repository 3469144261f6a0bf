"""The change feed loses nothing, whatever the writers do and wherever a page is cut."""

import asyncio
import random
from datetime import date, timedelta

import asyncpg
import pytest
from tests.seeds import seeds

from parvis import settings
from parvis.calendars import feed
from parvis.db import backup, close_pool, connection, open_pool, transaction
from parvis.testing.calendars import numbered

FIRST = date(2027, 1, 1)


@pytest.fixture
async def crowd(database: str):
    await close_pool()
    await open_pool(database, size=20)
    # The first one begins the epoch.
    await feed.advance()
    return database


async def write(rng: random.Random, numbers: list[int], written: set[int]) -> None:
    """Transactions of several rows, some slow, some rolled back."""
    while numbers:
        mine = [numbers.pop() for _ in range(min(rng.randrange(1, 9), len(numbers)))]
        gives_up = rng.random() < 0.15
        try:
            async with transaction() as c:
                for number in mine:
                    await c.execute(
                        "INSERT INTO parvis.slot_change_waiting (desk, day) VALUES (gen_random_uuid(), $1)",
                        FIRST + timedelta(days=number),
                    )
                    await c.execute("SELECT pg_sleep($1)", rng.random() * 0.004)
                if gives_up:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
        written |= set(mine)


async def read(limit: int, seen: list[int], writers_done: asyncio.Event) -> None:
    """Pages by number, with a page size that cuts transactions in two."""
    after = 0
    while True:
        ended = writers_done.is_set() and not await waiting()
        await feed.advance()
        page = await feed.changes(after, limit)
        for change in page:
            assert change.number == after + 1
            seen.append((change.day - FIRST).days)
            after = change.number
        if ended and not page:
            return


async def waiting() -> int:
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.slot_change_waiting")


@pytest.mark.parametrize("seed", seeds())
async def test_readers_see_every_row_once(crowd, seed: int):
    rng = random.Random(seed)
    numbers, written, done = list(range(1200)), set(), asyncio.Event()
    seen: list[list[int]] = [[], []]

    async def writers() -> None:
        await asyncio.gather(*(write(random.Random(rng.random()), numbers, written) for _ in range(16)))
        done.set()

    await asyncio.gather(writers(), read(3, seen[0], done), read(50, seen[1], done))
    assert len(written) > 900
    for reader in seen:
        assert sorted(reader) == sorted(written)


async def test_a_row_waits_for_an_older_transaction(crowd):
    older = await asyncpg.connect(crowd)
    running = older.transaction()
    await running.start()
    await older.execute("SELECT pg_current_xact_id()")
    async with connection() as c:
        await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES (gen_random_uuid())")
    await feed.advance()
    assert await feed.changes(0) == []
    await running.rollback()
    await numbered()
    assert len(await feed.changes(0)) == 1
    await older.close()


async def test_a_new_epoch_begins_with_nothing(crowd):
    before = await feed.head()
    async with connection() as c:
        await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES (gen_random_uuid())")
    await feed.begin_anew()
    await feed.advance()
    head = await feed.head()
    assert head.epoch != before.epoch
    assert head.last == 0


async def test_a_restore_begins_a_new_epoch(crowd, tmp_path):
    before, owner = await feed.head(), settings.current().database_owner_url
    file = tmp_path / "saved"
    await asyncio.to_thread(backup.backup, owner, file)
    await asyncio.to_thread(backup.restore, owner, file, replace=True)
    admin = await asyncpg.connect(owner)
    await admin.execute(
        "GRANT USAGE ON SCHEMA parvis TO parvis_app; GRANT ALL ON ALL TABLES IN SCHEMA parvis TO parvis_app"
    )
    await admin.close()
    await feed.advance()
    assert (await feed.head()).epoch != before.epoch


async def test_another_clusters_rows_begin_a_new_epoch(crowd):
    before = await feed.head()
    async with connection() as c:
        # As after a restore: rows of transactions that this cluster has yet to reach.
        await c.execute("UPDATE parvis.slot_feed SET origin = 'elsewhere'")
        await c.execute(
            "INSERT INTO parvis.slot_change_waiting (xid, calendar) VALUES ('999999999999', gen_random_uuid())"
        )
    await feed.advance()
    assert (await feed.head()).epoch != before.epoch
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.slot_change_waiting") == 0
