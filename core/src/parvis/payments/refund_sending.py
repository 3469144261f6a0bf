"""Giving back what was approved: sent once, then done, failed, or unknown until the provider says."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis.contract.payments import OutcomeUnknown, Provider, Sent
from parvis.db import Connection, connection, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.events import RefundDone
from parvis.outbox import record
from parvis.payments import intents, refunds
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.rules import approval_fault
from parvis.payments.wording import METHODS


async def send(refund: UUID, provider: Provider) -> str:
    """Have the provider give an approved refund back, once; its state then, `unknown` if no answer came."""
    async with transaction() as c:
        paid, found = await refunds.both(c, refund)
        _by_provider(found, True)
        await refunds.move(c, found, "send")
    return await _ask(refund, provider, paid)


async def ask_again(refund: UUID, provider: Provider) -> str:
    """Ask about a refund whose outcome is unknown, by its id that the provider does once; its state then."""
    async with connection() as c:
        found = await refunds.refund_by_id(refund)
        paid = await c.fetchrow(refunds.CAPTURE, found.capture)
    return await _ask(refund, provider, paid)


async def finish(refund: UUID, sent: Sent) -> str:
    """Note what became of a refund that was sent, or paid by hand (`done`); its state then. Raises Refused."""
    async with transaction() as c:
        paid, found = await refunds.both(c, refund)
        if found.state == "unknown" and sent == Sent.UNKNOWN:
            return found.state
        state = await refunds.move(c, found, sent.value)
        if state == "done":
            await _done(c, found, paid)
    return state


async def pay_by_hand(refund: UUID) -> None:
    """Note that an approved refund was paid: cash, a mandate, an advance. Raises Refused."""
    async with transaction() as c:
        _, found = await refunds.both(c, refund)
        _by_provider(found, False)
        await refunds.move(c, found, "send")
        await finish(refund, Sent.DONE)


async def retry(refund: UUID, by: UUID) -> None:
    """Let a refund that failed be sent again. Raises Refused."""
    async with transaction() as c:
        _, found = await refunds.both(c, refund)
        if wrong := approval_fault(found.requested_by, by):
            raise Refused(wrong)
        await refunds.move(c, found, "approve")


def _by_provider(found: refunds.Refund, wanted: bool) -> None:
    if (found.method == "provider") != wanted:
        text = Text("This refund leaves another way: {method}.", {"method": METHODS[found.method]})
        raise Refused(Refusal("refund-method", text, "method"))


async def _ask(refund: UUID, provider: Provider, paid: asyncpg.Record) -> str:
    found = await refunds.refund_by_id(refund)
    try:
        sent = await provider.refund(paid["account"], paid["provider_ref"], refund, found.cents)
    except OutcomeUnknown:
        sent = Sent.UNKNOWN
    return await finish(refund, sent)


async def _done(c: Connection, found: refunds.Refund, paid: asyncpg.Record) -> None:
    out_of = (await account(paid["account"])).pays_from(found.method)
    await ledger.post(found.till, "refund", found.id, postings.repaid(out_of, found.cents))
    await c.execute("UPDATE parvis.refund SET done_day = $2 WHERE id = $1", found.id, ledger.today())
    if paid["taken_as"] == "vain":
        intent = await intents.locked(c, paid["intent"])
        if intent.state == "to_refund":
            await intents.move(c, intent, "repaid")
    await record(RefundDone(emitter=paid["emitter"], refund=found.id, cents=found.cents))
