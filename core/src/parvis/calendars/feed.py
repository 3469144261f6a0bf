"""The change feed: which desk days changed, numbered so that a reader who pages by number misses nothing.

Writers add rows with their transaction's id. One sequencer at a time numbers those of transactions older than any
that still runs, in order; numbers of a later page are thus always higher. A restore begins a new epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from parvis import clock
from parvis.db import Connection, connection, transaction

_LOCK = 0x736C6F7473  # "slots"
_KEPT = timedelta(days=7)

_SEQUENCE = """
WITH due AS (
    DELETE FROM parvis.slot_change_waiting WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
    RETURNING xid, ord, calendar, desk, day
), numbered AS (
    INSERT INTO parvis.slot_change (number, calendar, desk, day, sequenced)
    SELECT feed.last + row_number() OVER (ORDER BY due.xid, due.ord), due.calendar, due.desk, due.day, $1
    FROM due, parvis.slot_feed feed
    RETURNING number
)
UPDATE parvis.slot_feed SET last = (SELECT max(number) FROM numbered) WHERE EXISTS (SELECT FROM numbered)
"""
# A restore makes the table anew, if not the cluster or the database.
_ORIGIN = """
SELECT concat_ws('/', system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),
    'parvis.slot_feed'::regclass::oid)
FROM pg_control_system()
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Something to read again: a desk's local day, or a whole calendar (its rules, kinds or desks)."""

    number: int
    calendar: UUID | None
    desk: UUID | None
    day: date | None


@dataclass(frozen=True, slots=True)
class Head:
    """Where the feed stands. Numbers only compare within an epoch; `first` is the oldest number still there."""

    epoch: UUID
    first: int
    last: int


async def advance() -> None:
    """Number the changes that are due; nothing happens if another process is at it."""
    async with transaction() as c:
        if await c.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
            await _same_origin(c)
            await c.execute(_SEQUENCE, clock.now())


async def head() -> Head:
    """The feed's present head."""
    sql = "SELECT epoch, last, (SELECT min(number) FROM parvis.slot_change) AS first FROM parvis.slot_feed"
    async with connection() as c:
        row = await c.fetchrow(sql)
    return Head(row["epoch"], row["first"] or row["last"] + 1, row["last"])


async def changes(after: int, limit: int = 1000) -> Sequence[Change]:
    """A page of numbered changes, from the one after `after`."""
    sql = "SELECT number, calendar, desk, day FROM parvis.slot_change WHERE number > $1 ORDER BY number LIMIT $2"
    async with connection() as c:
        return [Change(*row) for row in await c.fetch(sql, after, limit)]


async def begin_anew() -> None:
    """Begin a new epoch: every reader starts from the tables. A restore does this, for it resets transaction ids."""
    async with transaction() as c:
        await c.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await _begin(c, await c.fetchval(_ORIGIN))


async def forget(now: datetime) -> int:
    """Delete changes older than a week; a reader that is further behind starts from the tables."""
    async with transaction() as c:
        done = await c.execute("DELETE FROM parvis.slot_change WHERE sequenced < $1", now - _KEPT)
    return int(done.split()[-1])


async def _same_origin(c: Connection) -> None:
    origin = await c.fetchval(_ORIGIN)
    if await c.fetchval("SELECT origin FROM parvis.slot_feed") != origin:
        await _begin(c, origin)


async def _begin(c: Connection, origin: str) -> None:
    await c.execute("DELETE FROM parvis.slot_change_waiting")
    await c.execute("DELETE FROM parvis.slot_change")
    await c.execute("UPDATE parvis.slot_feed SET epoch = $1, origin = $2, last = 0", uuid4(), origin)
