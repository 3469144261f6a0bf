"""The real worker process, killed again and again while deliveries flow, and without its database for a while."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from parvis import outbox, settings
from parvis.contract.values import Reaction
from parvis.db import connection, transaction
from parvis.db.cluster import Cluster
from parvis.events import DossierOpened
from parvis.outbox import subscriptions
from parvis.outbox.subscriptions import Subscriptions
from parvis.testing.redis import redis_server

pytestmark = pytest.mark.fault

# Each handling is written down by a transaction of its own, so that what ran is known whoever was killed.
WORKER = """
    import asyncio, os
    from datetime import timedelta
    from parvis import crypto, settings
    from parvis.contract.values import Reaction
    from parvis.db import transaction
    from parvis.events import DossierOpened
    from parvis.jobs import worker
    from parvis.outbox import subscriptions

    async def handle(event):
        async with transaction() as c:
            await c.execute("INSERT INTO handled (dossier) VALUES ($1)", event.dossier)
        await asyncio.sleep(0.02)

    settings.use(settings.Settings.from_env(os.environ))
    subscriptions.use(subscriptions.Subscriptions((Reaction(key="t.handle", event=DossierOpened, handle=handle),)))
    worker.run(settings.current(), (), timedelta(seconds=2))
"""


async def _nothing(_: DossierOpened) -> None:
    return None


@pytest.fixture(autouse=True)
def subscribed() -> Iterator[None]:
    before = subscriptions.current()
    subscriptions.use(Subscriptions((Reaction(key="t.handle", event=DossierOpened, handle=_nothing),)))
    yield
    subscriptions.use(before)


@pytest.fixture(params=["", "redis"], ids=["in process", "redis"])
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if not request.param:
        yield ""
        return
    with redis_server() as server:
        yield server.url


@pytest.fixture
async def handled(database: str) -> None:
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute("CREATE TABLE handled (dossier uuid NOT NULL); GRANT SELECT, INSERT ON handled TO PUBLIC")
    await owner.close()


@asynccontextmanager
async def gone(cluster: Cluster, name: str) -> AsyncIterator[None]:
    """Every session of a database is ended and none let in, as when PostgreSQL restarts."""
    owner = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    await owner.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    try:
        yield
    finally:
        await owner.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
        await owner.close()


def start(tmp_path: Path, broker_url: str = "") -> subprocess.Popen[bytes]:
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    now = settings.current()
    environ = {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(tmp_path),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_BROKER_URL": broker_url,
    }
    with (tmp_path / "worker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, str(script)], env={**os.environ, **environ}, stderr=log)


@asynccontextmanager
async def running(tmp_path: Path, broker_url: str = "") -> AsyncIterator[subprocess.Popen[bytes]]:
    process = start(tmp_path, broker_url)
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def recorded(n: int) -> set[UUID]:
    dossiers = {uuid4() for _ in range(n)}
    async with transaction():
        for dossier in dossiers:
            await outbox.record(DossierOpened(dossier=dossier, service="idcard"))
    return dossiers


async def count(sql: str) -> int:
    async with connection() as c:
        return int(await c.fetchval(sql))


async def until(sql: str, at_least: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await count(sql) < at_least:
            await asyncio.sleep(0.05)


HANDLED = "SELECT count(DISTINCT dossier) FROM handled"
DONE = "SELECT count(*) FROM parvis.delivery WHERE state = 'done'"


async def test_a_worker_killed_again_and_again_loses_nothing(handled: None, tmp_path: Path, broker_url: str) -> None:
    dossiers = await recorded(400)
    for killed in range(1, 6):
        async with running(tmp_path, broker_url) as process:
            await until(HANDLED, min(killed * 60, 400), 30)
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait)
        dossiers |= await recorded(10)
    async with running(tmp_path, broker_url):
        await until(DONE, len(dossiers), 60)
    async with connection() as c:
        assert {row["dossier"] for row in await c.fetch("SELECT dossier FROM handled")} == dossiers
    # Only what ran when its worker was killed ran twice: eight threads, five kills.
    assert await count("SELECT count(*) FROM handled") <= len(dossiers) + 8 * 5
    assert await count("SELECT max(attempts) FROM parvis.delivery") <= 6


async def test_a_worker_told_to_stop_ends_within_ten_seconds(handled: None, tmp_path: Path, broker_url: str) -> None:
    dossiers = await recorded(300)
    async with running(tmp_path, broker_url) as process:
        await until(HANDLED, 30, 30)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 10) == 0
    assert await count("SELECT count(*) FROM parvis.delivery WHERE state = 'due' AND lease IS NOT NULL") == 0
    assert await count("SELECT count(*) FROM handled") == await count(DONE) < len(dossiers)


async def test_a_database_that_is_gone_for_a_while_loses_nothing(
    handled: None, tmp_path: Path, cluster: Cluster
) -> None:
    dossiers = await recorded(300)
    async with connection() as c:
        name = await c.fetchval("SELECT current_database()")
    async with running(tmp_path):
        await until(HANDLED, 30, 30)
        async with gone(cluster, name):
            await asyncio.sleep(4)
        await until(DONE, len(dossiers), 60)
    async with connection() as c:
        assert {row["dossier"] for row in await c.fetch("SELECT dossier FROM handled")} == dossiers
