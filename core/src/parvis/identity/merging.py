"""Making one account of two, and two of it again, exactly as they were.

What belongs to the account moves; its row stays, as a further sign-on of the other. Roles do not move: a sign-on has
those that were given to it and no others, so that none becomes wider by a merge (docs/decisions/0325).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity.actors import Actor
from parvis.identity.endings import end_sessions

Moved = Mapping[str, Sequence[str]]
_SAME = Text("These are one and the same account. Write two different ones.")
_MERGED = Text("One of them is merged already. Undo that first, or write the account that it leads to.")
_HAS_OTHERS = Text("Others were merged into the one that would go. Keep that one, and merge the other into it.")
# What moves: of which table, by which column; `made` says what a sign-on made of it since an instant.
_PARTS = {
    "relatives": ("relative", "person", "kept_by = $3 AND kept_at >= $4"),
    "residents": ("mandate", "resident", "$3 IN (begun_by, accepted_by) AND begun_at >= $4"),
    "proxies": ("mandate", "proxy", "$3 IN (begun_by, accepted_by) AND begun_at >= $4"),
}
# A mandate between the two stays where it is: it would be one of an account with itself.
_BETWEEN = {"residents": "AND proxy IS DISTINCT FROM $2", "proxies": "AND resident IS DISTINCT FROM $2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """That `merged` became a further sign-on of `kept` (instants UTC), why, and what moved with it."""

    id: UUID
    kept: UUID
    merged: UUID
    reason: str
    moved: Moved
    merged_at: datetime
    undone_at: datetime | None


async def lock(kept: UUID, merged: UUID) -> None:
    """Let nobody else make anything for two accounts meanwhile. Raises Refused if they cannot be made one, NotFound."""
    if kept == merged:
        _refuse("same-account", _SAME)
    async with transaction() as c:
        found = await _lock(c, kept, merged)
        if any(row["merged_into"] for row in found.values()):
            _refuse("merged-already", _MERGED)
        if await c.fetchval("SELECT true FROM parvis.person WHERE merged_into = $1 LIMIT 1", merged):
            _refuse("has-others", _HAS_OTHERS)


async def move(kept: UUID, merged: UUID) -> dict[str, list[str]]:
    """Move family and mandates; the numbers of what moved."""
    moved = {}
    async with transaction() as c:
        for part, (table, column, _) in _PARTS.items():
            where = f"WHERE {column} = $1 {_BETWEEN.get(part, '')}"
            sql = f"UPDATE parvis.{table} SET {column} = $2 {where} RETURNING id"  # noqa: S608 - names of our own
            rows = await c.fetch(sql, merged, kept)
            moved[part] = [str(row["id"]) for row in rows]
    return moved


async def join(kept: UUID, merged: UUID, reason: str, moved: Moved, by: Actor) -> UUID:
    """Make the one a further sign-on of the other: its sessions end, and it leads there from its next sign-in on."""
    sql = (
        "INSERT INTO parvis.account_merge (id, kept, merged, reason, moved, merged_by, merged_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    async with transaction() as c:
        await c.execute("UPDATE parvis.person SET merged_into = $2 WHERE id = $1", merged, kept)
        await c.execute(sql, made := new_id(), kept, merged, reason, dict(moved), by.person, clock.now())
        await end_sessions(merged)
    return made


async def part(merge: UUID, by: Actor) -> Merge:
    """Make two accounts of one again; family and mandates go back, and what the sign-on made since goes with it.

    Raises NotFound if it was undone already.
    """
    async with transaction() as c:
        found = await one_merge(merge)
        await _lock(c, found.kept, found.merged)
        sql = (
            "UPDATE parvis.account_merge SET undone_by = $2, undone_at = $3 WHERE id = $1 AND undone_at IS NULL "
            "RETURNING id"
        )
        if await c.fetchval(sql, merge, by.person, clock.now()) is None:
            raise NotFound
        await c.execute("UPDATE parvis.person SET merged_into = NULL WHERE id = $1", found.merged)
        for name, (table, column, made) in _PARTS.items():
            where = f"{column} = $1 AND (id = ANY($2::uuid[]) OR ({made}))"
            sql = f"UPDATE parvis.{table} SET {column} = $3 WHERE {where}"  # noqa: S608 - names of our own
            theirs = (found.kept, found.moved.get(name, []), found.merged, found.merged_at)
            await c.execute(sql, *theirs)
        await end_sessions(found.merged)
    return found


async def one_merge(merge: UUID) -> Merge:
    """One of them. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.account_merge WHERE id = $1", merge)
    if row is None:
        raise NotFound
    return _merge(row)


async def merges(limit: int) -> list[Merge]:
    """The latest ones first."""
    async with connection() as c:
        rows = await c.fetch("SELECT * FROM parvis.account_merge ORDER BY merged_at DESC, id DESC LIMIT $1", limit)
    return [_merge(row) for row in rows]


async def _lock(c: Connection, *accounts: UUID) -> dict[UUID, asyncpg.Record]:
    # FOR UPDATE: whoever books for either of them holds its key (`accounts.settled`) until that is done.
    sql = "SELECT id, merged_into FROM parvis.person WHERE id = ANY($1) ORDER BY id FOR UPDATE"
    found = {row["id"]: row for row in await c.fetch(sql, list(accounts))}
    if len(found) < len(accounts):
        raise NotFound
    return found


def _refuse(code: str, text: Text) -> NoReturn:
    raise Refused(Refusal(code, text, "other"))


def _merge(row: asyncpg.Record) -> Merge:
    return Merge(**{name: row[name] for name in Merge.__slots__})
