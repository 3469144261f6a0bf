"""Disputes as a provider tells them: the payer's bank takes money back until it is decided, and keeps or gives it back.

Told again, or of what somebody read on the bank's papers and entered, nothing is entered twice.
"""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, transaction
from parvis.errors import Conflict, NotFound
from parvis.payments import disputes, intents, refunds, returning, settling
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.books.movements import source_of
from parvis.payments.money import Cents
from parvis.payments.rules import checked_cents
from parvis.payments.settling import Money
from parvis.payments.statements import reconciling
from parvis.payments.statements.comparing import Difference

_OF_ATTEMPT = (
    "SELECT c.id FROM parvis.payment_attempt a JOIN parvis.capture c ON (c.account, c.provider_ref) = "
    "(a.account, a.provider_ref) WHERE a.account = $1 AND a.id = $2"
)
_ADD = (
    "INSERT INTO parvis.dispute (id, account, provider_ref, attempt, capture, cents, covered, state, opened_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8) ON CONFLICT (id) DO NOTHING RETURNING id"
)
_BEFORE = "SELECT coalesce(sum(covered), 0)::bigint FROM parvis.dispute WHERE capture = $1 AND id <> $2"


async def disputed(at: str, ref: str, cents: Cents, attempt: UUID | None = None) -> bool:
    """The payer's bank took money back until it is decided; whether that was new. `attempt` is what was paid.

    What of the payment was to be given back and has not left is called off. Of what somebody entered as taken back by
    hand nothing leaves the books again. Raises NotFound, Invalid.
    """
    checked_cents(cents)
    whose, source = await account(at), source_of(at, "dispute", ref)
    async with transaction() as c:
        await _hold(c, at, attempt)
        capture = await c.fetchval(_OF_ATTEMPT, at, attempt)
        entered = await _entered(c, capture) if capture else 0
        covered = max(0, min(cents, entered - int(await c.fetchval(_BEFORE, capture, source))))
        where = (source, at, ref, attempt, capture, cents, covered)
        if await c.fetchval(_ADD, *where, clock.now()) is None:
            return False
        await ledger.post(whose.till, "dispute", source, postings.disputed(at, cents - covered))
        if capture:
            await refunds.hold_back(c, capture)
        if unlike := await _unlike(c, capture, entered, cents) if capture else None:
            await reconciling.note(c, at, ledger.today(), [Difference("amount", "dispute", ref, unlike, cents)])
    return True


async def dispute_closed(at: str, ref: str, *, won: bool) -> bool:
    """The payer's bank gives the money back, or keeps it: then it is owed again, and its payer is told; whether new.

    Raises NotFound for a dispute nobody entered, Conflict when it was closed the other way.
    """
    source, state = source_of(at, "dispute", ref), "won" if won else "lost"
    async with transaction() as c:
        found = await _locked(c, source)
        if found["state"] != "open":
            if found["state"] != state:
                raise Conflict
            return False
        await c.execute(
            "UPDATE parvis.dispute SET state = $2, closed_at = $3 WHERE id = $1", source, state, clock.now()
        )
        if won:
            await _won(c, found)
        else:
            await disputes.lost(c, found)
    return True


async def _won(c: Connection, found: asyncpg.Record) -> None:
    if found["cents"] > found["covered"]:
        await ledger.reverse(found["till"], "dispute", found["id"])
    if cents := found["covered"]:
        # What was entered by hand is owed again since, and may be paid by now: this is money that comes in like any. A
        # part of it is nobody's by a rule: the bank took less than was entered, or gives back less.
        whole = cents == await c.fetchval("SELECT cents FROM parvis.capture WHERE id = $1", found["capture"])
        attempt = found["attempt"] if whole else None
        await settling.settle(Money(found["account"], found["provider_ref"], cents, clock.now(), attempt))


async def _unlike(c: Connection, capture: UUID, entered: Cents, cents: Cents) -> Cents | None:
    """What was entered by hand, of which a bank took less, or paid, of which it took more: somebody has to see why."""
    came: Cents = await c.fetchval("SELECT cents FROM parvis.capture WHERE id = $1", capture)
    return entered if cents < entered else came if cents > came else None


async def _hold(c: Connection, at: str, attempt: UUID | None) -> None:
    """Let nobody take the attempt's money meanwhile: whoever comes second finds what the first has written."""
    sql = "SELECT intent FROM parvis.payment_attempt WHERE account = $1 AND id = $2"
    intent = await c.fetchval(sql, at, attempt)
    if intent:
        await intents.locked(c, intent)


async def _locked(c: Connection, source: UUID) -> asyncpg.Record:
    """A dispute, nobody else's until the transaction ends. Raises NotFound."""
    # Always after its amount, as whoever takes its money does: else two wait for each other.
    found = await c.fetchrow(disputes.DISPUTE + "WHERE d.id = $1", source)
    if found is None:
        raise NotFound
    if found["capture"]:
        await refunds.locked_capture(c, found["capture"])
    else:
        await _hold(c, found["account"], found["attempt"])
    return await c.fetchrow(disputes.DISPUTE + "WHERE d.id = $1 FOR NO KEY UPDATE OF d", source)


async def _entered(c: Connection, capture: UUID) -> Cents:
    """What of a payment somebody entered as taken back by hand; nobody else enters it until the transaction ends."""
    paid = await refunds.locked_capture(c, capture)
    cents: Cents = paid["cents"] if await returning.by_hand(c, capture) else 0
    return cents
