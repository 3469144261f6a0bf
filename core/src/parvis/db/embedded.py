"""The database of an instance: the operator's, or the embedded one, started and stopped around a command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import asyncpg
from piccolo.conf.apps import AppConfig

from parvis.db.cluster import cluster_in
from parvis.db.migrations import migrate, role_of
from parvis.settings import Settings

_OWNER, _SERVING, _DATABASE = "parvis_owner", "parvis_app", "parvis"


@contextmanager
def provided(settings: Settings, environ: dict[str, str] | None = None) -> Iterator[Settings]:
    """Settings with a database that answers. `environ` is told its addresses, for child processes.

    With no `PARVIS_DATABASE_URL` the embedded PostgreSQL is started if it does not run, and stopped again by
    whoever started it. Raises ConfigurationError.
    """
    if settings.database_url:
        owner = settings.database_owner_url or settings.database_url
        yield replace(settings, database_owner_url=owner)
        return
    cluster = cluster_in(settings.data)
    started = cluster.start()
    try:
        asyncio.run(_ensure_database(cluster.url(_OWNER, "postgres")))
        urls = {"database_url": cluster.url(_SERVING), "database_owner_url": cluster.url(_OWNER)}
        if environ is not None:
            environ.update({f"PARVIS_{name.upper()}": url for name, url in urls.items()})
        yield replace(settings, **urls)  # type: ignore[arg-type]
    finally:
        if started:
            cluster.stop()


def bring_up_to_date(settings: Settings, apps: Sequence[AppConfig]) -> list[str]:
    """Migrate as the owner, and give the serving role its rights; the migrations that ran."""
    serving = role_of(settings.database_url)
    same = serving == role_of(settings.database_owner_url)
    return asyncio.run(migrate(settings.database_owner_url, apps, None if same else serving))


async def _ensure_database(admin_url: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", _SERVING):
            await admin.execute(f"CREATE ROLE {_SERVING} LOGIN")
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", _DATABASE):
            await admin.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await admin.close()
