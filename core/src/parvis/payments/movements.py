"""Money that moves without a resident: a provider's payout, a hand-over to the public accountant, a chargeback.

Each is entered once, under the reference of whoever says so.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from parvis.db import connection, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.payments import ledger, postings
from parvis.payments.accounts import account
from parvis.payments.money import Cents, euros
from parvis.payments.postings import BANK
from parvis.payments.rules import checked_cents

_SOURCES = UUID("6f1c1f0e-6a0b-5c53-9f5b-7d8f0f6f2a11")


async def paid_out(at: str, ref: str, cents: Cents, fees: Cents = 0) -> bool:
    """A provider paid `cents` into the bank and kept `fees`; whether that was new. Raises NotFound, Invalid."""
    checked_cents(cents)
    checked_cents(fees, "fees")
    whose = await account(at)
    lines = postings.paid_out(at, cents, fees)
    return await ledger.post(whose.till, "payout", _source(at, "payout", ref), lines) is not None


async def handed_over(till: UUID, ref: str, cents: Cents) -> bool:
    """A till handed money of its bank account to the public accountant; whether that was new.

    Raises Refused above what the till has there, Invalid.
    """
    checked_cents(cents)
    async with transaction() as c:
        # Two hand-overs at once must not both take the same money.
        await c.execute("SELECT FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", till)
        source = _source(str(till), "hand-over", ref)
        if await _entered(till, "hand-over", source):
            return False
        there = ledger.balance_of(await ledger.balances(till), BANK)
        if cents > there:
            text = Text("The till has {there} euros in the bank: no more can be handed over.", {"there": euros(there)})
            raise Refused(Refusal("hand-over-above", text, "cents"))
        return await ledger.post(till, "hand-over", source, postings.paid_over(cents)) is not None


async def disputed(at: str, ref: str, cents: Cents) -> bool:
    """The payer's bank took money back until it is decided; whether that was new. Raises NotFound, Invalid."""
    checked_cents(cents)
    whose = await account(at)
    return (
        await ledger.post(whose.till, "dispute", _source(at, "dispute", ref), postings.disputed(at, cents)) is not None
    )


async def dispute_closed(at: str, ref: str, *, won: bool) -> bool:
    """The payer's bank gives the money back, or keeps it and it is owed again; whether that was new.

    Raises NotFound for a dispute nobody entered, Conflict when it was closed the other way.
    """
    whose, source = await account(at), _source(at, "dispute", ref)
    async with transaction() as c:
        await c.execute("SELECT FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", whose.till)
        if await _entered(whose.till, "dispute-lost" if won else "dispute-back", source):
            raise Conflict
        if won:
            return await ledger.reverse(whose.till, "dispute", source) is not None
        sql = (
            "SELECT sum(l.cents)::bigint FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
            "WHERE e.till = $1 AND e.kind = 'dispute' AND e.source = $2 AND l.cents > 0"
        )
        cents = await c.fetchval(sql, whose.till, source)
        if cents is None:
            raise NotFound
        return await ledger.post(whose.till, "dispute-lost", source, postings.dispute_lost(cents)) is not None


async def _entered(till: UUID, kind: str, source: UUID) -> bool:
    sql = "SELECT true FROM parvis.ledger_entry WHERE till = $1 AND kind = $2 AND source = $3"
    async with connection() as c:
        return bool(await c.fetchval(sql, till, kind, source))


def _source(whose: str, kind: str, ref: str) -> UUID:
    return uuid5(_SOURCES, f"{whose}\n{kind}\n{ref}")
