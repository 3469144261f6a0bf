"""Giving every trace its place in the chain, after the transaction that wrote it: writers wait for nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import structlog

from parvis import clock, crypto
from parvis.audit.heads import HEAD, keep
from parvis.audit.rules import NOTHING_BEFORE, Line, head_of, link_hash, month_of
from parvis.db import Connection, transaction

log = structlog.get_logger()
_BATCH = 5000
# Traces of transactions that were open while this many others were chained are found by `chain_late`.
_BEHIND = 10_000
LINE = "id, at, person, behalf, emitter, action, subject, subject_id, details"
_Row = tuple[int, int, date, bytes, str | None]
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit chain', 0))"
_LAST = "SELECT number, month, hash FROM parvis.audit_link ORDER BY number DESC LIMIT 1"
_WAITING = (
    f"SELECT seq, {LINE} FROM parvis.audit_trace AS trace WHERE seq > $1 "  # noqa: S608 - names of our own
    "AND NOT EXISTS (SELECT FROM parvis.audit_link AS link WHERE link.seq = trace.seq) ORDER BY seq LIMIT $2"
)
_ADD = (
    "INSERT INTO parvis.audit_link (number, seq, month, hash, head) "
    "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::bytea[], $5::varchar[])"
)


def line_of(row: Any) -> Line:
    """A trace's row as a line."""
    return Line(**{name: row[name] for name in LINE.split(", ")})


async def chain() -> int:
    """Chain what was traced since the last round; how many lines. One process at a time, the others pass by."""
    return await _rounds(_BEHIND)


async def chain_late() -> int:
    """Chain also what a very long transaction left behind; how many lines."""
    return await _rounds(None)


async def _rounds(behind: int | None) -> int:
    done = 0
    while batch := await _round(behind):
        done += batch
        if batch < _BATCH:
            break
    return done


async def _round(behind: int | None) -> int:
    async with transaction() as c:
        if not await c.fetchval(_LOCK):
            return 0
        rows = await c.fetch(_WAITING, await _floor(c, behind), _BATCH)
        links = list(_links(rows, await c.fetchrow(_LAST)))
        if links:
            await c.execute(_ADD, *(list(column) for column in zip(*links, strict=True)))
    if links:
        number, _, month, hash_, head = links[-1]
        keep(number, month, hash_, head or "")
        # nosemgrep: personal-data-in-log - the number of a link of the chain
        log.info("audit.chained", lines=len(links), number=number, month=f"{month:%Y-%m}", hash=hash_.hex())
    return len(links)


async def _floor(c: Connection, behind: int | None) -> int:
    if behind is None:
        return 0
    newest: int = await c.fetchval("SELECT coalesce(max(seq), 0) FROM parvis.audit_link")
    return newest - behind


def _links(rows: Sequence[Any], last: Any) -> Iterator[_Row]:
    """The links of some traces, with a signed head at the end of each month and of all."""
    plain = list(_unsigned(rows, last))
    for link, following in pairwise([*plain, None]):
        if link is None:
            return
        number, seq, month, hash_ = link
        ends = following is None or following[2] != month
        yield number, seq, month, hash_, crypto.stamp(head_of(number, month, hash_), HEAD) if ends else None


def _unsigned(rows: Sequence[Any], last: Any) -> Iterator[tuple[int, int, date, bytes]]:
    number, month, hash_ = (last["number"], last["month"], last["hash"]) if last else (0, None, NOTHING_BEFORE)
    now = clock.now()
    for row in rows:
        number, month = number + 1, month_of(row["at"], month, now)
        hash_ = link_hash(hash_, number, line_of(row))
        yield number, row["seq"], month, hash_
