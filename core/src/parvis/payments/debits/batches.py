"""Batches: what is due of payers with a mandate, in one file; sent, then collected, or dropped before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from parvis import clock, crypto, settings
from parvis.db import Connection, new_id, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.events import DebitAnnounced
from parvis.outbox import record
from parvis.payments import claiming
from parvis.payments.books import ledger
from parvis.payments.debits import creditors, files, mandates, openings, queries, rules
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.queries import Batch, Ready
from parvis.payments.settling import Money, settle

# A bank says within days what it could not collect; until somebody enters what it said, nothing else may be paid.
_OPEN = timedelta(days=400)
_ADD = (
    "INSERT INTO parvis.debit (id, batch, mandate, intent, reference, cents, sequence, label, state, changed) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'listed', $9)"
)


async def make(till: UUID, day: date, by: UUID) -> Batch:
    """Put everything that is ready into a batch to be collected on a day; meanwhile nobody can pay it otherwise.

    The file is made once to be held to the schema. Raises Refused where there is nothing, or not on this day.
    """
    creditor = await creditors.creditor_of(till)
    if creditor is None:
        raise Refused(Refusal("no-creditor", Text("Say first for whom the bank collects.")))
    if wrong := rules.collection_fault(day, ledger.today(), creditor.lead, openings.is_open):
        raise Refused(wrong)
    batch = new_id()
    async with transaction() as c:
        await mandates.lock(c, till)
        found = await queries.ready(till)
        await _add(c, batch, till, day, creditor, by)
        listed = [one for one in found if await _list(c, batch, till, one)]
        if not listed:
            raise Refused(Refusal("nothing-ready", Text("No bill is due of somebody with a mandate.")))
        files.pain008(*await _file(batch))
    return await queries.batch_by_id(batch)


async def send(batch: UUID) -> None:
    """Note that the bank has the file, and tell the payers. Raises Refused when it was sent or dropped."""
    async with transaction() as c:
        found = await _step(c, batch, "made", "sent")
        for line in await queries.lines_of(batch):
            await record(DebitAnnounced(emitter=await _emitter(c, found.till), debit=line.id))


async def drop(batch: UUID) -> None:
    """Give up a batch that no bank has: each of its amounts can be paid otherwise again. Raises Refused once sent."""
    async with transaction() as c:
        found = await _step(c, batch, "made", "dropped")
        for line in await queries.lines_of(batch):
            await claiming.let_go(c, found.account, line.reference)
            await to(c, line.id, "dropped")


async def collect(batch: UUID) -> int:
    """Take what the bank collected: all that did not fail; how many. Raises Refused before it was sent."""
    async with transaction() as c:
        found = await _step(c, batch, "sent", "collected")
        taken = [line for line in await queries.lines_of(batch) if line.state == "listed"]
        for line in taken:
            await settle(Money(found.account, line.reference, line.cents, clock.now()))
            await to(c, line.id, "collected")
    return len(taken)


async def file(batch: UUID) -> bytes:
    """The file for the bank, the same each time. Raises NotFound."""
    return files.pain008(*await _file(batch))


async def to(c: Connection, debit: UUID, state: str, reason: str = "") -> None:
    """Note what became of a debit, in the caller's transaction."""
    sql = "UPDATE parvis.debit SET state = $2, reason = $3, changed = $4 WHERE id = $1"
    await c.execute(sql, debit, state, reason, clock.now())


async def _add(c: Connection, batch: UUID, till: UUID, day: date, creditor: Creditor, by: UUID) -> None:
    number = await mandates.next_number(c, till, "batches")
    sealed = crypto.encrypt(msgspec.json.encode(creditor), queries.CREDITOR)
    reference = f"PRLV-{till.hex[-8:].upper()}-{number:06}"
    sql = (
        "INSERT INTO parvis.debit_batch (id, account, till, number, reference, day, state, creditor, made_at, made_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'made', $7, $8, $9)"
    )
    await c.execute(sql, batch, creditors.key(till), till, number, reference, day, sealed, clock.now(), by)


async def _list(c: Connection, batch: UUID, till: UUID, one: Ready) -> bool:
    debit = new_id()
    try:
        async with transaction():
            await claiming.claim(c, one.id, creditors.key(till), debit.hex, clock.now() + _OPEN)
            label = ", ".join(one.labels)[:140]
            row = (debit, batch, one.mandate, one.id, debit.hex, one.cents, rules.sequence(one.debited), label)
            await c.execute(_ADD, *row, clock.now())
    except Refused:
        # Somebody is paying it at this moment.
        return False
    return True


async def _step(c: Connection, batch: UUID, before: str, after: str) -> Batch:
    sql = "UPDATE parvis.debit_batch SET state = $3 WHERE id = $1 AND state = $2 RETURNING id"
    if await c.fetchval(sql, batch, before, after) is None:
        raise Refused(Refusal("batch-state", Text("This batch has gone on meanwhile: look at it again.")))
    return await queries.batch_by_id(batch)


async def _file(batch: UUID) -> tuple[files.Batch, Sequence[files.Debit]]:
    found, zone = await queries.batch_by_id(batch), settings.current().zone
    of = found.creditor
    head = files.Batch(
        ref=found.reference, made=found.made_at.astimezone(zone), day=found.day, name=of.name, iban=of.iban, bic=of.bic,
        creditor=of.identifier,
    )  # fmt: skip
    return head, [
        files.Debit(ref=line.reference, cents=line.cents, name=line.name, iban=line.iban, mandate=line.rum,
                    signed_on=line.signed_on, sequence=line.sequence, label=line.label or found.reference)
        for line in await queries.lines_of(batch)
        if line.state != "dropped"
    ]  # fmt: skip


async def _emitter(c: Connection, till: UUID) -> UUID:
    found: UUID = await c.fetchval("SELECT emitter FROM parvis.till WHERE id = $1", till)
    return found
