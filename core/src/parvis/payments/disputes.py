"""What a dispute does to the payment it is about: nothing of it is given back, and once it is lost it is owed again.

A dispute may be told before its payment is noticed: it waits, and finds it when that comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis.db import Connection, connection
from parvis.events import PaymentTakenBack
from parvis.outbox import record
from parvis.payments import granting, refundable, refunds, returning, set_offs
from parvis.payments.books import ledger, postings
from parvis.payments.money import Cents

DISPUTE = (
    "SELECT d.id, d.account, d.provider_ref, d.attempt, d.capture, d.cents, d.covered, d.state, a.till "
    "FROM parvis.dispute d JOIN parvis.provider_account a ON a.key = d.account "
)
_WAITING = (
    DISPUTE + "WHERE d.account = $1 AND d.attempt = $2 AND d.capture IS NULL ORDER BY d.id FOR NO KEY UPDATE OF d"
)
_ALL_LOST = (
    "SELECT sum(d.cents) >= c.cents FROM parvis.capture c JOIN parvis.dispute d ON d.capture = c.id "
    "AND d.state = 'lost' WHERE c.id = $1 GROUP BY c.id"
)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute of a payment: `open`, `won` or `lost`; instants are UTC."""

    cents: Cents
    state: str
    opened_at: datetime
    closed_at: datetime | None


async def disputes_of(capture: UUID) -> list[Dispute]:
    """The disputes of a payment, the oldest first."""
    sql = "SELECT cents, state, opened_at, closed_at FROM parvis.dispute WHERE capture = $1 ORDER BY opened_at, id"
    async with connection() as c:
        return [Dispute(**row) for row in await c.fetch(sql, capture)]


async def attach(c: Connection, capture: UUID, account: str, attempt: UUID) -> None:
    """Let the disputes that waited for a payment have it, in the transaction that takes it, under its amount's lock."""
    for row in await c.fetch(_WAITING, account, attempt):
        await c.execute("UPDATE parvis.dispute SET capture = $2 WHERE id = $1", row["id"], capture)
        if row["state"] != "won":
            await refunds.hold_back(c, capture)
        if row["state"] == "lost":
            # Of nobody known it was owed already.
            await _lose(c, row, capture, postings.RECEIVABLE)


async def lost(c: Connection, found: asyncpg.Record) -> None:
    """The payer's bank keeps it: it is owed again, and its payer is told; in the caller's transaction."""
    if found["capture"]:
        await _lose(c, found, found["capture"], postings.DISPUTED)
    else:
        await ledger.post(found["till"], "dispute-lost", found["id"], postings.dispute_lost(found["cents"]))


async def _lose(c: Connection, found: asyncpg.Record, capture: UUID, out_of: str) -> None:
    """The part of it that nobody had entered by hand leaves one of the till's accounts."""
    paid = await refunds.locked_capture(c, capture)
    cents = found["cents"] - found["covered"]
    told = returning.Told(ledger.today())
    whole = cents >= paid["cents"] and await returning.enter(c, capture, out_of, told)
    kind = "dispute-lost" if out_of == postings.DISPUTED else "dispute-known"
    lines = await _part(c, paid, cents - paid["cents"] * whole, out_of)
    if await c.fetchval(_ALL_LOST, capture) and await returning.whole(c, paid, told) and paid["sold"]:
        # With this part nothing of it is left: what was paid above the price is no credit any more.
        lines += postings.returned(out_of, 0, await returning.above(c, paid))
    await ledger.post(found["till"], kind, found["id"], lines)
    await refunds.end(c, paid)
    if cents:
        await record(PaymentTakenBack(emitter=paid["emitter"], capture=capture, dispute=found["id"], cents=cents))


async def _part(c: Connection, paid: asyncpg.Record, cents: Cents, out_of: str) -> postings.Lines:
    """A bank keeps a part of money, or more than that was: it is owed. What of money that pays nothing has not left yet
    is no longer to be given back."""
    if paid["sold"] or await refundable.was_taken_back(c, paid["id"]):
        return postings.dispute_lost(cents, out_of=out_of)
    await set_offs.free(c, paid["till"], paid["id"])
    left = await refundable.gone(c, paid["id"])
    # This one counts as lost already.
    owed = await refundable.beyond(c, paid["id"], left) - await refundable.beyond(c, paid["id"], left - cents)
    return postings.returned_in_vain(out_of, cents, owed, granting.held_in(paid))
