"""Amounts that were not paid in time: the provider is asked first, then what was kept for them is freed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import asyncpg

from parvis import clock
from parvis.contract.payments import OutcomeUnknown
from parvis.db import connection, transaction
from parvis.errors import Refused
from parvis.payments import attempts, intents, rounds
from parvis.payments.attempts import ProviderOf

# A provider that does not answer keeps what was chosen for so long at most.
PATIENCE = timedelta(hours=2)
_BATCH = 200
# A page that is being opened may be paid as one that is open.
_LATE = """
i.state IN ('created', 'pending') AND i.expires_at <= $1 AND NOT EXISTS (SELECT FROM parvis.payment_attempt l
    WHERE l.intent = i.id AND l.state IN ('creating', 'live') AND l.live_until > $1)
"""
# So many of each account, or of each set of them: a backlog of one leaves room for the others.
_DUE = f"""
SELECT id, expires_at, accounts, account FROM (
    SELECT late.*, row_number() OVER (PARTITION BY account ORDER BY expires_at) AS turn FROM (
        SELECT i.id, i.expires_at, array_remove(array_agg(DISTINCT a.account), NULL) AS accounts,
            coalesce(string_agg(DISTINCT a.account, ' '), '') AS account
        FROM parvis.intent i LEFT JOIN parvis.payment_attempt a ON a.intent = i.id
        WHERE {_LATE} GROUP BY i.id) AS late) AS due
WHERE turn <= $2 ORDER BY expires_at
"""  # noqa: S608 - of constants
_STILL = f"SELECT EXISTS (SELECT FROM parvis.intent i WHERE {_LATE} AND i.id = $2)"  # noqa: S608 - of constants


async def expire_due(provider_of: ProviderOf) -> int:
    """Give up what is due to be given up; how many. What an open page may still pay is left alone until it is over."""
    async with connection() as c:
        rows = await c.fetch(_DUE, clock.now(), _BATCH)
    return await rounds.each("expire", rows, partial(_give_up, provider_of))


async def _give_up(provider_of: ProviderOf, row: asyncpg.Record) -> bool:
    said = await _asked(provider_of, row)
    if said or clock.now() >= row["expires_at"] + PATIENCE:
        return await _expired(row)
    return False


async def _asked(provider_of: ProviderOf, row: asyncpg.Record) -> bool:
    """Whether every provider has said what became of it; money that was there is taken."""
    try:
        for account in row["accounts"]:
            await attempts.look_at(row["id"], provider_of(account), account)
    except OutcomeUnknown:
        return False
    except Exception as failure:
        rounds.failed("expire", row["account"], failure)
        return False
    return True


async def _expired(row: asyncpg.Record) -> bool:
    try:
        async with transaction() as c:
            await intents.locked(c, row["id"])
            # Nobody has opened a page meanwhile, nor may pay it for longer.
            if not await c.fetchval(_STILL, clock.now(), row["id"]):
                return False
            await intents.expire(row["id"])
    except Refused:
        # Paid or cancelled meanwhile.
        return False
    return True


__all__ = ["PATIENCE", "ProviderOf", "expire_due"]
