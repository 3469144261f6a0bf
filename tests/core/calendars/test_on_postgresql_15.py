"""The engine on the oldest PostgreSQL we promise, Debian's."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from tests.core.calendars.test_clock_changes import (  # noqa: F401 — run here too
    test_every_hour_found_around_a_change_is_taken_where_it_was_found,
)
from tests.core.calendars.test_contention import (  # noqa: F401
    crowd,
    test_control_without_the_lock_the_constraint_fires,
    test_crossing_moves_do_not_deadlock,
    test_five_hundred_claims_on_a_hundred_places_sell_a_hundred,
    test_moves_and_cancellations_in_the_mix,
)
from tests.core.calendars.test_search import test_the_index_follows_what_happens  # noqa: F401

from parvis import settings
from parvis.db import close_pool, open_pool
from parvis.db.cluster import Cluster, cluster_in
from parvis.db.migrations import installed_apps, migrate
from parvis.settings import Settings

pytestmark = pytest.mark.usefixtures("database")
_BINARIES = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL 15 of this module's own."""
    folder = tmp_path_factory.mktemp("postgresql-15")
    found = replace(cluster_in(folder), binaries=_BINARIES)
    found.start(fsync="off", synchronous_commit="off", full_page_writes="off")
    yield found
    found.stop()


@pytest_asyncio.fixture
async def database(cluster: Cluster, instance: Settings) -> AsyncIterator[str]:
    """A fresh migrated database on it."""
    name = f"t_{uuid4().hex}"
    admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = 'parvis_app'"):
        await admin.execute("CREATE ROLE parvis_app LOGIN")
    await admin.execute(f'CREATE DATABASE "{name}"')
    owner, url = cluster.url("parvis_owner", name), cluster.url("parvis_app", name)
    await migrate(owner, installed_apps(), serving_role="parvis_app")
    settings.use(replace(instance, database_url=url, database_owner_url=owner))
    await open_pool(url)
    try:
        yield url
    finally:
        await close_pool()
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


async def test_it_is_postgresql_15(database: str):
    connection = await asyncpg.connect(database)
    assert (await connection.fetchval("SHOW server_version")).startswith("15.")
    await connection.close()
