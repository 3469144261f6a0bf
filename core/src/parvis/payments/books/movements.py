"""Money that moves without a resident: a provider's payout, a hand-over to the public accountant.

Each is entered once, under the reference of whoever says so.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from parvis.db import connection, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import BANK
from parvis.payments.counter import takings
from parvis.payments.counter.counting import BY_HAND, lies_in
from parvis.payments.money import Cents, euros
from parvis.payments.rules import checked_cents

_SOURCES = UUID("6f1c1f0e-6a0b-5c53-9f5b-7d8f0f6f2a11")


async def paid_out(at: str, ref: str, cents: Cents, fees: Cents = 0) -> bool:
    """A provider paid `cents` into the bank and kept `fees`; whether that was new. Raises NotFound, Invalid."""
    checked_cents(cents)
    checked_cents(fees, "fees")
    whose = await account(at)
    lines = postings.paid_out(at, cents, fees)
    return await ledger.post(whose.till, "payout", source_of(at, "payout", ref), lines) is not None


async def is_paid_out(at: str, ref: str) -> bool:
    """Whether a provider's payout is in the books. Raises NotFound."""
    return await _entered((await account(at)).till, "payout", source_of(at, "payout", ref))


async def handed_over(till: UUID, ref: str, cents: Cents, out_of: str = BANK) -> bool:
    """A till handed money of its bank account, or another, to the public accountant; whether that was new.

    Raises Refused above what the till has there outside open drawers, Invalid.
    """
    checked_cents(cents)
    async with transaction() as c:
        # Two hand-overs at once must not both take the same money.
        await c.execute("SELECT FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", till)
        source = source_of(str(till), "hand-over", ref)
        if await _entered(till, "hand-over", source):
            return False
        there = await to_hand_over(till, out_of)
        if cents > there:
            told = {"there": euros(there)}
            text = Text("The till has {there} euros in the bank: no more can be handed over.", told)
            if out_of != BANK:
                text = Text("{there} euros are there outside open sessions: no more can be handed over.", told)
            raise Refused(Refusal("hand-over-above", text, "cents"))
        return await ledger.post(till, "hand-over", source, postings.paid_over(cents, out_of)) is not None


async def to_hand_over(till: UUID, out_of: str) -> Cents:
    """What can be handed over out of an account: what lies in the drawer of an open session cannot."""
    # In this order: what is taken in between is not counted.
    there = ledger.balance_of(await ledger.balances(till), out_of)
    ways = [way for way in BY_HAND if lies_in(way) == out_of]
    return there - sum([await takings.in_drawers(till, way) for way in ways])


async def _entered(till: UUID, kind: str, source: UUID) -> bool:
    sql = "SELECT true FROM parvis.ledger_entry WHERE till = $1 AND kind = $2 AND source = $3"
    async with connection() as c:
        return bool(await c.fetchval(sql, till, kind, source))


def source_of(whose: str, kind: str, ref: str) -> UUID:
    """By what a fact is entered once that somebody else has a reference of."""
    return uuid5(_SOURCES, f"{whose}\n{kind}\n{ref}")
