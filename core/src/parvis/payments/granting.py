"""What a refund that is granted does to the books before any money leaves: it is owed to the payer from then on."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import asyncpg

from parvis.errors import NotFound
from parvis.payments import intents
from parvis.payments.books import ledger, postings, sales
from parvis.payments.books.postings import Lines
from parvis.payments.money import Cents


async def grant(refund: UUID, cents: Cents, paid: asyncpg.Record) -> None:
    """Enter that so much of what came in is to be given back; in the caller's transaction."""
    await ledger.post(paid["till"], "grant", refund, await _lines(refund, cents, paid))


async def ungrant(till: UUID, refund: UUID) -> None:
    """Take that out of the books; in the caller's transaction."""
    with suppress(NotFound):
        # Without an entry nothing was granted: it gave back what was owed already.
        await ledger.reverse(till, "grant", refund)


def held_in(paid: asyncpg.Record) -> str:
    """Where money that pays no sale stands in the books: to be given back, or in suspense."""
    return postings.SUSPENSE if paid["taken_as"] == "unknown" else postings.REFUND_DUE


async def _lines(refund: UUID, cents: Cents, paid: asyncpg.Record) -> Lines:
    if paid["taken_as"] == "unknown":
        return ((postings.SUSPENSE, cents), (postings.REFUND_DUE, -cents))
    if not paid["sold"]:
        return ()
    before = await sales.given_back(paid["intent"], but=refund)
    return postings.granted(await intents.sales_of(paid["intent"]), cents, before)
