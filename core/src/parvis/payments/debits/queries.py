"""Reads of direct debits: what can be debited, batches, and the debits in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, crypto, settings
from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments.books import ledger
from parvis.payments.debits import openings, rules
from parvis.payments.debits.creditors import Creditor
from parvis.payments.invoices import bills
from parvis.payments.money import Cents
from parvis.payments.wallclock import bounds

CREDITOR, MANDATE = "debit-creditor", "sepa-mandate"
MOST = 500
_READY = """
SELECT * FROM (SELECT DISTINCT ON (i.id) i.id, i.cents, i.expires_at, m.id AS mandate, m.reference, m.last,
    (SELECT array_agg(label ORDER BY ch.id) FILTER (WHERE ch.credit IS NULL)
        FROM parvis.charge ch WHERE ch.intent = i.id) AS labels,
    (SELECT count(*) FROM parvis.debit d WHERE d.mandate = m.id AND d.state IN ('listed', 'collected', 'returned'))
        AS debited,
    EXISTS (SELECT FROM parvis.payment_attempt a WHERE a.intent = i.id AND a.state IN ('creating', 'live')) AS page_over
FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket AND b.version = i.version
JOIN parvis.sepa_mandate m ON m.till = i.till AND m.revoked_at IS NULL
    AND (m.person = b.person OR m.contact_digest = b.contact_digest)
WHERE i.till = $1 AND b.purpose = $2 AND i.cents > 0 AND i.expires_at <= $4
AND (i.state IN ('created', 'pending') AND i.expires_at > $3 OR i.state = 'expired' AND i.expires_at > $6)
AND NOT EXISTS (SELECT FROM parvis.payment_attempt a
    WHERE a.intent = i.id AND a.state IN ('creating', 'live') AND a.live_until > $3)
ORDER BY i.id) AS found ORDER BY expires_at, id LIMIT $5
"""
_BATCH = """
SELECT b.id, b.account, b.till, b.number, b.reference, b.day, b.state, b.made_at, b.made_by, b.file_at, b.creditor,
    n.debits, n.cents, n.failed, n.failed_cents
FROM parvis.debit_batch b CROSS JOIN LATERAL (
    SELECT count(*) AS debits, coalesce(sum(d.cents), 0)::bigint AS cents,
        count(*) FILTER (WHERE d.state IN ('rejected', 'returned')) AS failed,
        coalesce(sum(d.cents) FILTER (WHERE d.state IN ('rejected', 'returned')), 0)::bigint AS failed_cents
    FROM parvis.debit d WHERE d.batch = b.id AND (d.state <> 'dropped' OR b.state = 'dropped')
) AS n
"""
_LINES = """
SELECT d.id, d.batch, d.intent, d.mandate, d.reference, d.cents, d.sequence, d.label, d.state, d.reason,
    m.reference AS rum, m.last, m.name, m.iban, m.signed_on, b.state = 'made' AND d.state = 'listed'
        AND (m.revoked_at IS NOT NULL OR i.state <> 'pending') AS withdrawn
FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch JOIN parvis.intent i ON i.id = d.intent
JOIN parvis.sepa_mandate m ON m.id = d.mandate WHERE d.batch = $1 ORDER BY d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An amount that can be debited, and by which mandate; `debited`: how often that one was used.

    `page_over`: a page at a provider is over, and nobody has asked yet what became of it.
    """

    id: UUID
    cents: Cents
    expires_at: datetime
    mandate: UUID
    reference: str
    last: str
    labels: tuple[str, ...]
    debited: int
    page_over: bool

    @property
    def due(self) -> date:
        """The last day of the territory on which it is to be paid: nobody is debited before it."""
        return (self.expires_at - timedelta(microseconds=1)).astimezone(settings.current().zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch, how many debits it has, what they come to, and how many failed; what left it is not counted.

    `file_at`: when its file was last taken (UTC).
    """

    id: UUID
    account: str
    till: UUID
    number: int
    reference: str
    day: date
    state: str
    made_at: datetime
    made_by: UUID
    file_at: datetime | None
    creditor: Creditor
    debits: int
    cents: Cents
    failed: int
    failed_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A debit of a batch, with its mandate; the names and IBANs are for the bank's file alone.

    `withdrawn`: the bill was taken back, or the mandate revoked, before anybody said that the bank has the file.
    """

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
    withdrawn: bool


async def ready(till: UUID, by: date) -> list[Ready]:
    """The bills of a till, each part by itself, that are due by a day of the territory of a payer with a mandate, and
    that nobody is paying: the most pressing first. Who lets it be debited relies on it, so that a day that has passed
    since at most `rules.LATE` is no reason not to."""
    until = bounds(by, settings.current().zone)[1]
    async with connection() as c:
        rows = await c.fetch(_READY, till, bills.PURPOSE, clock.now(), until, MOST, clock.now() - rules.LATE)
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


async def open_batches(account: str) -> list[Batch]:
    """The batches of an account that are not in the books yet, nor given up."""
    sql = _BATCH + "WHERE b.account = $1 AND b.state IN ('made', 'sent') ORDER BY b.number"
    async with connection() as c:
        return [_read(row) for row in await c.fetch(sql, account)]


async def batches_called(till: UUID, references: Sequence[str]) -> list[Batch]:
    """Those of a till's batches that have these references."""
    sql = _BATCH + "WHERE b.till = $1 AND b.reference = ANY ($2) ORDER BY b.number"
    async with connection() as c:
        return [_read(row) for row in await c.fetch(sql, till, list(references))]


def is_late(batch: Batch) -> bool:
    """Whether somebody should have said by now what became of a batch."""
    return rules.is_late(batch.state, batch.day, ledger.today(), openings.is_open)


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
