"""What each emitter says a role may do there, otherwise than by default; every change is kept, and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.values import Role
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound
from parvis.identity import actions, rules
from parvis.identity.rules import Cell, CellChange, Said

_OF = "FROM parvis.rights_change AS change LEFT JOIN parvis.person ON person.id = person WHERE emitter = $1"
_CHANGE = f"SELECT version, at, coalesce(name, '') AS name, undoes, changes {_OF}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsChanged:
    """A change (UTC) by an account of this name, empty once erased; `undoes` is the version it takes back."""

    version: int
    at: datetime
    name: str
    undoes: int | None
    changes: tuple[CellChange, ...]


async def said_at(emitter: UUID) -> tuple[int, Said]:
    """What an emitter says now, and which version of it that is: how often it was changed."""
    async with connection() as c:
        # The version first: what is changed in between is brought together, not overwritten.
        version = await _version(c, emitter)
        return version, await _said(c, emitter)


async def said_before(emitter: UUID, version: int) -> Said:
    """What an emitter said at a version."""
    async with connection() as c:
        now = await _said(c, emitter)
    since = await changes(emitter, since=version)
    return rules.before(now, [one for changed in since for one in reversed(changed.changes)])


async def change(emitter: UUID, wanted: Said, *, base: int, by: UUID | None) -> RightsChanged | None:
    """Change what roles may do from what was said at version `base`; None if that changes nothing.

    Others' changes since stay: a cell is said or not said, so that two who change the same one want the same.
    """
    async with transaction() as c:
        await actions.lock(emitter)
        now = await _said(c, emitter)
        asked = rules.changes_between(await said_before(emitter, base), wanted)
        after = rules.with_changes(now, asked)
        return await _keep(c, emitter, rules.changes_between(now, after), by)


async def undo(emitter: UUID, version: int, by: UUID | None) -> RightsChanged | None:
    """Take a change back where nobody changed the same since; None if nothing is left of it. Raises NotFound."""
    async with transaction() as c:
        await actions.lock(emitter)
        back = rules.reversed_where_still(await _said(c, emitter), (await one_change(emitter, version)).changes)
        return await _keep(c, emitter, back, by, version)


async def one_change(emitter: UUID, version: int) -> RightsChanged:
    """The change that led to a version. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_CHANGE} AND version = $2", emitter, version)
    if row is None:
        raise NotFound
    return _changed(row)


async def changes(
    emitter: UUID, *, since: int = 0, before: datetime | None = None, limit: int | None = None
) -> list[RightsChanged]:
    """The changes after a version and before an instant, the latest first."""
    sql = f"{_CHANGE} AND version > $2 AND ($3::timestamptz IS NULL OR at < $3) ORDER BY version DESC LIMIT $4"
    async with connection() as c:
        return [_changed(row) for row in await c.fetch(sql, emitter, since, before, limit)]


async def _keep(
    c: Connection, emitter: UUID, changed: Sequence[CellChange], by: UUID | None, undoes: int | None = None
) -> RightsChanged | None:
    if not changed:
        return None
    for (permission, role), _, after in changed:
        await _say(c, emitter, permission, role, after)
    version, now = await _version(c, emitter) + 1, clock.now()
    sql = (
        "INSERT INTO parvis.rights_change (id, emitter, version, at, person, undoes, changes) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    kept = [[*cell, before, after] for cell, before, after in changed]
    await c.execute(sql, new_id(), emitter, version, now, by, undoes, kept)
    return RightsChanged(version=version, at=now, name="", undoes=undoes, changes=tuple(changed))


async def _say(c: Connection, emitter: UUID, permission: str, role: Role, allowed: bool | None) -> None:
    key = (emitter, role.value, permission)
    if allowed is None:
        sql = "DELETE FROM parvis.role_permission WHERE emitter = $1 AND role = $2 AND permission = $3"
        await c.execute(sql, *key)
        return
    sql = (
        "INSERT INTO parvis.role_permission (id, emitter, role, permission, allowed) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (emitter, role, permission) DO UPDATE SET allowed = excluded.allowed"
    )
    await c.execute(sql, new_id(), *key, allowed)


async def _version(c: Connection, emitter: UUID) -> int:
    sql = "SELECT coalesce(max(version), 0) FROM parvis.rights_change WHERE emitter = $1"
    return int(await c.fetchval(sql, emitter))


async def _said(c: Connection, emitter: UUID) -> Said:
    sql = "SELECT permission, role, allowed FROM parvis.role_permission WHERE emitter = $1"
    rows = await c.fetch(sql, emitter)
    return {Cell(row["permission"], Role(row["role"])): row["allowed"] for row in rows}


def _changed(row: asyncpg.Record) -> RightsChanged:
    kept = tuple(CellChange(Cell(key, Role(role)), before, after) for key, role, before, after in row["changes"])
    return RightsChanged(**{**row, "changes": kept})
