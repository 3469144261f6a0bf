"""Receipts: numbered from 1 for each till and year, without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis import clock
from parvis.db import connection, new_id
from parvis.errors import NotFound
from parvis.payments.books.ledger import today
from parvis.payments.money import Cents

# The counter's row stays locked until the commit: who comes later waits, and a rollback gives the number back.
NEXT_NUMBER = (
    "INSERT INTO parvis.receipt_counter AS kept (till, year, last) VALUES ($1, $2, 1) "
    "ON CONFLICT (till, year) DO UPDATE SET last = kept.last + 1 RETURNING last"
)
_GIVE = (
    "INSERT INTO parvis.receipt (id, till, year, number, source, cents, at) "
    "SELECT $3, $1, $2, next.last, $4, $5, $6 FROM next RETURNING number"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a payer was given; `at` is UTC."""

    id: UUID
    till: UUID
    year: int
    number: int
    source: UUID
    cents: Cents
    at: datetime

    @property
    def name(self) -> str:
        """Its number as people quote it, such as `2026-000042`."""
        return f"{self.year}-{self.number:06}"


async def give(till: UUID, source: UUID, cents: Cents) -> Receipt:
    """Give the next receipt of a till for money that came in."""
    year, receipt, now = today().year, new_id(), clock.now()
    # One statement is all or nothing by itself, and one round trip.
    sql = f"WITH next (last) AS ({NEXT_NUMBER}) {_GIVE}"
    async with connection() as c:
        number = await c.fetchval(sql, till, year, receipt, source, cents, now)
    return Receipt(receipt, till, year, number, source, cents, now)


async def receipt_for(source: UUID) -> Receipt:
    """The receipt for money that came in. Raises NotFound."""
    sql = "SELECT id, till, year, number, source, cents, at FROM parvis.receipt WHERE source = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, source)
    if row is None:
        raise NotFound
    return Receipt(**row)


async def gaps(till: UUID) -> list[tuple[int, int]]:
    """Years and numbers that are missing below the counter; none, ever."""
    sql = (
        "SELECT k.year, n FROM parvis.receipt_counter k, generate_series(1, k.last) n WHERE k.till = $1 "
        "AND NOT EXISTS (SELECT FROM parvis.receipt r WHERE r.till = $1 AND r.year = k.year AND r.number = n)"
    )
    async with connection() as c:
        return [(row["year"], row["n"]) for row in await c.fetch(sql, till)]
