"""What a bank's file says of a till's debits: those that failed, and the batches whose money it brings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from parvis.db import Connection, transaction
from parvis.payments.books import ledger
from parvis.payments.debits import batches, failing, files, lines, queries, reading
from parvis.payments.money import Cents

# What left its batch is not collected either, whatever file the bank speaks of.
_FAILED = frozenset({"rejected", "returned", "dropped"})
_NAMED = (
    "SELECT d.id, d.reference, d.state FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch "
    "WHERE b.till = $1 AND d.reference = ANY ($2)"
)


@dataclass(frozen=True, slots=True)
class Brought:
    """What a bank's file came to: debits that failed by it, known already, and of nobody here.

    `collected`: batches that are now in the books; `unlike`: money for one that is not what is left of it.
    """

    failed: int
    known: int
    unknown: int
    collected: int = 0
    unlike: int = 0


async def bring(till: UUID, content: bytes) -> Brought:
    """Enter what a bank's file says of a till's debits, all or nothing; what it says twice counts once.

    Raises Invalid for a file that is none.
    """
    told = reading.read(content)
    came: Counter[str] = Counter()
    for credit in told.credits:
        came[files.batch_of(credit.ref)] += credit.cents
    async with transaction() as c:
        named = {row["reference"]: row["id"] for row in await c.fetch(_NAMED, till, [one.ref for one in told.failed])}
        credited = await queries.batches_called(till, list(came))
        await lines.lock(c, [one.id for one in credited], named.values())
        failed = [await _fail(c, named[one.ref], one.reason) for one in told.failed if one.ref in named]
        taken = [await _collect(one.id, came[one.reference]) for one in credited]
    unknown = len(told.failed) - len(failed)
    return Brought(failed.count(True), failed.count(False), unknown, taken.count(True), taken.count(False))


async def _fail(c: Connection, debit: UUID, reason: str) -> bool:
    """Note that a debit failed; whether that was new."""
    if await c.fetchval("SELECT state FROM parvis.debit WHERE id = $1", debit) in _FAILED:
        return False
    await failing.fail(debit, reason)
    return True


async def _collect(batch: UUID, cents: Cents) -> bool | None:
    """Take what the bank brings for a batch if it is what is left of it, or all of it, whose rejects it takes back by
    entries of their own; None where that was known."""
    found = await queries.batch_by_id(batch)
    if found.state != "sent":
        return None if found.state == "collected" else False
    if cents not in {found.cents - found.failed_cents, found.cents} or found.day > ledger.today():
        return False
    await batches.collect(batch)
    return True
