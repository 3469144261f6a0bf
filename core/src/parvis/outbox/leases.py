"""Leases: how a worker takes deliveries, begins them, and says how they ended.

`lease` names what may be handed to a broker; `begin` counts the attempt in the database before the handler runs,
so that a worker killed in the middle has used it up. A late or second message finds its lease gone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from parvis import clock
from parvis.db import connection, transaction
from parvis.events import Event, event_types
from parvis.outbox.rules import ATTEMPTS, LEASE, pause, trace

_TAKE = """
WITH taken AS (
    SELECT id FROM parvis.delivery
    WHERE state = 'due' AND due <= $1 AND reaction = ANY($2)
    ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE parvis.delivery d SET lease = gen_random_uuid(), worker = $4, started = NULL, due = $5
FROM taken WHERE d.id = taken.id RETURNING d.id, d.lease
"""
_BURY = (
    "UPDATE parvis.delivery SET state = 'dead', finished = $1, lease = NULL, started = NULL, "
    "error = 'The worker died while it ran.' "
    "WHERE state = 'due' AND due <= $1 AND attempts >= $2"
)
_BEGIN = """
UPDATE parvis.delivery d SET attempts = attempts + 1, started = $3, due = $4 FROM parvis.event e
WHERE d.id = $1 AND d.lease = $2 AND d.started IS NULL AND d.state = 'due' AND e.id = d.event
RETURNING d.reaction, d.attempts, e.type, e.payload, e.correlation
"""


class UnknownEvent(Exception):
    """The event's type is not known here: its plugin was removed, or is of another version."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery and the lease under which it may be begun."""

    delivery: UUID
    lease: UUID


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery whose attempt is counted: what to run, about what."""

    leased: Leased
    reaction: str
    attempts: int
    type: str
    payload: object
    correlation: str

    def event(self) -> Event:
        """The fact. Raises UnknownEvent, or msgspec.ValidationError if its fields do not fit its type."""
        kind = event_types().get(self.type)
        if kind is None:
            raise UnknownEvent(self.type)
        return msgspec.convert(self.payload, kind)


async def lease(worker: UUID, reactions: Sequence[str], limit: int, lasting: timedelta = LEASE) -> list[Leased]:
    """Take up to `limit` due deliveries of reactions that this worker knows; others wait for one that does."""
    now = clock.now()
    async with transaction() as c:
        await c.execute(_BURY, now, ATTEMPTS)
        rows = await c.fetch(_TAKE, now, list(reactions), limit, worker, now + lasting)
    return [Leased(row["id"], row["lease"]) for row in rows]


async def begin(leased: Leased, lasting: timedelta = LEASE) -> Begun | None:
    """Count the attempt and start; None if the lease is gone, and somebody else has it."""
    now = clock.now()
    async with transaction() as c:
        row = await c.fetchrow(_BEGIN, leased.delivery, leased.lease, now, now + lasting)
    return Begun(leased, *row.values()) if row else None


async def finish(leased: Leased) -> None:
    """The reaction ran to its end."""
    sql = (
        "UPDATE parvis.delivery SET state = 'done', finished = $2, lease = NULL, started = NULL, error = '' "
        "WHERE id = $1 AND state = 'due'"
    )
    async with transaction() as c:
        await c.execute(sql, leased.delivery, clock.now())


async def fail(begun: Begun, error: BaseException) -> bool:
    """Put it off after a failed attempt, or give it up after the last one; whether it is dead now."""
    dead = begun.attempts >= ATTEMPTS
    now = clock.now()
    due = now + pause(begun.attempts, random.random())  # noqa: S311 - spreads load, guards nothing
    sql = (
        "UPDATE parvis.delivery SET state = $3, due = $4, finished = $5, error = $6, lease = NULL, started = NULL "
        "WHERE id = $1 AND lease = $2"
    )
    ended = ("dead", due, now) if dead else ("due", due, None)
    async with transaction() as c:
        await c.execute(sql, begun.leased.delivery, begun.leased.lease, *ended, trace(error))
    return dead


async def put_off(leased: Leased, until: datetime) -> None:
    """Give a begun delivery back until an instant; the attempt does not count."""
    sql = (
        "UPDATE parvis.delivery SET due = $3, attempts = attempts - 1, lease = NULL, started = NULL "
        "WHERE id = $1 AND lease = $2 AND started IS NOT NULL"
    )
    async with transaction() as c:
        await c.execute(sql, leased.delivery, leased.lease, until)


async def release(worker: UUID) -> int:
    """Give back what a worker took and did not begin; how many."""
    sql = (
        "UPDATE parvis.delivery SET due = $2, lease = NULL "
        "WHERE worker = $1 AND state = 'due' AND lease IS NOT NULL AND started IS NULL RETURNING id"
    )
    async with transaction() as c:
        return len(await c.fetch(sql, worker, clock.now()))


async def outstanding(worker: UUID) -> int:
    """How many deliveries that `worker` took wait in the broker."""
    sql = (
        "SELECT count(*) FROM parvis.delivery "
        "WHERE state = 'due' AND due > $1 AND worker = $2 AND lease IS NOT NULL AND started IS NULL"
    )
    async with connection() as c:
        return int(await c.fetchval(sql, clock.now(), worker))
