"""Calendars lent by their owner to another emitter, whose staff work with them until an instant or a taking back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock
from parvis.calendars import days
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Text

_LOANS = """
SELECT l.id, l.calendar, c.service, p.name AS place, p.emitter AS owner, o.name AS owner_name, l.delegate,
    d.name AS delegate_name, l.given_at, coalesce(g.name, '') AS given_by, l.ends_at,
    CASE WHEN l.ended_at IS NOT NULL THEN l.ended_at WHEN l.ends_at <= $1 THEN l.ends_at END AS ended_at,
    coalesce(e.name, '') AS ended_by
FROM parvis.calendar_loan l
JOIN parvis.calendar c ON c.id = l.calendar
JOIN parvis.place p ON p.id = c.place
JOIN parvis.emitter o ON o.id = p.emitter
JOIN parvis.emitter d ON d.id = l.delegate
LEFT JOIN parvis.person g ON g.id = l.given_by
LEFT JOIN parvis.person e ON e.id = l.ended_by
"""
_OWNED = (
    "SELECT c.id FROM parvis.calendar c JOIN parvis.place p ON p.id = c.place "
    "WHERE c.id = $1 AND p.emitter = $2 FOR NO KEY UPDATE OF c"
)
# Of a loan that ended by itself, its row says so once there is another one.
_OVER = (
    "UPDATE parvis.calendar_loan SET ended_at = ends_at "
    "WHERE calendar = $1 AND delegate = $2 AND ended_at IS NULL AND ends_at <= $3"
)
_LENT = "SELECT EXISTS (SELECT FROM parvis.calendar_loan WHERE calendar = $1 AND delegate = $2 AND ended_at IS NULL)"
_LEND = (
    "INSERT INTO parvis.calendar_loan (id, calendar, delegate, given_by, given_at, ends_at) "
    "VALUES ($1, $2, $3, $4, $5, $6)"
)
_DAYS = 60


class AlreadyLent(Conflict):
    """This calendar is lent to this emitter already."""

    code = "already-lent"
    title = Text("This calendar is lent to them already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A calendar of `owner` in the hands of `delegate`, since when and until when (UTC), and whose doing it was.

    `ended_at` is also that of an end that came by itself; names are empty for an account that was erased.
    """

    id: UUID
    calendar: UUID
    service: str
    place: str
    owner: UUID
    owner_name: str
    delegate: UUID
    delegate_name: str
    given_at: datetime
    given_by: str
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str


async def loans_of(emitter: UUID) -> list[Loan]:
    """What an emitter has lent and was lent, the latest first."""
    sql = f"{_LOANS} WHERE $2 IN (p.emitter, l.delegate) ORDER BY l.given_at DESC, l.id LIMIT 200"
    async with connection() as c:
        return [Loan(**row) for row in await c.fetch(sql, clock.now(), emitter)]


async def lend(calendar: UUID, owner: UUID, delegate: UUID, until: datetime | None, by: UUID | None) -> UUID:
    """Lend a calendar of a place of the owner's; the loan. Only the owner lends, never who was lent to.

    Raises AlreadyLent, NotFound for a calendar that is not the owner's.
    """
    now, loan = clock.now(), new_id()
    async with transaction() as c:
        # Whoever lends the same waits here, and then sees that it is lent.
        if owner == delegate or await c.fetchval(_OWNED, calendar, owner) is None:
            raise NotFound
        await c.execute(_OVER, calendar, delegate, now)
        if await c.fetchval(_LENT, calendar, delegate):
            raise AlreadyLent
        await c.execute(_LEND, loan, calendar, delegate, by, now, until)
    return loan


async def end(loan: UUID, emitter: UUID, by: UUID | None) -> Loan:
    """Take a calendar back, or give it back, at once; again is the same. Raises NotFound for others' loans."""
    sql = (
        "UPDATE parvis.calendar_loan SET ended_at = $2, ended_by = $3 "
        "WHERE id = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2)"
    )
    async with transaction() as c:
        theirs = f"{_LOANS} WHERE l.id = $2 AND $3 IN (p.emitter, l.delegate)"
        found = await c.fetchrow(theirs, clock.now(), loan, emitter)
        if found is None:
            raise NotFound
        await c.execute(sql, loan, clock.now(), by)
        # Whoever has a day of it open is shown another one.
        today = clock.now().date()
        await days.tell_days(found["calendar"], [today + timedelta(days=n) for n in range(-_DAYS, _DAYS)])
    return Loan(**found)
