"""Piccolo's own check for missing migrations does not know several apps, nor plain SQL: so here is ours."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from piccolo.columns import Array, Column
from piccolo.conf.apps import AppConfig
from piccolo.table import Table

from parvis.db import connection
from parvis.db.migrations import installed_apps

APPS = installed_apps()
TABLES = [table for app in APPS for table in app.table_classes]
_SHORT = {
    "CHARACTER VARYING": "VARCHAR",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    "TIME WITHOUT TIME ZONE": "TIME",
    "BIT VARYING": "VARBIT",
    "SERIAL": "INTEGER",
    "BIGSERIAL": "BIGINT",
}


def migrations(app: AppConfig) -> list[str]:
    folder = app.resolved_migrations_folder_path
    return sorted(file.stem for file in Path(folder).glob("*.py") if file.stem != "__init__")


def plain(kind: str) -> str:
    """A column type in one spelling: `character varying(60)` and `VARCHAR(60)` are the same."""
    name, bracket, size = kind.upper().partition("(")
    many = "[]" if name.endswith("[]") or size.endswith("[]") else ""
    name, size = name.removesuffix("[]"), size.removesuffix("[]")
    return _SHORT.get(name, name) + bracket + size + many


def differences(table: type[Table], there: dict[str, asyncpg.Record]) -> Iterator[str]:
    name = f"{table._meta.schema or 'public'}.{table._meta.tablename}"
    declared = {column._meta.db_column_name: column for column in table._meta.columns}
    for missing in sorted(declared.keys() - there.keys()):
        yield f"{name}.{missing} is in {table.__name__} and not in the database: write a migration that adds it"
    for unknown in sorted(there.keys() - declared.keys()):
        yield f"{name}.{unknown} is in the database and not in {table.__name__}: declare it, or drop it"
    for column in sorted(declared.keys() & there.keys()):
        yield from _column(f"{name}.{column}", declared[column], there[column])


def _column(name: str, declared: Column, there: asyncpg.Record) -> Iterator[str]:
    if declared._meta.null == there["attnotnull"]:
        yield f"{name} is {'NOT NULL' if there['attnotnull'] else 'nullable'} in the database only"
    kind = declared.column_type
    if isinstance(declared, Array):
        kind = f"{declared.base_column.column_type}[]"
    if plain(kind) != plain(there["kind"]):
        yield f"{name} is {kind} in the code and {there['kind']} in the database"


async def columns(table: type[Table]) -> dict[str, asyncpg.Record]:
    sql = (
        "SELECT attname, attnotnull, format_type(atttypid, atttypmod) AS kind FROM pg_attribute "
        "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
    )
    name = f"{table._meta.schema or 'public'}.{table._meta.tablename}"
    async with connection() as c:
        return {row["attname"]: row for row in await c.fetch(sql, name)}


def test_no_two_apps_have_a_migration_of_one_name():
    counted = Counter(name for app in APPS for name in migrations(app))
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.app_name)
def test_a_migration_begins_with_its_apps_name_and_says_so(app):
    for name in migrations(app):
        assert name.startswith(f"{app.app_name}_"), f"rename {name} to {app.app_name}_…"


async def test_every_table_is_in_the_database_as_the_code_declares_it(database):
    told = [line for table in TABLES for line in differences(table, await columns(table))]
    assert TABLES
    assert not told, "\n".join(told)


async def test_every_table_of_the_database_is_declared(database):
    sql = (
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    async with connection() as c:
        there = {row["name"] for row in await c.fetch(sql)}
    declared = {f"{table._meta.schema or 'public'}.{table._meta.tablename}" for table in TABLES}
    assert there - declared - {"public.migration"} == set()


async def test_a_missing_migration_is_seen(database):
    [table] = [table for table in TABLES if table._meta.tablename == "place"]
    there = await columns(table)
    del there["phone"]
    assert [line for line in differences(table, there) if "parvis.place.phone" in line]
