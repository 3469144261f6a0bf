"""Attempts counted in the database, by what is tried and not by who tries: exact over every process and every address.

For what few people do and somebody might try a thousand times; `limits` counts clients, in memory.
"""

from __future__ import annotations

from datetime import timedelta

from parvis import clock, crypto, settings
from parvis.db import new_id, transaction
from parvis.web.limits import Limit

KEPT = timedelta(days=1)


async def count(limit: Limit, subject: str) -> float:
    """Count an attempt at `subject`; seconds to wait if there were as many as allowed, 0.0 if it was let through.

    Not inside a transaction that rolls back when the attempt fails. One that is refused is not counted.
    """
    if not settings.current().limits:
        return 0.0
    now, digest = clock.now(), _digest(limit, subject)
    earlier = "SELECT at FROM parvis.attempt WHERE subject = $1 AND at > $2 ORDER BY at DESC OFFSET $3 LIMIT 1"
    async with transaction() as c:
        await c.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(digest[:8], "big", signed=True))
        at = await c.fetchval(earlier, digest, now - limit.within, limit.times - 1)
        if at is None:
            await c.execute("INSERT INTO parvis.attempt (id, subject, at) VALUES ($1, $2, $3)", new_id(), digest, now)
            return 0.0
    return float((at + limit.within - now).total_seconds())


async def forget(limit: Limit, subject: str) -> None:
    """Forget the attempts at `subject`: one succeeded."""
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.attempt WHERE subject = $1", _digest(limit, subject))


async def forget_old() -> int:
    """Forget attempts that count no more, and how many there were."""
    async with transaction() as c:
        return int((await c.execute("DELETE FROM parvis.attempt WHERE at < $1", clock.now() - KEPT)).rpartition(" ")[2])


def _digest(limit: Limit, subject: str) -> bytes:
    return crypto.code_digest(subject, f"attempt-{limit.name}")
