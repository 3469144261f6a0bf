"""The sale behind an amount: entered when it is paid first. Where its money is taken back it stays, until the amount is
paid again or no longer asked for."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from parvis.db import connection
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import Lines, Sale
from parvis.payments.money import Cents

_RESTORED = (
    "SELECT EXISTS (SELECT FROM parvis.credit WHERE source = $1 "
    "OR source IN (SELECT id FROM parvis.charge WHERE intent = $1))"
)
_STANDING = """
SELECT c.id FROM parvis.capture c
JOIN parvis.ledger_entry e ON e.till = c.till AND e.source = c.id AND e.kind IN ('charge', 'take-up')
WHERE c.intent = $1 AND NOT EXISTS (
    SELECT FROM parvis.ledger_entry b WHERE b.till = c.till AND b.source = c.id AND b.kind = 'charge-back')
"""
# A refund of what was paid a second time, or of a credit, takes nothing of the sale back; one at the counter all of it.
_GIVEN_BACK = """
SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
WHERE c.intent = $1 AND c.taken_as <> 'extra' AND r.method <> 'counter' AND r.credit IS NULL
AND r.id IS DISTINCT FROM $2 AND r.state IN ('approved', 'sent', 'unknown', 'failed', 'done')
"""


async def stands(intent: UUID) -> bool:
    """Whether an intent's sale is in the books."""
    return await _standing(intent) is not None


async def enter(till: UUID, intent: UUID, capture: UUID, lines: Lines) -> None:
    """Enter an intent's sale with the money that pays it, unless it stands already; in the caller's transaction."""
    if not await stands(intent):
        await ledger.post(till, "charge", capture, lines)


async def drop(till: UUID, intent: UUID, sold: Iterable[Sale]) -> None:
    """Take a sale whose money was taken back out of the books, if there is one; in the caller's transaction."""
    capture = await _standing(intent)
    if capture is not None:
        sales = tuple(sold)
        lines = postings.dropped(sales, await given_back(intent))
        # What a credit paid of it is the payer's again, unless it is already.
        lines += () if await _restored(intent) else postings.restored(sales)
        await ledger.post(till, "charge-back", capture, lines)


async def given_back(intent: UUID, but: UUID | None = None) -> Cents:
    """How much of an intent's sale was granted to be given back, in all its refunds or all but one."""
    async with connection() as c:
        return int(await c.fetchval(_GIVEN_BACK, intent, but))


async def _restored(intent: UUID) -> bool:
    async with connection() as c:
        return bool(await c.fetchval(_RESTORED, intent))


async def _standing(intent: UUID) -> UUID | None:
    """The money with which an intent's sale was entered."""
    async with connection() as c:
        found: UUID | None = await c.fetchval(_STANDING, intent)
    return found
