"""Pytest fixtures; a test suite says `pytest_plugins = ["parvis.testing.fixtures"]`.

One embedded cluster a run, one migrated template database, a fresh database for each test that asks for one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest
import pytest_asyncio

from parvis import clock, crypto, settings
from parvis.db import close_pool, open_pool
from parvis.db.cluster import Cluster, cluster_in
from parvis.db.migrations import installed_apps, migrate
from parvis.settings import Settings
from parvis.testing.applications import application
from parvis.web import limits

_OWNER = "parvis_owner"
_SERVING = "parvis_app"
_ENV = "PARVIS_TEST_CLUSTER"
_ROOM = 6 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder before xdist's workers start; they inherit it."""
    if not hasattr(config, "workerinput") and not os.environ.get(_ENV):
        folder = tempfile.mkdtemp(prefix="parvis-tests-", dir=_memory())
        Path(folder).chmod(0o755)
        os.environ[_ENV] = folder
        config.stash[_folder] = Path(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's cluster."""
    folder = config.stash.get(_folder, None)
    if folder is not None:
        os.environ.pop(_ENV, None)
        cluster = cluster_in(folder)
        cluster.stop()
        for left in (cluster.data, cluster.sockets, folder):
            shutil.rmtree(left, ignore_errors=True)


def _memory() -> Path | None:
    """A folder in memory, where there is enough: thousands of databases are made, which took a third of the time."""
    found = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    try:
        roomy = shutil.disk_usage(found).free > _ROOM and psutil.virtual_memory().available > _ROOM
    except OSError:
        return None
    return found if roomy and os.access(found, os.W_OK) else None


_folder = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, started by whoever asks first; it forgets on a power cut, for speed.

    No autovacuum either: while it looks at the template, whoever wants to copy that waits up to five seconds.
    """
    found = cluster_in(Path(os.environ[_ENV]))
    found.start(
        fsync="off",
        synchronous_commit="off",
        full_page_writes="off",
        autovacuum="off",
        max_wal_size="256MB",
        max_connections="300",
    )
    return found


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of the migrated database that tests copy."""
    name = "parvis_template"
    with (Path(os.environ[_ENV]) / "template.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        asyncio.run(_make_template(cluster, name))
    return name


@pytest_asyncio.fixture
async def database(cluster: Cluster, template: str, instance: Settings) -> AsyncIterator[str]:
    """A fresh migrated database with the pool open on it; gives the serving role's address."""
    async with copied(cluster, template, instance) as url:
        yield url


@asynccontextmanager
async def copied(cluster: Cluster, template: str, instance: Settings) -> AsyncIterator[str]:
    """A copy of a database that nobody is connected to, with the pool open on it, until it is left."""
    name = f"t_{uuid4().hex}"
    admin = await asyncpg.connect(cluster.url(_OWNER, "postgres"))
    # Its files are copied as they are: in memory that takes half as long as writing each page anew.
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    url = cluster.url(_SERVING, name)
    settings.use(replace(instance, database_url=url, database_owner_url=cluster.url(_OWNER, name)))
    await open_pool(url)
    try:
        yield url
    finally:
        await close_pool()
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Settings]:
    """The settings of a test's instance, with a data folder, keys and a clock of its own."""
    found = Settings(env="test", data=tmp_path)
    settings.use(found)
    crypto.use(crypto.load_keys(found))
    clock.follow(tmp_path / "clock")
    limits.forget()
    yield found
    clock.follow(None)


@pytest_asyncio.fixture
async def portal(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's client of the whole portal, with every installed plugin, on the test's database."""
    now = replace(settings.current(), database_url=database)
    transport = httpx.ASGITransport(application(now))  # type: ignore[arg-type]
    headers = {"accept": "text/html", "origin": now.base_url}
    async with httpx.AsyncClient(transport=transport, base_url=now.base_url, headers=headers) as client:
        yield client


async def _make_template(cluster: Cluster, name: str) -> None:
    admin = await asyncpg.connect(cluster.url(_OWNER, "postgres"))
    try:
        if await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            return
        draft = f"{name}_draft"
        await admin.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", _SERVING):
            await admin.execute(f"CREATE ROLE {_SERVING} LOGIN")
        await admin.execute(f'CREATE DATABASE "{draft}"')
        await migrate(cluster.url(_OWNER, draft), installed_apps(), serving_role=_SERVING)
        await admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    finally:
        await admin.close()
