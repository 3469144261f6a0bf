"""Whose dossiers are, when two accounts become one and two again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from parvis.db import connection, transaction

# Who opened it for themselves or took it over made it theirs, with the sign-on they came with.
_MADE = (
    "SELECT dossier FROM parvis.timeline WHERE actor = $3 AND at >= $4 AND by = 'resident' "
    "AND event IN ('dossier.opened', 'dossier.taken-over')"
)


async def move(kept: UUID, merged: UUID) -> list[str]:
    """Give the dossiers of an account to another; their numbers."""
    async with transaction() as c:
        rows = await c.fetch("UPDATE parvis.dossier SET person = $1 WHERE person = $2 RETURNING id", kept, merged)
    return [str(row["id"]) for row in rows]


async def move_back(kept: UUID, moved: Sequence[str], merged: UUID, since: datetime) -> None:
    """Give back what had been moved and is not erased, and what the merged sign-on made its own since (UTC)."""
    sql = "UPDATE parvis.dossier SET person = $3 WHERE person = $1"
    async with transaction() as c:
        await c.execute(f"{sql} AND (id = ANY($2::uuid[]) OR id IN ({_MADE}))", kept, list(moved), merged, since)


async def counts(account: UUID) -> dict[str, int]:
    """How many dossiers an account has, by state."""
    sql = "SELECT state, count(*) AS n FROM parvis.dossier WHERE person = $1 GROUP BY state"
    async with connection() as c:
        return {row["state"]: row["n"] for row in await c.fetch(sql, account)}


async def owner_of(reference: str) -> UUID | None:
    """The account that a dossier of this reference belongs to, if there is one."""
    async with connection() as c:
        found: UUID | None = await c.fetchval("SELECT person FROM parvis.dossier WHERE reference = $1", reference)
    return found
