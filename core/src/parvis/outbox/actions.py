"""Writes of the outbox: record a fact, replay what was given up, forget what is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from structlog.contextvars import get_contextvars

from parvis import clock
from parvis.db import connection, in_transaction, new_id, transaction
from parvis.errors import ParvisError, Text
from parvis.events import Event
from parvis.outbox import subscriptions

CHANNEL = "parvis_outbox"

# One round trip: the hot paths record inside a row lock. The notification leaves with the commit.
_RECORD = """
WITH fact AS (
    INSERT INTO parvis.event (id, type, emitter, payload, recorded, correlation)
    VALUES ($1, $2, $3, $4, $5, $6)
), due AS (
    INSERT INTO parvis.delivery (id, event, reaction, due)
    SELECT due.id, $1, due.reaction, $5 FROM unnest($7::uuid[], $8::text[]) AS due (id, reaction)
)
SELECT pg_notify($9, '') WHERE cardinality($8::text[]) > 0
"""


class OutsideTransaction(ParvisError):
    """A fact was to be recorded without the change that caused it: open `transaction()` first."""

    code = "outside-transaction"
    title = Text("A fact is recorded inside the transaction that causes it.")


async def record(event: Event) -> UUID:
    """Record a fact and what is due about it, in the caller's transaction; its id.

    The worker hears of it when that transaction commits. Raises OutsideTransaction.
    """
    if not in_transaction():
        raise OutsideTransaction
    reactions = await subscriptions.current().keys_for(event)
    fact = new_id()
    ids = [new_id() for _ in reactions]
    correlation = str(get_contextvars().get("correlation", ""))[:64]
    row = (fact, event.type, event.emitter, event, clock.now(), correlation)
    async with connection() as c:
        await c.execute(_RECORD, *row, ids, reactions, CHANNEL)
    return fact


async def replay(deliveries: Sequence[UUID] | Literal["all"]) -> int:
    """Let dead deliveries be tried anew, with all their attempts; how many there were."""
    sql = (
        "UPDATE parvis.delivery SET state = 'due', attempts = 0, due = $1, lease = NULL, started = NULL, "
        "finished = NULL WHERE state = 'dead' AND ($2::uuid[] IS NULL OR id = ANY($2)) RETURNING id"
    )
    async with transaction() as c:
        waiting = await c.fetch(sql, clock.now(), None if deliveries == "all" else list(deliveries))
        await c.execute("SELECT pg_notify($1, '')", CHANNEL)
    return len(waiting)


async def forget(before: datetime, limit: int = 10_000) -> int:
    """Delete the events recorded before `before` of which nothing is due or dead; at most `limit` at once."""
    sql = (
        "DELETE FROM parvis.event WHERE id IN (SELECT id FROM parvis.event e WHERE recorded < $1 AND NOT EXISTS "
        "(SELECT FROM parvis.delivery d WHERE d.event = e.id AND d.state <> 'done') LIMIT $2) RETURNING id"
    )
    async with transaction() as c:
        return len(await c.fetch(sql, before, limit))
