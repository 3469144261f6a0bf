"""Reads of the outbox, for the operator's page and its command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis import clock
from parvis.db import connection
from parvis.events import event_types
from parvis.outbox import subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryInfo:
    """A delivery that did not end well, or waits for a reaction that is not installed here."""

    id: UUID
    event: UUID
    type: str
    reaction: str
    emitter: UUID | None
    recorded: datetime
    attempts: int
    error: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the outbox fares: `due` may run now, `waiting` is put off or leased, `oldest` is due the longest."""

    due: int
    waiting: int
    dead: int
    unknown: int
    oldest: datetime | None


_COLUMNS = (
    "SELECT d.id, d.event, e.type, d.reaction, e.emitter, e.recorded, d.attempts, d.error "
    "FROM parvis.delivery d JOIN parvis.event e ON e.id = d.event "
)


async def dead(limit: int = 100) -> list[DeliveryInfo]:
    """Deliveries given up after the last attempt, the latest first."""
    async with connection() as c:
        rows = await c.fetch(_COLUMNS + "WHERE state = 'dead' ORDER BY finished DESC LIMIT $1", limit)
    return [_info(row) for row in rows]


async def unknown(limit: int = 100) -> list[DeliveryInfo]:
    """Deliveries due to a reaction that no code here answers for; they wait until it is installed again."""
    sql = _COLUMNS + "WHERE state = 'due' AND reaction <> ALL($1) ORDER BY due LIMIT $2"
    async with connection() as c:
        rows = await c.fetch(sql, list(subscriptions.current().by_key), limit)
    return [_info(row) for row in rows]


async def figures() -> Figures:
    """Depth of the queue, age of what waits longest, and what needs somebody."""
    sql = """
        SELECT count(*) FILTER (WHERE state = 'due' AND due <= $1 AND reaction = ANY($2)) AS due,
               count(*) FILTER (WHERE state = 'due' AND due > $1 AND reaction = ANY($2)) AS waiting,
               count(*) FILTER (WHERE state = 'dead') AS dead,
               count(*) FILTER (WHERE state = 'due' AND reaction <> ALL($2)) AS unknown,
               min(due) FILTER (WHERE state = 'due' AND due <= $1 AND reaction = ANY($2)) AS oldest
        FROM parvis.delivery WHERE state IN ('due', 'dead')
    """
    async with connection() as c:
        row = await c.fetchrow(sql, clock.now(), list(subscriptions.current().by_key))
    return Figures(**dict(row.items()))


def _info(row: object) -> DeliveryInfo:
    fields = dict(row.items())  # type: ignore[attr-defined]
    known = fields["type"] in event_types() and fields["reaction"] in subscriptions.current().by_key
    return DeliveryInfo(**fields, known=known)
