"""Batches: what is due of payers with a mandate, in one file; sent, then collected, or dropped before it is sent."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import msgspec

from parvis import clock, crypto
from parvis.db import Connection, new_id, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.events import DebitAnnounced
from parvis.outbox import record
from parvis.payments import claiming
from parvis.payments.books import ledger
from parvis.payments.debits import creditors, lines, mandates, openings, orders, queries, rules
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.queries import Batch, Ready
from parvis.payments.settling import Money, settle

# A bank says within days what it could not collect; until somebody enters what it said, nothing else may be paid.
_OPEN = timedelta(days=400)
_ADD = (
    "INSERT INTO parvis.debit (id, batch, mandate, intent, reference, cents, sequence, label, state, changed) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'listed', $9)"
)


async def make(till: UUID, day: date, by: UUID, asked: frozenset[UUID] = frozenset()) -> Batch:
    """Put what is due by a day into a batch to be collected on it; meanwhile nobody can pay it otherwise.

    `asked`: amounts whose pages are over and not paid, as `inquiring.ask` found out; others that had one stay out. The
    file is made once to be held to the schema. Raises Refused where there is nothing, or not on this day.
    """
    creditor = await creditors.creditor_of(till)
    if creditor is None:
        raise Refused(Refusal("no-creditor", Text("Say first for whom the bank collects.")))
    if wrong := rules.collection_fault(day, ledger.today(), creditor.lead, openings.is_open):
        raise Refused(wrong)
    batch = new_id()
    async with transaction() as c:
        await mandates.lock(c, till)
        found = [one for one in await queries.ready(till, day) if not one.page_over or one.id in asked]
        await _add(c, batch, till, day, creditor, by)
        if not await _list(c, batch, till, found):
            raise Refused(Refusal("nothing-ready", Text("No bill is due by then of somebody with a mandate.")))
        orders.content(await queries.batch_by_id(batch), await queries.lines_of(batch))
    return await queries.batch_by_id(batch)


async def send(batch: UUID, *, former: bool = False) -> None:
    """Note that the bank has the file as it was last taken, and tell the payers.

    Where something was taken back since, somebody has to say that the bank has that `former` file: it is collected all
    the same. Raises Refused when it was sent or dropped, nobody took its file, or that is a former one.
    """
    async with transaction() as c:
        await lines.lock(c, [batch])
        found = await queries.batch_by_id(batch)
        listed = [line for line in await queries.lines_of(batch) if line.state == "listed"]
        changed = any(line.withdrawn for line in listed)
        await _step(c, batch, "made", "sent")
        if wrong := rules.send_fault(found.file_at is not None, changed, former):
            raise Refused(wrong)
        emitter = (await ledger.till_by_id(found.till)).emitter
        for line in listed:
            await record(DebitAnnounced(emitter=emitter, debit=line.id))


async def drop(batch: UUID) -> None:
    """Give up a batch that no bank has: each of its amounts can be paid otherwise again. Raises Refused once sent."""
    async with transaction() as c:
        await lines.lock(c, [batch])
        found = await _step(c, batch, "made", "dropped")
        await lines.drop(c, found, [line for line in await queries.lines_of(batch) if line.state == "listed"])


async def collect(batch: UUID) -> int:
    """Take what the bank collected: all that did not fail; how many.

    Raises Refused before it was sent, and before the day on which the bank collects.
    """
    async with transaction() as c:
        await lines.lock(c, [batch])
        found = await _step(c, batch, "sent", "collected")
        if wrong := rules.too_early(found.day, ledger.today()):
            raise Refused(wrong)
        taken = [line for line in await queries.lines_of(batch) if line.state == "listed"]
        for line in taken:
            await settle(Money(found.account, line.reference, line.cents, clock.now()))
            await lines.to(c, line.id, "collected")
    return len(taken)


async def _add(c: Connection, batch: UUID, till: UUID, day: date, creditor: Creditor, by: UUID) -> None:
    number = await mandates.next_number(c, till, "batches")
    sealed = crypto.encrypt(msgspec.json.encode(creditor), queries.CREDITOR)
    reference = f"PRLV-{till.hex[-8:].upper()}-{number:06}"
    sql = (
        "INSERT INTO parvis.debit_batch (id, account, till, number, reference, day, state, creditor, made_at, made_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'made', $7, $8, $9)"
    )
    await c.execute(sql, batch, creditors.key(till), till, number, reference, day, sealed, clock.now(), by)


async def _list(c: Connection, batch: UUID, till: UUID, found: list[Ready]) -> int:
    """List what nobody is paying at this moment; how many."""
    used: Counter[UUID] = Counter()
    for one in found:
        debit = new_id()
        label = ", ".join(one.labels)[:140]
        sequence = rules.sequence(one.debited + used[one.mandate])
        row = (debit, batch, one.mandate, one.id, debit.hex, one.cents, sequence, label, clock.now())
        try:
            async with transaction():
                await claiming.claim(c, one.id, creditors.key(till), debit.hex, clock.now() + _OPEN)
                await c.execute(_ADD, *row)
        except Refused:
            continue
        used[one.mandate] += 1
    return used.total()


async def _step(c: Connection, batch: UUID, before: str, after: str) -> Batch:
    sql = "UPDATE parvis.debit_batch SET state = $3 WHERE id = $1 AND state = $2 RETURNING id"
    if await c.fetchval(sql, batch, before, after) is None:
        raise Refused(Refusal("batch-state", Text("This batch has gone on meanwhile: look at it again.")))
    return await queries.batch_by_id(batch)
