"""What providers tell of their own accord, each event once; what it is worth is asked of them."""

from __future__ import annotations

from datetime import timedelta

from parvis import clock
from parvis.db import transaction

# As long as raw data of providers are kept.
_KEPT = timedelta(days=456)


async def heard_first(account: str, event: str, sort: str, about: str) -> bool:
    """Keep that a provider told of an event: its sort, and the object there that it is about; whether that was new.

    In the caller's transaction. Two accounts may hear of the same one.
    """
    sql = (
        "INSERT INTO parvis.provider_event (account, event, sort, about, received) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING RETURNING event"
    )
    async with transaction() as c:
        return await c.fetchval(sql, account, event, sort, about, clock.now()) is not None


async def forget_old() -> int:
    """Forget what was told long ago; how many events."""
    async with transaction() as c:
        sql = "DELETE FROM parvis.provider_event WHERE received < $1 RETURNING event"
        return len(await c.fetch(sql, clock.now() - _KEPT))
