"""What a bank's file says of a till's debits: those that failed, and the batches whose money it brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from parvis.db import Connection, transaction
from parvis.payments.books import ledger
from parvis.payments.debits import batches, failing, files, lines, queries, reading
from parvis.payments.debits.reading import Failed
from parvis.payments.money import Cents

# What left its batch is not collected either, whatever file the bank speaks of.
_FAILED = frozenset({"rejected", "returned", "dropped"})
_NAMED = (
    "SELECT d.id, d.reference, d.state FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch "
    "WHERE b.till = $1 AND d.reference = ANY ($2)"
)
_OF_PART = (
    "SELECT d.reference FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch WHERE b.till = $1 "
    "AND b.reference = $2 AND $3 IN (b.reference, b.reference || '-' || d.sequence) AND d.state <> 'dropped' "
    "ORDER BY d.id"
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
        failing_ones = (*told.failed, *await _parts(c, till, told.refused))
        named = {row["reference"]: row["id"] for row in await c.fetch(_NAMED, till, [one.ref for one in failing_ones])}
        credited = await queries.batches_called(till, list(came))
        await lines.lock(c, [one.id for one in credited], named.values())
        failed = [await _fail(c, named[one.ref], one.reason) for one in failing_ones if one.ref in named]
        taken = [await _collect(one.id, came[one.reference]) for one in credited]
    unknown = len(failing_ones) - len(failed)
    return Brought(failed.count(True), failed.count(False), unknown, taken.count(True), taken.count(False))


async def _parts(c: Connection, till: UUID, refused: Sequence[Failed]) -> list[Failed]:
    """The debits of payments that a bank refused as a whole; one of nobody here stands for itself."""
    found = list[Failed]()
    for one in refused:
        rows = await c.fetch(_OF_PART, till, files.batch_of(one.ref), one.ref)
        found += [Failed(row["reference"], one.reason) for row in rows] or [one]
    return found


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
