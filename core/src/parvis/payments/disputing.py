"""Disputes: the payer's bank takes money back until it is decided. Meanwhile nothing of it is given back besides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, transaction
from parvis.errors import Conflict, NotFound
from parvis.events import PaymentTakenBack
from parvis.outbox import record
from parvis.payments import granting, refundable, refunds, returning
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.books.movements import source_of
from parvis.payments.intents import locked, move
from parvis.payments.money import Cents
from parvis.payments.rules import checked_cents

_OF_ATTEMPT = (
    "SELECT c.id FROM parvis.payment_attempt a JOIN parvis.capture c ON (c.account, c.provider_ref) = "
    "(a.account, a.provider_ref) WHERE a.account = $1 AND a.id = $2"
)
_ADD = "INSERT INTO parvis.dispute (id, account, capture, cents, state, opened_at) VALUES ($1, $2, $3, $4, 'open', $5)"
_FIND = (
    "SELECT d.id, d.account, d.capture, d.cents, d.state, a.till FROM parvis.dispute d JOIN parvis.provider_account a "
)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute of a payment: `open`, `won` or `lost`; instants are UTC."""

    cents: Cents
    state: str
    opened_at: datetime
    closed_at: datetime | None


async def disputed(at: str, ref: str, cents: Cents, attempt: UUID | None = None) -> bool:
    """The payer's bank took money back until it is decided; whether that was new. `attempt` is what was paid.

    What of the payment was to be given back and has not left is called off. Raises NotFound, Invalid.
    """
    checked_cents(cents)
    whose, source = await account(at), source_of(at, "dispute", ref)
    async with transaction() as c:
        capture = await c.fetchval(_OF_ATTEMPT, at, attempt)
        if capture:
            await refunds.locked_capture(c, capture)
        if await ledger.post(whose.till, "dispute", source, postings.disputed(at, cents)) is None:
            return False
        await c.execute(_ADD, source, at, capture, cents, clock.now())
        if capture:
            await refunds.hold_back(c, capture)
    return True


async def dispute_closed(at: str, ref: str, *, won: bool) -> bool:
    """The payer's bank gives the money back, or keeps it: then it is owed again, and its payer is told; whether new.

    Raises NotFound for a dispute nobody entered, Conflict when it was closed the other way.
    """
    source, state = source_of(at, "dispute", ref), "won" if won else "lost"
    async with transaction() as c:
        found = await c.fetchrow(_FIND + "ON a.key = d.account WHERE d.id = $1 FOR NO KEY UPDATE OF d", source)
        if found is None:
            raise NotFound
        if found["state"] != "open":
            if found["state"] != state:
                raise Conflict
            return False
        await c.execute(
            "UPDATE parvis.dispute SET state = $2, closed_at = $3 WHERE id = $1", source, state, clock.now()
        )
        if won:
            await ledger.reverse(found["till"], "dispute", source)
        else:
            await _lose(c, found)
    return True


async def disputes_of(capture: UUID) -> list[Dispute]:
    """The disputes of a payment, the oldest first."""
    sql = "SELECT cents, state, opened_at, closed_at FROM parvis.dispute WHERE capture = $1 ORDER BY opened_at, id"
    async with connection() as c:
        return [Dispute(**row) for row in await c.fetch(sql, capture)]


async def _lose(c: Connection, found: asyncpg.Record) -> None:
    paid = await refunds.locked_capture(c, found["capture"]) if found["capture"] else None
    if paid and found["cents"] >= paid["cents"]:
        await returning.enter(c, paid["id"], postings.DISPUTED, returning.Told(ledger.today()))
    else:
        owed = granting.held_in(paid) if paid and not paid["sold"] else postings.RECEIVABLE
        await ledger.post(found["till"], "dispute-lost", found["id"], postings.dispute_lost(found["cents"], owed))
    if paid:
        await _end(c, paid)
        await record(PaymentTakenBack(emitter=paid["emitter"], capture=paid["id"]))


async def _end(c: Connection, paid: asyncpg.Record) -> None:
    """End what was to be given back, where part of it had left and the bank took the rest."""
    if paid["taken_as"] == "vain" and await refundable.is_over(c, paid["id"]):
        intent = await locked(c, paid["intent"])
        if intent.state == "to_refund":
            await move(c, intent, "repaid")
