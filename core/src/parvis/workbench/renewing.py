"""`parvis keys renew`: encrypted fields go under the key that writes now, one value at a time, while people work.

A value says under which key it is, so that nothing has to be noted: after a crash, begin anew and the rest is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from piccolo.conf.apps import AppConfig

from parvis import crypto
from parvis.db import connection, transaction
from parvis.db.sealed import Sealed

_BATCH = 200
_STAMPED = (("parvis.audit_trace", "stamp"), ("parvis.audit_link", "head"))


@dataclass(frozen=True, slots=True)
class Place:
    """An encrypted column: its table with the schema, the primary key's column, its name, what it is encrypted for."""

    table: str
    key: str
    column: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How many values each key is needed for: `sealed` by place and key, `stamps` (of the audit) by key."""

    sealed: Mapping[Place, Mapping[str, int]]
    stamps: Mapping[str, int]

    def old(self, writing: str) -> dict[Place, int]:
        """How many values of each place are not under the key that writes; places without any are left out."""
        counted = {
            place: sum(n for key, n in by_key.items() if key != writing) for place, by_key in self.sealed.items()
        }
        return {place: number for place, number in counted.items() if number}

    def values(self, key: str) -> int:
        """How many values are under a key."""
        return sum(by_key.get(key, 0) for by_key in self.sealed.values())

    def needed(self) -> set[str]:
        """The keys that a value or a stamp cannot be read without."""
        return {key for by_key in self.sealed.values() for key in by_key} | self.stamps.keys()


def places(apps: Iterable[AppConfig]) -> list[Place]:
    """Every encrypted column that these apps' tables declare."""
    return [place for app in apps for table in app.table_classes for place in _places_of(table)]


async def standing(found: Iterable[Place]) -> Standing:
    """Count, reading each table once."""
    sealed = {place: await _by_key(_COUNT.format(table=place.table, column=place.column)) for place in found}
    stamps: Counter[str] = Counter()
    for table, column in _STAMPED:
        stamps.update(await _by_key(_COUNT_STAMPS.format(table=table, column=column)))
    return Standing(sealed, stamps)


async def renew(place: Place, told: Callable[[int], None]) -> list[str]:
    """Renew a place's values, calling `told` with how many of each batch; the ids of the rows nobody can read."""
    unreadable = []
    async for rows in _batches(place):
        done = 0
        for row in rows:
            try:
                done += await _renewed(place, row)
            except crypto.Unreadable:
                unreadable.append(_shown(row["id"]))
        told(done)
    return unreadable


def advice(found: Standing, keys: crypto.Keys) -> Iterator[str]:
    """A line for each key but the one that writes: what it is needed for, or that it may go."""
    needed = found.needed()
    for key in keys.by_id:
        if key == keys.writing:
            continue
        if key == keys.finding:
            yield f"Key {key} is the last one: contacts, names and numbers are found with it. Keep it, last."
        elif key in needed:
            yield f"Key {key} is needed: {found.values(key)} encrypted values, {found.stamps.get(key, 0)} audit stamps."
        else:
            yield f"Key {key} is needed for nothing kept here; it may go once the links signed with it have ended."


# Only the value that was read is replaced: whoever wrote in between wins.
_SWAP = "UPDATE {table} SET {column} = $3 WHERE {key} = $1 AND {column} = $2"
_FORMER = (
    "SELECT {key} AS id, {column} AS sealed FROM {table} "
    "WHERE octet_length({column}) > 0 AND substring({column} FROM 1 FOR octet_length($1::bytea)) <> $1"
)
_COUNT = (
    "SELECT encode(substring({column} FROM 1 FOR greatest(position('\\x3a'::bytea IN {column}) - 1, 0)), 'escape') "
    "AS key, count(*) AS number FROM {table} WHERE octet_length({column}) > 0 GROUP BY 1"
)
_COUNT_STAMPS = (
    "SELECT split_part({column}, '.', 1) AS key, count(*) AS number FROM {table} WHERE {column} IS NOT NULL GROUP BY 1"
)


def _places_of(table: Any) -> Iterator[Place]:
    meta = table._meta
    for column in meta.columns:
        if isinstance(column, Sealed):
            name = f"{meta.schema or 'public'}.{meta.tablename}"
            yield Place(name, meta.primary_key._meta.db_column_name, column._meta.db_column_name, column.purpose)


async def _batches(place: Place) -> AsyncIterator[list[asyncpg.Record]]:
    """Values that are not under the writing key, in the order of the primary key."""
    first = _FORMER.format(table=place.table, key=place.key, column=place.column)
    after, ordered = f" AND {place.key} > $2", f" ORDER BY {place.key} LIMIT {_BATCH}"
    prefix = f"{crypto.at_hand().writing}:".encode()
    rows = await _read(first + ordered, prefix)
    while rows:
        yield rows
        rows = await _read(first + after + ordered, prefix, rows[-1]["id"])


async def _renewed(place: Place, row: asyncpg.Record) -> bool:
    """Whether the value was still the one that was read. A transaction each: no second row is ever locked."""
    sql = _SWAP.format(table=place.table, key=place.key, column=place.column)
    fresh = crypto.renewed(row["sealed"], place.purpose)
    async with transaction() as c:
        return bool((await c.execute(sql, row["id"], row["sealed"], fresh)).endswith(" 1"))


async def _by_key(sql: str) -> dict[str, int]:
    return {row["key"]: row["number"] for row in await _read(sql)}


async def _read(sql: str, *values: Any) -> list[asyncpg.Record]:
    async with connection() as c:
        return list(await c.fetch(sql, *values))


def _shown(row_id: Any) -> str:
    return row_id.hex() if isinstance(row_id, bytes) else str(row_id)
