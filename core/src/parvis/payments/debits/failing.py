"""Debits that did not work: rejected before the money came, or taken back after it, up to thirteen months later."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.events import DebitFailed
from parvis.outbox import record
from parvis.payments import claiming, returning
from parvis.payments.debits import lines, mandates, rules

_DEBIT = (
    "SELECT d.mandate, d.reference, d.state, b.account, b.state AS sent, t.emitter FROM parvis.debit d "
    "JOIN parvis.debit_batch b ON b.id = d.batch JOIN parvis.till t ON t.id = b.till WHERE d.id = $1"
)


async def fail(debit: UUID, reason: str) -> str:
    """Note that a debit did not work, and have its payer told; its state then. Raises Refused, Invalid, NotFound.

    What was not collected can be paid otherwise again; what was is taken out of the books, and owed again.
    """
    if wrong := rules.reason_fault(reason):
        raise Invalid(wrong)
    async with transaction() as c:
        # Its batch too: what is rejected while that is collected must not be collected.
        await lines.lock(c, debits=[debit])
        found = await c.fetchrow(_DEBIT, debit)
        if found is None:
            raise NotFound
        state = await _failed(c, found)
        await lines.to(c, debit, state, reason)
        if reason in rules.ENDS_MANDATE and (await mandates.one(found["mandate"])).revoked_at is None:
            await mandates.end(found["mandate"], reason)
        await record(DebitFailed(emitter=found["emitter"], debit=debit))
    return state


async def _failed(c: asyncpg.Connection, found: asyncpg.Record) -> str:
    until = clock.now() + lines.AGAIN
    if found["state"] == "listed" and found["sent"] == "sent":
        await claiming.let_go(c, found["account"], found["reference"], until)
        return "rejected"
    if found["state"] == "collected":
        await returning.take_back(found["account"], found["reference"], until)
        return "returned"
    raise Refused(Refusal("debit-state", Text("This debit has gone on meanwhile: look at it again.")))
