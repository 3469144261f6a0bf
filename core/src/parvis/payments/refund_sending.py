"""Giving back what was approved: sent once, then done, failed, or unknown until the provider says. It may come back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.payments import OutcomeUnknown, Provider, Sent
from parvis.db import Connection, connection, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.events import RefundDone
from parvis.outbox import record
from parvis.payments import giving_back, granting, intents, refundable, refunds, set_offs
from parvis.payments.accounts import account
from parvis.payments.asking import answer
from parvis.payments.books import ledger, postings, sales
from parvis.payments.credits import balances
from parvis.payments.rules import REFUND, after, approval_fault, back_fault
from parvis.payments.wording import METHODS

_LEFT = "SELECT done_day IS NOT NULL FROM parvis.refund WHERE id = $1"


async def send(refund: UUID, provider: Provider) -> str:
    """Have the provider give an approved refund back, once; its state then, `unknown` if no answer came."""
    async with transaction() as c:
        paid, found = await refunds.both(c, refund)
        _by_provider(found, True)
        await _leave(c, found)
    return await _ask(refund, provider, paid)


async def ask_again(refund: UUID, provider: Provider) -> str:
    """Ask about a refund whose outcome is unknown, by its id that the provider does once; its state then."""
    async with connection() as c:
        found = await refunds.refund_by_id(refund)
        paid = await c.fetchrow(refunds.CAPTURE, found.capture)
    return await _ask(refund, provider, paid)


async def finish(refund: UUID, sent: Sent) -> str:
    """Note what became of a refund that was sent, or paid by hand (`done`); its state then. Raises Refused.

    One that failed after it was done came back: it is owed again, and waits to be sent another way.
    """
    async with transaction() as c:
        paid, found = await refunds.both(c, refund)
        if found.state == "unknown" and sent == Sent.UNKNOWN:
            return found.state
        if found.state == "done" and sent == Sent.FAILED:
            return await _bounced(c, found, paid)
        state = await refunds.move(c, found, sent.value)
        if state == "done":
            await _done(c, found, paid)
        elif state == "failed" and await refundable.was_taken_back(c, paid["id"]):
            state = await refunds.move(c, replace(found, state=state), "cancel")
            await _not_left(c, found, paid)
        elif state == "failed":
            await _not_beyond(c, found, paid)
    return state


async def heard(refund: UUID, sent: Sent) -> str:
    """Note what a provider says of a refund; its state then. Raises Refused, also for one that left another way since:
    what had failed may be told again."""
    async with transaction() as c:
        _, found = await refunds.both(c, refund)
        _by_provider(found, True)
        return await finish(refund, sent)


async def pay_by_hand(refund: UUID) -> None:
    """Note that an approved refund was paid: cash, a mandate, an advance. Raises Refused."""
    async with transaction() as c:
        _, found = await refunds.both(c, refund)
        _by_provider(found, False)
        await _leave(c, found)
        await finish(refund, Sent.DONE)


async def retry(refund: UUID, by: UUID, method: str | None = None) -> UUID:
    """Let a refund that failed be sent again, another way if one is named; its id. Raises Refused.

    What its provider was asked for is another one there: a provider does an id once, and has said of this that it
    failed.
    """
    async with transaction() as c:
        paid, found = await refunds.both(c, refund)
        # Whoever could ask for it alone can ask for it again.
        if found.decided_by and (wrong := approval_fault(found.requested_by, by)):
            raise Refused(wrong)
        if not await refundable.is_covered(c, found.capture):
            text = Text("The payer’s bank disputes this payment: nothing of it is given back meanwhile.")
            raise Refused(Refusal("refund-disputed", text))
        how = method or found.method
        if how == found.method == "provider" and await c.fetchval(_LEFT, refund):
            await refunds.move(c, found, "cancel")
            await granting.ungrant(found.id, found.cents, paid, found.credit)
            found = await refunds.locked(c, await _failed_anew(c, found, paid))
        await refunds.move(c, found, "approve")
        await c.execute("UPDATE parvis.refund SET method = $2 WHERE id = $1", found.id, how)
    return found.id


async def back_by_hand(refund: UUID) -> None:
    """Note that the bank sent a refund back. Raises Refused where that cannot be."""
    async with transaction() as c:
        _, found = await refunds.both(c, refund)
        if wrong := back_fault(found.method):
            raise Refused(wrong)
        after(REFUND, found.state, "bounce")
        await finish(refund, Sent.FAILED)


async def _leave(c: Connection, found: refunds.Refund) -> None:
    """Send it: whenever its outcome is known, it is of this day."""
    await refunds.move(c, found, "send")
    await c.execute("UPDATE parvis.refund SET done_day = $2 WHERE id = $1", found.id, ledger.today())


def _by_provider(found: refunds.Refund, wanted: bool) -> None:
    if (found.method == "provider") != wanted:
        text = Text("This refund leaves another way: {method}.", {"method": METHODS[found.method]})
        raise Refused(Refusal("refund-method", text, "method"))


async def _ask(refund: UUID, provider: Provider, paid: asyncpg.Record) -> str:
    found = await refunds.refund_by_id(refund)
    try:
        sent = await answer(
            paid["account"], provider.refund(paid["account"], paid["provider_ref"], refund, found.cents)
        )
    except OutcomeUnknown:
        sent = Sent.UNKNOWN
    return await finish(refund, sent)


async def _done(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> None:
    own = (await ledger.till_by_id(found.till)).kind == "own"
    out_of = (await account(paid["account"])).pays_from(found.method, own=own)
    await ledger.post(found.till, "refund", found.id, postings.repaid(out_of, found.cents))
    if found.method == "credit":
        await balances.give(c, found.capture, found.cents, found.id)
    await giving_back.enter(c, found, paid)
    await refunds.end(c, paid)
    await record(RefundDone(emitter=paid["emitter"], refund=found.id, cents=found.cents))


async def _bounced(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> str:
    state = await refunds.move(c, found, "bounce")
    await ledger.reverse(found.till, "refund", found.id)
    if await refundable.was_taken_back(c, paid["id"]):
        await _not_left(c, found, paid)
        return state
    await granting.ungrant(found.id, found.cents, paid, found.credit)
    await _not_beyond(c, found, paid)
    await _failed_anew(c, found, paid)
    if paid["taken_as"] == "vain":
        intent = await intents.locked(c, paid["intent"])
        if intent.state == "refunded":
            await intents.move(c, intent, "bounce")
    return state


async def _not_beyond(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> None:
    """The payer's bank took a part, and what we thought had left besides did not: they do not have that twice."""
    left = await refundable.gone(c, paid["id"])
    if not found.credit:
        cents = await refundable.beyond(c, paid["id"], left + found.cents) - await refundable.beyond(
            c, paid["id"], left
        )
        await ledger.post(found.till, "not-left", found.id, postings.not_left(cents, granting.held_in(paid)))


async def _failed_anew(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> UUID:
    """A refund of its own, that failed: the day and the entry of the one that left stay what they are."""
    said = (found.method, found.reason, found.requested_by, found.credit, found.cancellation)
    again = await refunds.add(c, paid, found.cents, *said)
    sql = "UPDATE parvis.refund SET state = 'failed', decided_by = $2, decided_at = $3 WHERE id = $1"
    await c.execute(sql, again, found.decided_by, clock.now())
    await granting.grant(again, found.cents, paid, found.credit)
    return again


async def _not_left(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> None:
    """The payer's bank took everything back, and what we thought had left besides did not: nobody owes it."""
    await set_offs.free_others(c, paid)
    if paid["sold"] and not found.credit and not await sales.stands(paid["intent"]):
        # Nobody asks for it any more: nothing of it is sold again.
        await ledger.post(found.till, "not-left", found.id, postings.not_left(found.cents))
        return
    await granting.ungrant(found.id, found.cents, paid, found.credit)
    if found.credit:
        return
    cents, held_in = found.cents, granting.held_in(paid)
    if paid["sold"]:
        # What was paid above the price is no credit any more: the bank has it.
        price, gone = (await intents.intent(paid["intent"])).cents, await refundable.gone(c, paid["id"])
        cents, held_in = max(0, gone + found.cents - price) - max(0, gone - price), postings.CREDIT
    await ledger.post(found.till, "not-left", found.id, postings.not_left(cents, held_in))
