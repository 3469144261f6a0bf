"""The history of a calendar's rules: every change with who, when and the whole timetable before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis.calendars.timetables import Timetable
from parvis.db import Connection, connection, new_id
from parvis.errors import NotFound

_CHANGES = (
    "SELECT change.version, at, person, coalesce(person.name, '') AS name, sort, undoes, before, after "
    "FROM parvis.calendar_change AS change LEFT JOIN parvis.person ON person.id = change.person "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change (UTC): `version` is the one it led to, `undoes` that of the change it takes back.

    `name` is whose it was, empty once the account was erased; `sort` says on which page it was made.
    """

    version: int
    at: datetime
    person: UUID | None
    name: str
    sort: str
    undoes: int | None
    before: Timetable
    after: Timetable


async def record(
    c: Connection,
    calendar: UUID,
    version: int,
    *,
    at: datetime,
    person: UUID | None,
    sort: str,
    undoes: int | None,
    before: Timetable,
    after: Timetable,
) -> None:
    """Add a change that led to `version`."""
    sql = (
        "INSERT INTO parvis.calendar_change (id, calendar, version, at, person, sort, undoes, before, after) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
    both = (msgspec.json.encode(before).decode(), msgspec.json.encode(after).decode())
    await c.execute(sql, new_id(), calendar, version, at, person, sort, undoes, *both)


async def changes(calendar: UUID, limit: int = 50, before: int | None = None) -> list[Change]:
    """A calendar's changes, the latest first, from the one under version `before` on."""
    sql = _CHANGES + ("WHERE calendar = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3")
    async with connection() as c:
        return [_change(row) for row in await c.fetch(sql, calendar, before, limit)]


async def change(calendar: UUID, version: int) -> Change:
    """The change that led to a version. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_CHANGES} WHERE calendar = $1 AND version = $2", calendar, version)
    if row is None:
        raise NotFound
    return _change(row)


async def since(calendar: UUID, version: int) -> list[Change]:
    """The changes after a version, the oldest first."""
    async with connection() as c:
        rows = await c.fetch(f"{_CHANGES} WHERE calendar = $1 AND version > $2 ORDER BY version", calendar, version)
    return [_change(row) for row in rows]


async def timetable_at(calendar: UUID, version: int) -> Timetable | None:
    """The timetable that had a version; None if no change led to it or from it."""
    sql = (
        "SELECT CASE version WHEN $2 THEN after ELSE before END FROM parvis.calendar_change "
        "WHERE calendar = $1 AND version IN ($2, $2 + 1) ORDER BY version LIMIT 1"
    )
    async with connection() as c:
        found = await c.fetchval(sql, calendar, version)
    return msgspec.convert(found, Timetable) if found is not None else None


def _change(row: asyncpg.Record) -> Change:
    plain = {name: row[name] for name in ("version", "at", "person", "name", "sort", "undoes")}
    before, after = (msgspec.convert(row[column], Timetable) for column in ("before", "after"))
    return Change(**plain, before=before, after=after)
