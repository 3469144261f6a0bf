"""Debits that did not work: rejected before the money came, or taken back after it, up to thirteen months later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import connection, transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.events import DebitFailed
from parvis.outbox import record
from parvis.payments import claiming, returning
from parvis.payments.debits import batches, mandates, reading, rules

# Who is told that nothing was collected has so long to pay otherwise.
_AGAIN = timedelta(days=15)
_DEBIT = (
    "SELECT d.id, d.batch, d.intent, d.mandate, d.reference, d.cents, d.state, d.reason, b.account, b.till, "
    "b.state AS sent, t.emitter FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch "
    "JOIN parvis.till t ON t.id = b.till WHERE "
)

_LOCK = "SELECT FROM parvis.debit_batch WHERE id = (SELECT batch FROM parvis.debit WHERE id = $1) FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Brought:
    """What a bank's file came to: debits that failed by it, known already, and of nobody here."""

    failed: int
    known: int
    unknown: int


async def fail(debit: UUID, reason: str) -> str:
    """Note that a debit did not work, and have its payer told; its state then. Raises Refused, Invalid, NotFound.

    What was not collected can be paid otherwise again; what was is taken out of the books, and owed again.
    """
    if wrong := rules.reason_fault(reason):
        raise Invalid(wrong)
    async with transaction() as c:
        # The batch before its debits, as collecting it does: what is rejected at that moment must not be collected too.
        await c.execute(_LOCK, debit)
        found = await c.fetchrow(_DEBIT + "d.id = $1 FOR NO KEY UPDATE OF d", debit)
        if found is None:
            raise NotFound
        state = await _failed(c, found)
        await batches.to(c, debit, state, reason)
        if reason in rules.ENDS_MANDATE and (await mandates.one(found["mandate"])).revoked_at is None:
            await mandates.revoke(found["mandate"], reason)
        await record(DebitFailed(emitter=found["emitter"], debit=debit))
    return state


async def bring(till: UUID, content: bytes) -> Brought:
    """Enter what a bank's file says of a till's debits, all or nothing; what it says twice counts once.

    Raises Invalid for a file that is none.
    """
    told = reading.rejected(content)
    failed = known = unknown = 0
    async with transaction() as c:
        for one in told:
            row = await c.fetchrow(_DEBIT + "d.reference = $1 AND b.till = $2", one.ref, till)
            if row is None:
                unknown += 1
            elif row["state"] in {"rejected", "returned"}:
                known += 1
            else:
                await fail(row["id"], one.reason)
                failed += 1
    return Brought(failed, known, unknown)


async def till_of(debit: UUID) -> UUID:
    """Whose debit it is. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_DEBIT + "d.id = $1", debit)
    if row is None:
        raise NotFound
    till: UUID = row["till"]
    return till


async def _failed(c: asyncpg.Connection, found: asyncpg.Record) -> str:
    until = clock.now() + _AGAIN
    if found["state"] == "listed" and found["sent"] == "sent":
        await claiming.let_go(c, found["account"], found["reference"], until)
        return "rejected"
    if found["state"] == "collected":
        await returning.take_back(found["account"], found["reference"], until)
        return "returned"
    raise Refused(Refusal("debit-state", Text("This debit has gone on meanwhile: look at it again.")))
