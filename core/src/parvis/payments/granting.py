"""What a refund that is granted does to the books before any money leaves: it is owed to the payer from then on."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis.db import connection
from parvis.payments import intents
from parvis.payments.books import ledger, postings, sales
from parvis.payments.books.postings import Lines
from parvis.payments.money import Cents

_ENTERED = "SELECT true FROM parvis.ledger_entry WHERE till = $1 AND kind = 'grant' AND source = $2"


async def grant(refund: UUID, cents: Cents, paid: asyncpg.Record, credit: UUID | None = None) -> None:
    """Enter that so much of what came in, or of a credit, is to be given back; in the caller's transaction."""
    await ledger.post(paid["till"], "grant", refund, await _lines(refund, cents, paid, credit))


async def ungrant(refund: UUID, cents: Cents, paid: asyncpg.Record, credit: UUID | None = None) -> None:
    """Take that out of the books; in the caller's transaction, once the refund no longer counts."""
    async with connection() as c:
        # Without an entry nothing was granted: it gave back what was owed already.
        entered = await c.fetchval(_ENTERED, paid["till"], refund)
    if entered:
        # What it added last to all that is granted: whichever of several is taken back, the rest is entered as one sum.
        lines = postings.reversed_of(await _lines(refund, cents, paid, credit))
        await ledger.post(paid["till"], "grant-back", refund, lines)


def held_in(paid: asyncpg.Record) -> str:
    """Where money that pays no sale stands in the books: to be given back, or in suspense."""
    return postings.SUSPENSE if paid["taken_as"] == "unknown" else postings.REFUND_DUE


async def _lines(refund: UUID, cents: Cents, paid: asyncpg.Record, credit: UUID | None) -> Lines:
    if credit:
        return postings.credit_paid_out(cents)
    if paid["taken_as"] == "unknown":
        return ((postings.SUSPENSE, cents), (postings.REFUND_DUE, -cents))
    if not paid["sold"]:
        return ()
    before = await sales.given_back(paid["intent"], but=refund)
    return postings.granted(await intents.sales_of(paid["intent"]), cents, before)
