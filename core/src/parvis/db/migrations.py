"""Every app's migrations, in one transaction under an advisory lock, and the rights of the serving role.

An app is a package with a `piccolo_app` module; the core's domains and each plugin are one.
"""

from __future__ import annotations

import contextlib
import io
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig

from parvis.db.pool import joined, transaction
from parvis.errors import ConfigurationError

_LOCK = 0x7061727669  # "parvi"
_IDLE = "60s"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Migrations this code has and the database lacks, and the other way round."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def installed_apps() -> list[AppConfig]:
    """Every Piccolo app: the core's domains, and the installed plugins."""
    plugins = (app_of(point.module.partition(".")[0]) for point in entry_points(group="parvis"))
    return [*apps_under("parvis"), *(app for app in plugins if app)]


def apps_under(package: str) -> list[AppConfig]:
    """The Piccolo apps among a package's direct subpackages, and the package's own."""
    path = import_module(package).__path__
    names = [package, *(f"{package}.{found.name}" for found in pkgutil.iter_modules(path) if found.ispkg)]
    return [found for name in names if (found := app_of(name))]


def app_of(package: str) -> AppConfig | None:
    """The Piccolo app of one package, if it has one."""
    if find_spec(f"{package}.piccolo_app") is None:
        return None
    config: AppConfig = import_module(f"{package}.piccolo_app").APP_CONFIG
    return config


def statements(app: str, migration_id: str, sql: str) -> MigrationManager:
    """A migration of plain SQL, one or more statements, for what Piccolo's columns cannot say."""
    manager = MigrationManager(migration_id=migration_id, app_name=app, description="")

    async def run() -> None:
        async with transaction() as connection:
            await connection.execute(sql)

    manager.add_raw(run)
    return manager


async def migrate(owner_url: str, apps: Sequence[AppConfig], serving_role: str | None = None) -> list[str]:
    """Bring the database up to date and return what ran. Two at once wait for one another.

    `serving_role` gets every right on rows, but on tables whose comment begins with `append-only` only to
    read and add, and with `append-only by a function` only to read. Raises ConfigurationError on a database of a
    newer version.
    """
    try:
        connection = await asyncpg.connect(owner_url)
    except (OSError, asyncpg.PostgresError) as error:
        raise ConfigurationError(f"The database does not answer: {error}") from error
    try:
        async with connection.transaction(), joined(connection):
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            with contextlib.redirect_stdout(io.StringIO()):
                await ForwardsMigrationManager("parvis").create_migration_table()
                state = await _state(apps)
                if state.unknown:
                    raise ConfigurationError(_newer(state.unknown))
                for app in _sorted(apps):
                    await ForwardsMigrationManager(app.app_name).run_migrations(app)
            if serving_role:
                await _grant(connection, serving_role, apps)
    finally:
        await connection.close()
    return list(state.missing)


async def schema_state(apps: Sequence[AppConfig]) -> SchemaState:
    """How the database the pool is open on compares with this code."""
    if not await Migration.table_exists():
        return SchemaState(tuple(_known(apps)), ())
    return await _state(apps)


async def require_current_schema(apps: Sequence[AppConfig]) -> None:
    """Refuse to serve an older or newer database. Raises ConfigurationError."""
    state = await schema_state(apps)
    if state.unknown:
        raise ConfigurationError(_newer(state.unknown))
    if state.missing:
        raise ConfigurationError(f"The database lacks {len(state.missing)} migrations: run `parvis migrate`.")


def role_of(url: str) -> str:
    """The role a database address signs in as."""
    return unquote(urlsplit(url).username or "")


async def _state(apps: Sequence[AppConfig]) -> SchemaState:
    # A plugin that was removed or refused keeps its tables; only the apps at hand can be too old.
    names = [app.app_name for app in apps]
    ran = set(await Migration.select(Migration.name).where(Migration.app_name.is_in(names)).output(as_list=True))
    known = _known(apps)
    return SchemaState(tuple(sorted(known - ran)), tuple(sorted(ran - known)))


def _known(apps: Iterable[AppConfig]) -> set[str]:
    known: set[str] = set()
    for app in apps:
        manager = ForwardsMigrationManager(app.app_name)
        ids = set(manager.get_migration_modules(app.resolved_migrations_folder_path))
        if twice := known & ids:
            raise ConfigurationError(f"{app.app_name}: another app has a migration named {min(twice)} too.")
        known |= ids
    return known


def _sorted(apps: Sequence[AppConfig]) -> list[AppConfig]:
    by_name = {app.app_name: app for app in apps}
    needs = {
        app.app_name: {import_module(name).APP_CONFIG.app_name for name in app.migration_dependencies} for app in apps
    }
    return [by_name[name] for name in TopologicalSorter(needs).static_order() if name in by_name]


def _newer(unknown: Sequence[str]) -> str:
    return (
        f"The database is of a newer version ({unknown[-1]} is not known here): "
        "install that version, or restore an older back-up."
    )


async def _grant(connection: asyncpg.Connection, role: str, apps: Sequence[AppConfig]) -> None:
    schemas = {table._meta.schema or "public" for app in apps for table in app.table_classes} | {"public"}
    name = '"' + role.replace('"', '""') + '"'
    for schema in sorted(schemas):
        await connection.execute(
            f'GRANT USAGE ON SCHEMA "{schema}" TO {name};'
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO {name};'
            f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO {name};'
        )
    for table in await connection.fetch(
        "SELECT oid::regclass::text AS name, obj_description(oid, 'pg_class') LIKE '% by a function%' AS by_function "
        "FROM pg_class WHERE relkind = 'r' AND obj_description(oid, 'pg_class') LIKE 'append-only%'"
    ):
        adding = "INSERT, " if table["by_function"] else ""
        # nosemgrep: sql-from-values - names of our own tables and role, which cannot be parameters
        await connection.execute(f"REVOKE {adding}UPDATE, DELETE, TRUNCATE ON {table['name']} FROM {name}")
    # An open transaction holds the change feed back, so none may idle for long.
    # nosemgrep: sql-from-values - a role's name cannot be a parameter
    await connection.execute(f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = '{_IDLE}'")
