"""A mandate that is revoked: nothing is asked of the bank by it any more, as far as the bank has not been asked."""

from __future__ import annotations

from uuid import UUID

from parvis.db import Connection, transaction
from parvis.payments.debits import lines, mandates, queries

# Once its file was taken the bank may have it: the next one is without it, and who sends the batch is told.
_THERE = (
    "SELECT DISTINCT b.id FROM parvis.debit_batch b JOIN parvis.debit d ON d.batch = b.id "
    "WHERE d.mandate = $1 AND d.state = 'listed' AND b.state = 'made' AND b.file_at IS NULL"
)


async def revoke(mandate: UUID) -> None:
    """Let it debit no more, and what is in a batch whose file nobody has taken be paid otherwise.

    What the bank was asked for is collected all the same. Raises Refused once it is revoked, NotFound.
    """
    found = await mandates.one(mandate)
    async with transaction() as c:
        # No batch is made meanwhile.
        await mandates.lock(c, found.till)
        await _take_out(c, mandate)
        await mandates.end(mandate)


async def _take_out(c: Connection, mandate: UUID) -> None:
    await lines.lock(c, [row["id"] for row in await c.fetch(_THERE, mandate)])
    # Looked for again: somebody may have taken the file before it was locked.
    for row in await c.fetch(_THERE, mandate):
        listed = [line for line in await queries.lines_of(row["id"]) if line.state == "listed"]
        await lines.drop(c, await queries.batch_by_id(row["id"]), [line for line in listed if line.mandate == mandate])
