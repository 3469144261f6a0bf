"""A payment that somebody entered as taken back by a bank, by mistake: it is here, and pays again what it had paid."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.events import PaymentStands
from parvis.outbox import record
from parvis.payments import intents, refunds, returning, set_offs, settling
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.intents import Intent
from parvis.payments.purposes import taken
from parvis.payments.rules import INTENT, after
from parvis.payments.settling import Money

_ENTERED = "SELECT id, person FROM parvis.capture_return WHERE capture = $1 AND undone_at IS NULL"
_UNDO = "UPDATE parvis.capture_return SET stands = $2, undone_at = $3, undone_by = $4, undone_why = $5 WHERE id = $1"
# What a provider says of it stands, whoever was wrong.
_DISPUTED = "SELECT EXISTS (SELECT FROM parvis.dispute WHERE capture = $1 AND (state <> 'won' OR covered > 0))"
_ATTEMPT = (
    "SELECT a.id FROM parvis.payment_attempt a JOIN parvis.capture c ON (c.account, c.provider_ref) = "
    "(a.account, a.provider_ref) WHERE c.id = $1"
)


async def undo(capture: UUID, why: str, by: UUID) -> None:
    """Say that it was not taken back, once; `by` is whose account says so. The payer is told.

    What it had paid is paid again. If something else was done since, its money comes in once more, and goes back where
    nothing is asked for. Raises Invalid for a reason that is none, Refused where somebody else says that the bank has
    it or the public accountant collects it by now, NotFound.
    """
    returning.check_why(why, "mistake")
    async with transaction() as c:
        paid = await refunds.locked_capture(c, capture)
        entered = await c.fetchrow(_ENTERED, capture)
        if entered is None:
            raise NotFound
        if entered["person"] is None or await c.fetchval(_DISPUTED, capture):
            text = Text("The bank or the payment service says itself that it has it.")
            raise Refused(Refusal("taken-back-told", text))
        again = not await _stands_again(c, paid)
        await c.execute(_UNDO, entered["id"], again, clock.now(), by, why)
        if again:
            await _come_in_again(c, paid, entered["id"])
        else:
            lines = await returning.lines(c, paid, (await account(paid["account"])).collects_into)
            await ledger.post(paid["till"], "return-back", entered["id"], postings.reversed_of(lines))
            await set_offs.free_others(c, paid)
        await record(PaymentStands(emitter=paid["emitter"], capture=capture))


async def _stands_again(c: Connection, paid: asyncpg.Record) -> bool:
    """Let what was sold be paid again, and what pays nothing be given back again; whether that is still possible."""
    found = await intents.locked(c, paid["intent"]) if paid["intent"] else None
    if found is None:
        return True
    if paid["sold"]:
        return await _is_paid_again(c, found)
    if paid["taken_as"] == "vain" and found.state in {"cancelled", "refunded"}:
        await intents.move(c, found, "vain" if found.state == "cancelled" else "bounce")
    return True


async def _is_paid_again(c: Connection, found: Intent) -> bool:
    if found.state == "passed_on":
        # Not while somebody else collects it: it is taken back from there first.
        after(INTENT, found.state, "paid")
    if (found.state, "paid") not in INTENT or not await taken(found):
        return False
    await intents.move(c, found, "paid")
    return True


async def _come_in_again(c: Connection, paid: asyncpg.Record, entered: UUID) -> None:
    """As money of no payment there, which settles as any does: what is a second one, or for a place that is gone, goes
    back."""
    attempt = await c.fetchval(_ATTEMPT, paid["id"])
    await settling.settle(Money(paid["account"], str(entered), paid["cents"], clock.now(), attempt))
