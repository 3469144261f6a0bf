"""A till's day as its accountant sees it: what came in, what is asked to be given back, what waits for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from parvis import settings
from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments.books import sales
from parvis.payments.money import Cents
from parvis.payments.wallclock import bounds

_CAME_IN = f"""
SELECT c.id, c.at, c.account, a.provider, c.cents, c.taken_as, r.id AS receipt, r.year, r.number,
    coalesce((SELECT array_agg(label ORDER BY ch.id) FILTER (WHERE ch.credit IS NULL)
        FROM parvis.charge ch WHERE ch.intent = c.intent), '{{}}') AS labels,
    coalesce((SELECT sum(f.cents) FROM parvis.refund f WHERE f.capture = c.id AND f.credit IS NULL
        AND f.state NOT IN ('rejected', 'cancelled', 'bounced')), 0)::bigint AS given_back,
    EXISTS (SELECT FROM parvis.refund f WHERE f.capture = c.id AND f.method = 'counter') AS reversed,
    {sales.TAKEN_BACK} AS taken_back
FROM parvis.capture c JOIN parvis.provider_account a ON a.key = c.account LEFT JOIN parvis.receipt r ON r.source = c.id
"""  # noqa: S608 - of constants
_ASKED = """
SELECT f.id, f.capture, f.till, f.cents, f.state, f.method, f.reason, f.requested_by, f.requested_at, f.decided_by,
    c.account
FROM parvis.refund f JOIN parvis.capture c ON c.id = f.capture WHERE f.till = $1
"""
_WAITING_FIRST = " ORDER BY f.state NOT IN ('requested', 'failed', 'approved'), f.requested_at DESC LIMIT $2"
_COUNTS = """
SELECT t.id,
    (SELECT count(*) FROM parvis.difference d JOIN parvis.provider_account a ON a.key = d.account
        WHERE a.till = t.id AND d.closed_at IS NULL) AS differences,
    (SELECT count(*) FROM parvis.refund f WHERE f.till = t.id AND (f.state IN ('requested', 'failed')
        OR (f.state = 'approved' AND f.method <> 'provider'))) AS refunds,
    (SELECT coalesce(sum(c.cents), 0) FROM parvis.capture c
        WHERE c.till = t.id AND c.at >= $2 AND c.at < $3 AND NOT EXISTS (
            SELECT FROM parvis.refund f WHERE f.capture = c.id AND f.method = 'counter'))::bigint AS cents,
    (SELECT count(*) FROM parvis.till_session s
        WHERE s.till = t.id AND s.closed_at IS NULL AND s.opened_at < $2) AS left_open
FROM parvis.till t WHERE t.emitter = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameIn:
    """Money that came in at an instant (UTC), what for, and how much of it was asked to be given back.

    `reversed`: it was taken at the counter by mistake, and taken back there. `taken_back`: by the payer's bank.
    """

    id: UUID
    at: datetime
    account: str
    provider: str
    cents: Cents
    taken_as: str
    receipt: UUID | None
    year: int | None
    number: int | None
    labels: tuple[str, ...]
    given_back: Cents
    reversed: bool
    taken_back: bool

    @property
    def name(self) -> str:
        """Its receipt's number as people quote it, empty without one."""
        return f"{self.year}-{self.number:06}" if self.receipt else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBack:
    """A refund with the instant (UTC) it was asked for, and the account the money came in at."""

    id: UUID
    capture: UUID
    till: UUID
    cents: Cents
    state: str
    method: str
    reason: str
    requested_by: UUID | None
    requested_at: datetime
    decided_by: UUID | None
    account: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a till came in today, and how much waits for somebody; `left_open`: sessions open since another day."""

    cents: Cents
    differences: int
    refunds: int
    left_open: int


async def came_in(till: UUID, day: date) -> list[CameIn]:
    """What came in at a till on a day of the territory, in that order."""
    first, last = bounds(day, settings.current().zone)
    sql = _CAME_IN + "WHERE c.till = $1 AND c.at >= $2 AND c.at < $3 ORDER BY c.at, c.id"
    async with connection() as c:
        return [_came_in(row) for row in await c.fetch(sql, till, first, last)]


async def one_that_came_in(till: UUID, capture: UUID) -> CameIn:
    """One of a till's. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_CAME_IN + "WHERE c.till = $1 AND c.id = $2", till, capture)
    if row is None:
        raise NotFound
    return _came_in(row)


async def asked_back(till: UUID, limit: int = 100) -> list[AskedBack]:
    """A till's refunds: first those that wait for somebody, then the latest."""
    async with connection() as c:
        return [AskedBack(**row) for row in await c.fetch(_ASKED + _WAITING_FIRST, till, limit)]


async def waiting(emitter: UUID, today: date) -> dict[UUID, Waiting]:
    """What came in today and what waits, at each till of an emitter."""
    first, last = bounds(today, settings.current().zone)
    async with connection() as c:
        rows = await c.fetch(_COUNTS, emitter, first, last)
    return {
        row["id"]: Waiting(*(row[name] for name in ("cents", "differences", "refunds", "left_open"))) for row in rows
    }


def _came_in(row: asyncpg.Record) -> CameIn:
    return CameIn(**(dict(row) | {"labels": tuple(row["labels"])}))
