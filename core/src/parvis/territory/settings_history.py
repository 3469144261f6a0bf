"""The history of an emitter's settings of a plugin: every change with who, when, and all settings before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from parvis.db import connection
from parvis.errors import NotFound
from parvis.plugins.emitter_settings import decode

S = TypeVar("S", bound=msgspec.Struct)
_OF = "FROM parvis.settings_change WHERE plugin = $1 AND emitter = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Generic[S]):
    """A change (UTC), by an account: `version` is the one it led to, `undoes` that of the change it takes back."""

    version: int
    at: datetime
    person: UUID | None
    undoes: int | None
    before: S
    after: S


async def latest_version(plugin: str, emitter: UUID) -> int:
    """How often the settings were changed; 0 while they are what they were when the plugin was enabled."""
    async with connection() as c:
        return int(await c.fetchval(f"SELECT coalesce(max(version), 0) {_OF}", plugin, emitter))


async def changes(
    plugin: str, emitter: UUID, kind: type[S], limit: int = 50, before: int | None = None
) -> list[SettingsChanged[S]]:
    """The changes, the latest first, from the one under version `before` on."""
    sql = f"SELECT * {_OF} AND ($3::int IS NULL OR version < $3) ORDER BY version DESC LIMIT $4"
    async with connection() as c:
        return [_change(row, kind) for row in await c.fetch(sql, plugin, emitter, before, limit)]


async def since(plugin: str, emitter: UUID, kind: type[S], version: int) -> list[SettingsChanged[S]]:
    """The changes after a version, the oldest first."""
    sql = f"SELECT * {_OF} AND version > $3 ORDER BY version"
    async with connection() as c:
        return [_change(row, kind) for row in await c.fetch(sql, plugin, emitter, version)]


async def change(plugin: str, emitter: UUID, kind: type[S], version: int) -> SettingsChanged[S]:
    """The change that led to a version. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"SELECT * {_OF} AND version = $3", plugin, emitter, version)
    if row is None:
        raise NotFound
    return _change(row, kind)


def _change(row: asyncpg.Record, kind: type[S]) -> SettingsChanged[S]:
    plain = {name: row[name] for name in ("version", "at", "person", "undoes")}
    before = decode(kind, row["before"], row["before_version"])
    return SettingsChanged(**plain, before=before, after=decode(kind, row["after"], row["after_version"]))
