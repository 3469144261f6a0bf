"""Asking what became of payments that nobody told us of: a notification may be late, or never come."""

from __future__ import annotations

from functools import partial

import asyncpg
import structlog

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown
from parvis.db import connection, transaction
from parvis.payments import attempts, rounds
from parvis.payments.attempts import ProviderOf
from parvis.payments.rules import look_again, next_look

log = structlog.get_logger()
_BATCH = 200
# So many of each account: a backlog of one leaves room for the others.
_DUE = """
SELECT id, account, provider_ref, created, looked FROM (
    SELECT *, row_number() OVER (PARTITION BY account ORDER BY look_at) AS turn FROM parvis.payment_attempt
    WHERE look_at <= $1 AND state <> 'paid' AND provider_ref IS NOT NULL) AS due
WHERE turn <= $2 ORDER BY look_at
"""


async def look_due(provider_of: ProviderOf) -> int:
    """Ask about every payment whose turn it is, and take the money that is there; how many were paid."""
    async with connection() as c:
        rows = await c.fetch(_DUE, clock.now(), _BATCH)
    paid = await rounds.each("look", rows, partial(_look, provider_of))
    if paid:
        log.info("payments.found", paid=paid)
    return paid


async def _look(provider_of: ProviderOf, row: asyncpg.Record) -> bool:
    try:
        settled = await attempts.look(provider_of(row["account"]), row["account"], row["provider_ref"])
    except OutcomeUnknown:
        await _put_off(row)
        return False
    except Exception:
        await _put_off(row)
        raise
    await _looked(row)
    return settled is not None


async def _put_off(row: asyncpg.Record) -> None:
    """No step of the plan is lost by it."""
    async with transaction() as c:
        sql = "UPDATE parvis.payment_attempt SET look_at = $2 WHERE id = $1"
        await c.execute(sql, row["id"], look_again(row["created"], clock.now()))


async def _looked(row: asyncpg.Record) -> None:
    again = next_look(row["created"], row["looked"] + 1, settings.current().zone)
    # Another worker's look counts once.
    sql = "UPDATE parvis.payment_attempt SET looked = looked + 1, look_at = $3 WHERE id = $1 AND looked = $2"
    async with transaction() as c:
        await c.execute(sql, row["id"], row["looked"], again)
