"""The versions of an emitter's look: what each was, who made it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis.branding.looks import Look, Typeface, plain
from parvis.db import connection
from parvis.errors import NotFound

_OF = "SELECT * FROM parvis.branding WHERE emitter = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A look as it was published (UTC) by an account, or by the platform (None)."""

    version: int
    at: datetime
    person: UUID | None
    look: Look


async def worn(emitter: UUID, name: str) -> tuple[int, Look]:
    """The version that counts and its look; 0 and the portal's plain look under `name` where there is none."""
    async with connection() as c:
        row = await c.fetchrow(f"{_OF} ORDER BY version DESC LIMIT 1", emitter)
    return (row["version"], _look(row)) if row else (0, plain(name))


async def versions(emitter: UUID, limit: int = 50, before: int | None = None) -> list[Version]:
    """The versions, the latest first, from the one under `before` on."""
    sql = f"{_OF} AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3"
    async with connection() as c:
        return [_version(row) for row in await c.fetch(sql, emitter, before, limit)]


async def since(emitter: UUID, version: int) -> list[Version]:
    """The versions after one, the oldest first."""
    async with connection() as c:
        return [_version(row) for row in await c.fetch(f"{_OF} AND version > $2 ORDER BY version", emitter, version)]


async def version(emitter: UUID, number: int) -> Version:
    """One version. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_OF} AND version = $2", emitter, number)
    if row is None:
        raise NotFound
    return _version(row)


def _version(row: asyncpg.Record) -> Version:
    return Version(version=row["version"], at=row["made_at"], person=row["person"], look=_look(row))


def _look(row: asyncpg.Record) -> Look:
    return Look(
        name=row["display_name"],
        colour=row["colour"],
        accent=row["accent"] or "",
        mail=row["mail"] or "",
        typeface=Typeface(row["typeface"]),
        logo=row["logo"] or "",
        icon=row["icon"] or "",
    )
