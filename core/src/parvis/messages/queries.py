"""Reads of the messages: one that waits, those of a dossier, those that need somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis.contract.values import Channel
from parvis.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageInfo:
    """A message without anything personal."""

    id: UUID
    channel: Channel
    template: str
    emitter: UUID | None
    dossier: UUID | None
    state: str
    attempts: int
    queued_at: datetime
    use_by: datetime
    ended_at: datetime | None
    error: str


_INFO = (
    "SELECT id, channel, template, emitter, dossier, state, attempts, queued_at, use_by, ended_at, error "
    "FROM parvis.message "
)


async def of_dossier(dossier: UUID) -> list[MessageInfo]:
    """A dossier's messages in their order."""
    return await _infos(_INFO + "WHERE dossier = $1 ORDER BY queued_at", dossier)


async def troubled(limit: int = 100) -> list[MessageInfo]:
    """Messages that were dropped, refused or bounced, the latest first; not those that a newer one replaced."""
    sql = (
        _INFO + "WHERE state IN ('stale', 'failed', 'bounced') AND error <> 'replaced' ORDER BY ended_at DESC LIMIT $1"
    )
    return await _infos(sql, limit)


async def delayed(limit: int = 100) -> list[MessageInfo]:
    """Messages that were tried and still wait, those of shortest use first."""
    return await _infos(_INFO + "WHERE state = 'queued' AND attempts > 0 ORDER BY use_by LIMIT $1", limit)


async def states(messages: Sequence[UUID]) -> dict[UUID, str]:
    """What became of several messages: queued, sent, stale, failed or bounced."""
    async with connection() as c:
        rows = await c.fetch("SELECT id, state FROM parvis.message WHERE id = ANY($1)", list(messages))
    return {row["id"]: row["state"] for row in rows}


async def count_by_state() -> dict[str, int]:
    """How many messages are in each state."""
    async with connection() as c:
        rows = await c.fetch("SELECT state, count(*) FROM parvis.message GROUP BY state")
    return dict(map(tuple, rows))


async def _infos(sql: str, *given: object) -> list[MessageInfo]:
    async with connection() as c:
        rows = await c.fetch(sql, *given)
    return [MessageInfo(**{**row, "channel": Channel(row["channel"])}) for row in rows]
