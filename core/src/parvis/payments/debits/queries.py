"""Reads of direct debits: what can be debited, batches, and the debits in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, crypto
from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments.books import ledger
from parvis.payments.debits import openings, rules
from parvis.payments.debits.creditors import Creditor
from parvis.payments.invoices import bills
from parvis.payments.money import Cents

CREDITOR, MANDATE = "debit-creditor", "sepa-mandate"
MOST = 500
_READY = """
SELECT DISTINCT ON (i.id) i.id, i.cents, i.expires_at, m.id AS mandate, m.reference, m.last,
    (SELECT array_agg(label ORDER BY ch.id) FROM parvis.charge ch WHERE ch.intent = i.id) AS labels,
    (SELECT count(*) FROM parvis.debit d WHERE d.mandate = m.id AND d.state IN ('listed', 'collected', 'returned'))
        AS debited
FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket AND b.version = i.version
JOIN parvis.sepa_mandate m ON m.till = i.till AND m.revoked_at IS NULL
    AND (m.person = b.person OR m.contact_digest = b.contact_digest)
WHERE i.till = $1 AND b.purpose = $2 AND i.state IN ('created', 'pending') AND i.cents > 0 AND i.expires_at > $3
AND NOT EXISTS (SELECT FROM parvis.payment_attempt a WHERE a.intent = i.id AND a.state IN ('creating', 'live'))
ORDER BY i.id LIMIT $4
"""
_BATCH = """
SELECT b.id, b.account, b.till, b.number, b.reference, b.day, b.state, b.made_at, b.made_by, b.creditor,
    (SELECT count(*) FROM parvis.debit d WHERE d.batch = b.id) AS debits,
    (SELECT coalesce(sum(d.cents), 0) FROM parvis.debit d WHERE d.batch = b.id)::bigint AS cents,
    (SELECT count(*) FROM parvis.debit d WHERE d.batch = b.id AND d.state IN ('rejected', 'returned')) AS failed
FROM parvis.debit_batch b
"""
_LINES = """
SELECT d.id, d.batch, d.intent, d.mandate, d.reference, d.cents, d.sequence, d.label, d.state, d.reason,
    m.reference AS rum, m.last, m.name, m.iban, m.signed_on
FROM parvis.debit d JOIN parvis.sepa_mandate m ON m.id = d.mandate WHERE d.batch = $1 ORDER BY d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An amount that can be debited, and by which mandate."""

    id: UUID
    cents: Cents
    expires_at: datetime
    mandate: UUID
    reference: str
    last: str
    labels: tuple[str, ...]
    debited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch, how many debits it has, what they come to, and how many failed."""

    id: UUID
    account: str
    till: UUID
    number: int
    reference: str
    day: date
    state: str
    made_at: datetime
    made_by: UUID
    creditor: Creditor
    debits: int
    cents: Cents
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A debit of a batch, with its mandate; the names and IBANs are for the bank's file alone."""

    id: UUID
    batch: UUID
    intent: UUID
    mandate: UUID
    reference: str
    cents: Cents
    sequence: str
    label: str
    state: str
    reason: str
    rum: str
    last: str
    name: str
    iban: str
    signed_on: date


async def ready(till: UUID) -> list[Ready]:
    """The bills of a till that are due of a payer with a mandate, and that nobody is paying."""
    async with connection() as c:
        rows = await c.fetch(_READY, till, bills.PURPOSE, clock.now(), MOST)
    return [Ready(**(dict(row) | {"labels": tuple(row["labels"])})) for row in rows]


def soonest(creditor: Creditor) -> date:
    """The first day on which a batch made today can be collected."""
    return rules.collection_day(ledger.today(), creditor.lead, openings.is_open)


async def batches_of(till: UUID, limit: int = 100) -> list[Batch]:
    """A till's batches, the latest first."""
    async with connection() as c:
        return [
            _read(row)
            for row in await c.fetch(_BATCH + "WHERE b.till = $1 ORDER BY b.number DESC LIMIT $2", till, limit)
        ]


async def batch_by_id(batch: UUID) -> Batch:
    """A batch. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_BATCH + "WHERE b.id = $1", batch)
    if row is None:
        raise NotFound
    return _read(row)


async def lines_of(batch: UUID) -> list[Line]:
    """The debits of a batch."""
    async with connection() as c:
        return [_line(row) for row in await c.fetch(_LINES, batch)]


async def line_by_id(debit: UUID) -> tuple[Batch, Line]:
    """A debit and its batch. Raises NotFound."""
    async with connection() as c:
        batch = await c.fetchval("SELECT batch FROM parvis.debit WHERE id = $1", debit)
    if batch is None:
        raise NotFound
    return await batch_by_id(batch), next(line for line in await lines_of(batch) if line.id == debit)


def _read(row: asyncpg.Record) -> Batch:
    creditor = msgspec.json.decode(crypto.decrypt(row["creditor"], CREDITOR), type=Creditor)
    return Batch(**(dict(row) | {"creditor": creditor}))


def _line(row: asyncpg.Record) -> Line:
    opened = {name: crypto.decrypt(row[name], MANDATE).decode() for name in ("name", "iban")}
    return Line(**(dict(row) | opened))
