"""What becomes of a debit in a batch, and in which order its batch and its amount are locked for that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from parvis import clock
from parvis.db import Connection
from parvis.payments import claiming
from parvis.payments.debits.queries import Batch, Line

# Who was to be debited and is not has so long to pay otherwise.
AGAIN = timedelta(days=15)
_BATCHES = """
SELECT FROM parvis.debit_batch WHERE id = ANY ($1) OR id IN (SELECT batch FROM parvis.debit WHERE id = ANY ($2))
ORDER BY id FOR NO KEY UPDATE
"""
_INTENTS = """
SELECT FROM parvis.intent WHERE id IN (SELECT intent FROM parvis.debit WHERE batch = ANY ($1) OR id = ANY ($2))
ORDER BY id FOR NO KEY UPDATE
"""


async def lock(c: Connection, batches: Iterable[UUID] = (), debits: Iterable[UUID] = ()) -> None:
    """Let nobody else touch whole batches, or some debits, until the transaction ends: batches first, then amounts.

    All at once: whoever has entered something in a till's books must not wait for an amount any more, for who has that
    amount may wait for the books.
    """
    of, some = list(batches), list(debits)
    await c.execute(_BATCHES, of, some)
    await c.execute(_INTENTS, of, some)


async def to(c: Connection, debit: UUID, state: str, reason: str = "") -> None:
    """Note what became of a debit, in the caller's transaction."""
    sql = "UPDATE parvis.debit SET state = $2, reason = $3, changed = $4 WHERE id = $1"
    await c.execute(sql, debit, state, reason, clock.now())


async def drop(c: Connection, batch: Batch, dropped: Iterable[Line]) -> None:
    """Take debits out of their batch, in the caller's transaction: each amount can be paid otherwise again."""
    for line in dropped:
        await claiming.let_go(c, batch.account, line.reference, clock.now() + AGAIN)
        await to(c, line.id, "dropped")
