"""Reconciling: each day a provider's statement against the books; each difference stays open until somebody closes
it with a reason, and so does what waits for too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from parvis import clock
from parvis.contract.payments import OutcomeUnknown, Provider, Row, RowKind
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import asking
from parvis.payments.accounts import Account, account
from parvis.payments.books import ledger, sales
from parvis.payments.money import Cents
from parvis.payments.statements import comparing

log = structlog.get_logger()
# Amounts as the books have them, so that a movement without its entry is a difference too. What came in without a
# payment there is not on the statement.
_CAPTURED = f"""
SELECT c.provider_ref AS ref, coalesce(sum(l.cents), 0)::bigint AS cents FROM parvis.capture c
LEFT JOIN parvis.ledger_entry e ON e.till = c.till AND e.kind = 'capture' AND e.source = c.id
LEFT JOIN parvis.ledger_line l ON l.entry = e.id AND l.account = $3
WHERE c.account = $1 AND c.day = $2 AND NOT {sales.WON} AND NOT {sales.AGAIN} GROUP BY c.id
"""  # noqa: S608 - of constants
_GIVEN_BACK = """
SELECT r.id::text AS ref, coalesce(-sum(l.cents), 0)::bigint AS cents FROM parvis.refund r
JOIN parvis.capture c ON c.id = r.capture
LEFT JOIN parvis.ledger_entry e ON e.till = r.till AND e.kind = 'refund' AND e.source = r.id
LEFT JOIN parvis.ledger_line l ON l.entry = e.id AND l.account = $3
WHERE c.account = $1 AND r.state IN ('done', 'bounced') AND r.done_day = $2 AND r.method = 'provider' GROUP BY r.id
"""
# A refund that came back is money in again, under its own reference.
_CAME_BACK = """
SELECT r.id::text AS ref, sum(l.cents)::bigint AS cents FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
JOIN parvis.ledger_entry e ON e.till = r.till AND e.kind = 'refund-back' AND e.source = r.id AND e.day = $2
JOIN parvis.ledger_line l ON l.entry = e.id AND l.account = $3
WHERE c.account = $1 AND r.state = 'bounced' AND r.method = 'provider' GROUP BY r.id
"""
_WAITING = """
SELECT 'refund' AS kind, r.id::text AS ref, r.cents FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
WHERE c.account = $1 AND r.changed < $2 AND r.state IN ('requested', 'approved', 'sent', 'unknown', 'failed')
UNION ALL
SELECT DISTINCT 'intent', i.id::text, i.cents FROM parvis.intent i JOIN parvis.payment_attempt a ON a.intent = i.id
WHERE a.account = $1 AND i.state IN ('created', 'pending') AND i.expires_at < $2 AND NOT EXISTS (
    SELECT FROM parvis.payment_attempt l WHERE l.intent = i.id AND l.state = 'live' AND l.live_until > $2)
UNION ALL
SELECT 'capture', c.provider_ref, c.cents FROM parvis.capture c WHERE c.account = $1 AND c.taken_as = 'unknown'
AND c.at < $2 AND NOT EXISTS (
    SELECT FROM parvis.refund r WHERE r.capture = c.id AND r.state NOT IN ('rejected', 'cancelled', 'bounced'))
UNION ALL
SELECT 'dispute', d.provider_ref, d.cents FROM parvis.dispute d
WHERE d.account = $1 AND d.capture IS NULL AND d.state <> 'won' AND d.provider_ref <> '' AND d.opened_at < $2
"""
_FOUND = (
    "INSERT INTO parvis.difference AS kept (id, account, day, kind, sort, provider_ref, ours, theirs, found_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account, day, kind, provider_ref, sort) DO UPDATE "
    "SET ours = excluded.ours, theirs = excluded.theirs, found_again = true WHERE kept.closed_at IS NULL"
)
_PATIENCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as somebody sees it; `found_again` is false once the day's statement no longer shows it."""

    id: UUID
    account: str
    day: date
    kind: str
    sort: str
    provider_ref: str
    ours: Cents | None
    theirs: Cents | None
    found_at: datetime
    found_again: bool
    closed_at: datetime | None
    closed_by: UUID | None
    reason: str


async def reconcile_day(provider: Provider, at: str, day: date) -> list[comparing.Difference]:
    """Ask a provider for the statement of a day of the territory and reconcile it.

    A payment on it that was opened here and is not paid here is asked about before it is kept, so that the day is read
    again while there is no answer; for two days, and then it differs. Raises OutcomeUnknown, InsideTransaction.
    """
    asking.outside()
    rows = await asking.answer(at, provider.rows(at, day), asking.LONG)
    found = await rehearse(at, day, rows)
    unheard = [one.ref for one in found if (one.kind, one.sort) == (RowKind.CAPTURE, "missing-here")]
    try:
        await asking.look_for(provider, at, unheard)
    except OutcomeUnknown:
        if ledger.today() - day <= _PATIENCE:
            raise
        log.warning("statement.unanswered", account=at, day=str(day))
    return await reconcile(at, day, rows)


async def reconcile(at: str, day: date, rows: Sequence[Row]) -> list[comparing.Difference]:
    """Keep an account's statement of a day, and what differs from the books; again for the same day replaces it.

    What somebody closed stays closed. Raises NotFound for an account nobody has.
    """
    whose = await account(at)
    async with transaction() as c:
        await _keep(c, at, day, rows)
        found = comparing.compare(rows, await _booked(c, whose, day))
        await _note(c, at, day, found)
    return found


async def rehearse(at: str, day: date, rows: Sequence[Row]) -> list[comparing.Difference]:
    """What would differ from the books; nothing is kept. Raises NotFound for an account nobody has."""
    whose = await account(at)
    async with connection() as c:
        return comparing.compare(rows, await _booked(c, whose, day))


async def note_waiting(at: str) -> int:
    """Open a difference for whatever has waited for two days: refunds, unpaid amounts, money of nobody; how many."""
    async with transaction() as c:
        rows = await c.fetch(_WAITING, at, clock.now() - _PATIENCE)
        await open_waiting(c, at, [(row["kind"], row["ref"], row["cents"]) for row in rows])
    return len(rows)


async def note(c: Connection, at: str, day: date, found: Sequence[comparing.Difference]) -> None:
    """Open a difference for each, or find it again; what somebody closed stays closed. In the caller's transaction."""
    now = clock.now()
    rows = [(new_id(), at, day, one.kind, one.sort, one.ref, one.ours, one.theirs, now) for one in found]
    await c.executemany(_FOUND, rows)


async def open_waiting(c: Connection, at: str, found: Sequence[tuple[str, str, Cents]]) -> None:
    """Open a difference at an account for each thing that waits (kind, reference, amount), unless there is one."""
    sql = (
        "INSERT INTO parvis.difference (id, account, day, kind, sort, provider_ref, ours, found_at) "
        "SELECT $1, $2::varchar, $3, $4::varchar, 'waiting', $5::varchar, $6, $7 "
        "WHERE NOT EXISTS (SELECT FROM parvis.difference "
        "WHERE account = $2::varchar AND kind = $4::varchar AND provider_ref = $5::varchar AND sort = 'waiting' "
        "AND closed_at IS NULL) ON CONFLICT DO NOTHING"
    )
    now, day = clock.now(), ledger.today()
    await c.executemany(sql, [(new_id(), at, day, *one, now) for one in found])


async def close(difference: UUID, by: UUID, reason: str) -> None:
    """Close a difference with a reason, once. Raises Refused, NotFound."""
    why = reason.strip()
    if not 1 <= len(why) <= 500:
        raise Refused(Refusal("reason", Text("Say why, in at most 500 signs."), "reason"))
    async with transaction() as c:
        sql = "SELECT closed_at FROM parvis.difference WHERE id = $1 FOR UPDATE"
        row = await c.fetchrow(sql, difference)
        if row is None:
            raise NotFound
        if row["closed_at"] is not None:
            raise Refused(Refusal("closed-already", Text("Somebody has closed this already.")))
        sql = "UPDATE parvis.difference SET closed_at = $2, closed_by = $3, reason = $4 WHERE id = $1"
        await c.execute(sql, difference, clock.now(), by, why)


async def open_differences(till: UUID, limit: int = 200) -> list[Difference]:
    """What a till's accountant has to close, the oldest first."""
    sql = (
        "SELECT d.* FROM parvis.difference d JOIN parvis.provider_account a ON a.key = d.account "
        "WHERE a.till = $1 AND d.closed_at IS NULL ORDER BY d.day, d.id LIMIT $2"
    )
    async with connection() as c:
        return [Difference(**row) for row in await c.fetch(sql, till, limit)]


async def one(difference: UUID) -> Difference:
    """A difference. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.difference WHERE id = $1", difference)
    if row is None:
        raise NotFound
    return Difference(**row)


async def differences_of(at: str, day: date) -> list[Difference]:
    """Every difference of an account and day, closed ones too."""
    sql = "SELECT * FROM parvis.difference WHERE account = $1 AND day = $2 ORDER BY kind, provider_ref, sort"
    async with connection() as c:
        return [Difference(**row) for row in await c.fetch(sql, at, day)]


async def _keep(c: Connection, at: str, day: date, rows: Sequence[Row]) -> None:
    sql = (
        "INSERT INTO parvis.statement (id, account, day, read_at, lines) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (account, day) DO UPDATE SET read_at = excluded.read_at, lines = excluded.lines RETURNING id"
    )
    statement = await c.fetchval(sql, new_id(), at, day, clock.now(), len(rows))
    await c.execute("DELETE FROM parvis.statement_line WHERE statement = $1", statement)
    lines = ((statement, n, row.kind.value, row.ref, row.cents) for n, row in enumerate(rows, start=1))
    columns = ("statement", "n", "kind", "provider_ref", "cents")
    await c.copy_records_to_table("statement_line", schema_name="parvis", columns=columns, records=lines)


async def _booked(c: Connection, whose: Account, day: date) -> list[Row]:
    captured = await c.fetch(_CAPTURED, whose.key, day, whose.collects_into)
    given_back = await c.fetch(_GIVEN_BACK, whose.key, day, whose.collects_into)
    came_back = await c.fetch(_CAME_BACK, whose.key, day, whose.collects_into)
    return [*_rows(RowKind.CAPTURE, [*captured, *came_back]), *_rows(RowKind.REFUND, given_back)]


def _rows(kind: RowKind, found: Sequence[asyncpg.Record]) -> list[Row]:
    return [Row(kind, row["ref"], row["cents"]) for row in found]


async def _note(c: Connection, at: str, day: date, found: Sequence[comparing.Difference]) -> None:
    sql = (
        "UPDATE parvis.difference SET found_again = false "
        "WHERE account = $1 AND day = $2 AND closed_at IS NULL AND sort <> 'waiting'"
    )
    await c.execute(sql, at, day)
    await note(c, at, day, found)
