"""Amounts that were not paid in time: the provider is asked first, then what was kept for them is freed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from parvis import clock
from parvis.contract.payments import OutcomeUnknown, Provider
from parvis.db import connection
from parvis.errors import Refused
from parvis.payments import attempts, intents

# The provider that an account's payments are at.
ProviderOf: TypeAlias = Callable[[str], Provider]
# A provider that does not answer keeps what was chosen for so long at most.
PATIENCE = timedelta(hours=2)
_BATCH = 200
_DUE = """
SELECT i.id, i.expires_at, array_remove(array_agg(DISTINCT a.account), NULL) AS accounts
FROM parvis.intent i LEFT JOIN parvis.payment_attempt a ON a.intent = i.id
WHERE i.state IN ('created', 'pending') AND i.expires_at <= $1 AND NOT EXISTS (
    SELECT FROM parvis.payment_attempt l WHERE l.intent = i.id AND l.state = 'live' AND l.live_until > $1)
GROUP BY i.id ORDER BY i.expires_at LIMIT $2
"""


async def expire_due(provider_of: ProviderOf) -> int:
    """Give up what is due to be given up; how many. What an open page may still pay is left alone until it is over."""
    async with connection() as c:
        rows = await c.fetch(_DUE, clock.now(), _BATCH)
    given_up = 0
    for row in rows:
        if await _asked(row["id"], {account: provider_of(account) for account in row["accounts"]}) or (
            clock.now() >= row["expires_at"] + PATIENCE
        ):
            given_up += await _expired(row["id"])
    return given_up


async def _asked(intent: UUID, providers: dict[str, Provider]) -> bool:
    """Whether every provider has said what became of it; money that was there is taken."""
    try:
        for account, provider in providers.items():
            await attempts.look_at(intent, provider, account)
    except OutcomeUnknown:
        return False
    return True


async def _expired(intent: UUID) -> bool:
    try:
        await intents.expire(intent)
    except Refused:
        # Paid or cancelled meanwhile.
        return False
    return True
