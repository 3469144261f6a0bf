"""A batch's file: what the bank is asked for, as it was last taken. It is kept, sealed, for as long as the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from parvis import clock, crypto, settings
from parvis.db import Connection, connection, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments.debits import files, lines, queries
from parvis.payments.debits.queries import Batch, Line

_SEALED = "debit-file"
# What proves an entry is kept as long as the books (Code de commerce, article L. 123-22).
_KEPT = timedelta(days=10 * 365 + 3)


async def take(batch: UUID) -> bytes:
    """The file to give to the bank. Until somebody says that the bank has it, what was taken back leaves it.

    It has the same name each time, so that a bank takes one of them only. Raises NotFound for a batch that was given
    up, Refused where nothing is left of it.
    """
    async with transaction() as c:
        await lines.lock(c, [batch])
        found = await queries.batch_by_id(batch)
        if found.state == "dropped":
            raise NotFound
        if found.state != "made":
            return await kept(batch)
        listed = await queries.lines_of(batch)
        await lines.drop(c, found, [line for line in listed if line.withdrawn])
        left = [line for line in listed if line.state == "listed" and not line.withdrawn]
        if not left:
            text = Text("All of its debits were taken back: give the batch up.")
            raise Refused(Refusal("nothing-left", text))
        return await _keep(c, batch, content(found, left))


async def kept(batch: UUID) -> bytes:
    """The file as it was last taken. Raises NotFound."""
    async with connection() as c:
        sealed = await c.fetchval("SELECT file FROM parvis.debit_batch WHERE id = $1", batch)
    if sealed is None:
        raise NotFound
    return crypto.decrypt(sealed, _SEALED)


def content(batch: Batch, debits: Sequence[Line]) -> bytes:
    """The file of these debits, the same each time. Raises Unfit."""
    of = batch.creditor
    head = files.Batch(
        ref=batch.reference, made=batch.made_at.astimezone(settings.current().zone), day=batch.day, name=of.name,
        iban=of.iban, bic=of.bic, creditor=of.identifier,
    )  # fmt: skip
    return files.pain008(head, [
        files.Debit(ref=line.reference, cents=line.cents, name=line.name, iban=line.iban, mandate=line.rum,
                    signed_on=line.signed_on, sequence=line.sequence, label=line.label or batch.reference)
        for line in debits
    ])  # fmt: skip


async def forget_old() -> int:
    """Forget files that are older than what proves an entry must be; how many."""
    sql = "UPDATE parvis.debit_batch SET file = NULL WHERE file IS NOT NULL AND file_at < $1 RETURNING id"
    async with transaction() as c:
        return len(await c.fetch(sql, clock.now() - _KEPT))


async def _keep(c: Connection, batch: UUID, made: bytes) -> bytes:
    sql = "UPDATE parvis.debit_batch SET file = $2, file_at = $3 WHERE id = $1"
    await c.execute(sql, batch, crypto.encrypt(made, _SEALED), clock.now())
    return made
