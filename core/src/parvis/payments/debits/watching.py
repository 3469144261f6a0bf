"""What nobody else watches: batches without a word of what became of them, and what waits at counters and banks."""

from __future__ import annotations

from parvis.db import connection, transaction
from parvis.payments import rounds
from parvis.payments.accounts import BY_OURSELVES
from parvis.payments.debits import queries
from parvis.payments.statements import reconciling


async def note_waiting() -> int:
    """Open a difference for whatever has waited too long where no provider is asked; how many things wait."""
    sql = "SELECT key FROM parvis.provider_account WHERE provider = ANY ($1) ORDER BY key"
    async with connection() as c:
        keys = [row["key"] for row in await c.fetch(sql, list(BY_OURSELVES))]
    return await rounds.one_by_one("watch", keys, _note)


async def _note(account: str) -> int:
    late = [("batch", one.reference, one.cents) for one in await queries.open_batches(account) if queries.is_late(one)]
    async with transaction() as c:
        await reconciling.open_waiting(c, account, late)
    return len(late) + await reconciling.note_waiting(account)
