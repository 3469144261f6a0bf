"""Reading the whole trace again, and saying what was done to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from parvis import clock, crypto
from parvis.audit.actions import STAMP
from parvis.audit.chaining import LINE, line_of
from parvis.audit.heads import HEAD
from parvis.audit.rules import Chained, Check, Head
from parvis.db import Connection, transaction

_BATCH = 2000
_PATIENCE = timedelta(hours=1)
_LINKS = (
    f"SELECT number, month, hash, head, stamp, {LINE} FROM parvis.audit_link "  # noqa: S608 - names of our own
    "LEFT JOIN parvis.audit_trace USING (seq) ORDER BY number"
)
_LOOSE = (
    f"SELECT stamp, {LINE} FROM parvis.audit_trace AS trace WHERE NOT EXISTS "  # noqa: S608 - names of our own
    "(SELECT FROM parvis.audit_link AS link WHERE link.seq = trace.seq) ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: a sentence for each fault, how many lines are chained, how many wait to be."""

    faults: tuple[str, ...]
    lines: int
    waiting: int


class _Stamps:
    """Whether stamps fit; a key that is gone is told once."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def of(self, purpose: str) -> Any:
        def bears(stamped: str, content: bytes) -> bool:
            with suppress(crypto.Unreadable):
                return crypto.bears(stamped, content, purpose)
            self.gone.add(stamped.partition(".")[0])
            return True

        return bears


async def verify(kept: Head | None) -> Verdict:
    """Follow the whole chain, as it is at one instant; `kept` is a head written down outside the database."""
    stamps = _Stamps()
    check = Check(stamps.of(STAMP), stamps.of(HEAD))
    faults: list[str] = []
    lines = waiting = 0
    async with transaction("repeatable_read", readonly=True) as c:
        async for rows in _read(c, _LINKS):
            lines += len(rows)
            faults += check.follow(map(_chained, rows), kept)
        async for rows in _read(c, _LOOSE):
            faults += _late(rows[0]["at"]) if not waiting else []
            faults += filter(None, (check.stands_alone(line_of(row), row["stamp"]) for row in rows))
            waiting += len(rows)
    faults += check.end(kept)
    faults += [f"Lines are stamped with the key {key}, which is no longer in PARVIS_KEYS." for key in stamps.gone]
    return Verdict(tuple(dict.fromkeys(faults)), lines, waiting)


def _late(since: Any) -> list[str]:
    if clock.now() - since <= _PATIENCE:
        return []
    return [f"Traces since {since:%Y-%m-%d %H:%M} UTC are not chained: is the worker running?"]


async def _read(c: Connection, sql: str) -> AsyncIterator[list[asyncpg.Record]]:
    cursor = await c.cursor(sql)
    while rows := await cursor.fetch(_BATCH):
        yield rows


def _chained(row: asyncpg.Record) -> Chained:
    line = None if row["id"] is None else line_of(row)
    plain = {name: row[name] for name in ("number", "month", "hash", "head", "stamp")}
    return Chained(**plain, line=line)
