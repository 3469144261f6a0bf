import asyncio
from pathlib import Path

import asyncpg
import pytest

from parvis import settings
from parvis.db.backup import backup, restore
from parvis.errors import ConfigurationError
from parvis.territory import actions

POINT = {"latitude": 47.75, "longitude": 7.33}


async def rows(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text, for comparing two databases."""
    connection = await asyncpg.connect(url)
    tables = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {
        table["name"]: sorted(row[0] for row in await connection.fetch(f"SELECT t::text FROM {table['name']} t"))
        for table in tables
    }
    await connection.close()
    return found


async def empty_database(cluster) -> str:
    admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)")
    await admin.execute("CREATE DATABASE restored")
    await admin.close()
    return cluster.url("parvis_owner", "restored")


@pytest.mark.xdist_group("restored")
async def test_what_is_restored_equals_what_was_backed_up(database, cluster, tmp_path: Path):
    await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    file = tmp_path / "all.backup"
    await asyncio.to_thread(backup, settings.current().database_owner_url, file)
    target = await empty_database(cluster)
    await asyncio.to_thread(restore, target, file)
    assert await rows(target) == await rows(settings.current().database_owner_url)
    with pytest.raises(ConfigurationError, match="not empty"):
        await asyncio.to_thread(restore, target, file)
    await asyncio.to_thread(restore, target, file, True)
    assert await rows(target) == await rows(settings.current().database_owner_url)


@pytest.mark.xdist_group("restored")
async def test_a_damaged_backup_changes_nothing(database, cluster, tmp_path: Path):
    await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    file = tmp_path / "all.backup"
    owner = settings.current().database_owner_url
    await asyncio.to_thread(backup, owner, file)
    before = await rows(owner)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    with pytest.raises(ConfigurationError):
        await asyncio.to_thread(restore, owner, file, True)
    assert await rows(owner) == before
