"""Asking what became of payments that nobody told us of: a notification may be late, or never come."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown
from parvis.db import connection, transaction
from parvis.payments import attempts
from parvis.payments.expiring import ProviderOf
from parvis.payments.rules import next_look

log = structlog.get_logger()
_BATCH = 200
# A provider that is away is asked again so soon, and no step of the plan is lost by it.
_AGAIN = timedelta(minutes=5)
_DUE = (
    "SELECT id, account, provider_ref, created, looked FROM parvis.payment_attempt "
    "WHERE look_at <= $1 AND state <> 'paid' AND provider_ref IS NOT NULL ORDER BY look_at LIMIT $2"
)


async def look_due(provider_of: ProviderOf) -> int:
    """Ask about every payment whose turn it is, and take the money that is there; how many were paid."""
    async with connection() as c:
        rows = await c.fetch(_DUE, clock.now(), _BATCH)
    paid = 0
    for row in rows:
        try:
            paid += await attempts.look(provider_of(row["account"]), row["account"], row["provider_ref"]) is not None
        except OutcomeUnknown:
            await _put_off(row["id"])
        else:
            await _looked(
                row["id"], row["looked"], next_look(row["created"], row["looked"] + 1, settings.current().zone)
            )
    if paid:
        log.info("payments.found", paid=paid)
    return paid


async def _put_off(attempt: UUID) -> None:
    async with transaction() as c:
        await c.execute("UPDATE parvis.payment_attempt SET look_at = $2 WHERE id = $1", attempt, clock.now() + _AGAIN)


async def _looked(attempt: UUID, before: int, again: object) -> None:
    # Another worker's look counts once.
    sql = "UPDATE parvis.payment_attempt SET looked = looked + 1, look_at = $3 WHERE id = $1 AND looked = $2"
    async with transaction() as c:
        await c.execute(sql, attempt, before, again)
