"""The claim: pick a desk that has the run free, clear its cells, insert the booking, in one statement.

At READ COMMITTED. The lock makes claims of one desk and day wait or look elsewhere; the condition in the UPDATE and
the exclusion constraint behind it prove that no hour is given twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from parvis import crypto
from parvis.db import Connection, new_id

# Waits for those who may yet let go of a desk. `seen` counts the desks that were free in the eyes of a look that skips
# no lock: "sold out" is only said where there was none, or where the only one has just been taken ($10 asks for that).
# Bit strings count from 1. What is kept for the counter is free for the counter alone ($5).
SECOND_LOOK = """
WITH asked AS MATERIALIZED (
    SELECT c.id, local.day, k.step_minutes / 5 AS step,
        extract(epoch FROM $3 - (local.day::timestamp AT TIME ZONE c.zone))::int / 300 AS cell,
        (k.minutes_first + ($4 - 1) * k.minutes_further + 4) / 5 AS cells
    FROM parvis.calendar c
    JOIN parvis.calendar_kind k ON k.calendar = c.id AND k.kind = $2
    CROSS JOIN LATERAL (SELECT ($3::timestamptz AT TIME ZONE c.zone)::date AS day) local
    WHERE c.id = $1 AND c.active AND ($5 OR (k.online AND $4 <= k.people_max AND $3 > $6))
), pick AS (
    SELECT d.desk, d.day, a.cell, a.cells, a.cell - d.opens + 1 AS at
    FROM asked a
    JOIN parvis.desk k ON k.calendar = a.id AND k.active AND (k.kinds = '{}' OR $2 = ANY (k.kinds))
    JOIN parvis.desk_day d ON d.desk = k.id AND d.day = a.day
    WHERE substring(CASE WHEN $5 OR d.kept IS NULL THEN d.free ELSE d.free & ~d.kept END,
            a.cell - d.opens + 1, a.cells) = substring(~B'0'::bit(300), 1, a.cells)
        AND ($5 OR (a.cell - d.opens - length(rtrim(
            substring(d.grid, 1, greatest(a.cell - d.opens, 0))::text, '1'))) % a.step = 0)
    ORDER BY d.desk
    LIMIT 1
    FOR NO KEY UPDATE OF d
), taken AS (
    UPDATE parvis.desk_day d SET free = overlay(d.free PLACING substring(B'0'::bit(300), 1, p.cells) FROM p.at)
    FROM pick p
    WHERE d.desk = p.desk AND d.day = p.day
        AND substring(d.free, p.at, p.cells) = substring(~B'0'::bit(300), 1, p.cells)
    RETURNING d.desk, d.day, p.cell, p.cells
), noted AS (
    INSERT INTO parvis.slot_change_waiting (desk, day) SELECT desk, day FROM taken
), booked AS (
    INSERT INTO parvis.booking
        (id, desk, day, cell, cells, period, state, kind, people, hold_until, secret, created)
    SELECT $8, desk, day, cell, cells, tstzrange($3, $3 + cells * interval '5 minutes'), 'held', $2, $4, $7, $9, $6
    FROM taken
    RETURNING desk
)
SELECT a.cells, b.desk, CASE WHEN b.desk IS NULL OR $10 THEN (
    SELECT count(*) FROM parvis.desk k
    JOIN parvis.desk_day d ON d.desk = k.id AND d.day = a.day
    WHERE k.calendar = a.id AND k.active AND (k.kinds = '{}' OR $2 = ANY (k.kinds))
        AND substring(CASE WHEN $5 OR d.kept IS NULL THEN d.free ELSE d.free & ~d.kept END,
            a.cell - d.opens + 1, a.cells) = substring(~B'0'::bit(300), 1, a.cells)
        AND ($5 OR (a.cell - d.opens - length(rtrim(
            substring(d.grid, 1, greatest(a.cell - d.opens, 0))::text, '1'))) % a.step = 0)
) END AS seen
FROM (SELECT) AS always LEFT JOIN asked a ON true LEFT JOIN booked b ON true
"""

FIRST_LOOK = SECOND_LOOK.replace("UPDATE OF d", "UPDATE OF d SKIP LOCKED")

FREE_CELLS = """
WITH freed AS (
    UPDATE parvis.desk_day d
    SET free = overlay(d.free PLACING substring(~B'0'::bit(300), 1, $4::int) FROM $3 - d.opens + 1) & d.grid
    WHERE d.desk = $1 AND d.day = $2
    RETURNING d.desk, d.day
)
INSERT INTO parvis.slot_change_waiting (desk, day) SELECT desk, day FROM freed
"""

TAKE_CELLS = """
UPDATE parvis.desk_day d SET free = overlay(d.free PLACING substring(B'0'::bit(300), 1, $4::int) FROM $3 - d.opens + 1)
WHERE d.desk = $1 AND d.day = $2
"""

# On condition that nobody else has them; a cell outside the opening hours is never free, and never another's here.
RETAKE_CELLS = """
WITH taken AS (
    UPDATE parvis.desk_day d
    SET free = overlay(d.free PLACING substring(B'0'::bit(300), 1, $4::int) FROM $3 - d.opens + 1)
    WHERE d.desk = $1 AND d.day = $2
        AND substring(d.free | ~d.grid, $3 - d.opens + 1, $4::int) = substring(~B'0'::bit(300), 1, $4::int)
    RETURNING d.desk, d.day
), noted AS (
    INSERT INTO parvis.slot_change_waiting (desk, day) SELECT desk, day FROM taken
)
SELECT desk FROM taken
"""


class Hour(NamedTuple):
    """What is asked for; of two equal ones, one is sold out when the other is. `counter` is an agent's."""

    calendar: UUID
    kind: str
    start: datetime
    people: int
    counter: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """An hour claimed by somebody. Instants are UTC; only the digest of `secret` is kept.

    `awaited` asks whether others who wait for the same hour could still get it.
    """

    hour: Hour
    now: datetime
    until: datetime
    id: UUID = field(default_factory=new_id)
    secret: str = field(default_factory=crypto.new_secret, repr=False)
    awaited: bool = False

    @property
    def values(self) -> tuple[object, ...]:
        """The statement's parameters, in order."""
        return *self.hour, self.now, self.until, self.id, crypto.digest(self.secret), self.awaited


async def take(connection: Connection, claim: Claim) -> asyncpg.Record:
    """Try to take a claim: its `desk`, None when sold out; its `cells`, None if nobody offers this."""
    row: asyncpg.Record = await connection.fetchrow(FIRST_LOOK, *claim.values)
    if row["desk"] is None and row["seen"]:
        return await connection.fetchrow(SECOND_LOOK, *claim.values)
    return row
