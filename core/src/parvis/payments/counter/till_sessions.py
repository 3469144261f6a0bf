"""Sessions at a till's counter: opened with a float, closed with a count; what differs is explained in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments.books import ledger, postings
from parvis.payments.counter import takings
from parvis.payments.counter.acts import act_of
from parvis.payments.counter.counting import count_fault, counted
from parvis.payments.money import Cents
from parvis.payments.rules import checked_cents

_SESSION = (
    "SELECT id, till, number, person, opened_at, float_cents, closed_at, closed_by, pieces, counted_cents, "
    "expected_cents, explanation FROM parvis.till_session "
)
_CLOSE = (
    "UPDATE parvis.till_session SET closed_at = $2, closed_by = $3, pieces = $4, counted_cents = $5, "
    "expected_cents = $6, explanation = $7 WHERE id = $1"
)


@dataclass(frozen=True, slots=True)
class TillSession:
    """Somebody's session at a till (`person` is an account); instants are UTC. `pieces` were counted, by face."""

    id: UUID
    till: UUID
    number: int
    person: UUID
    opened_at: datetime
    float_cents: Cents
    closed_at: datetime | None
    closed_by: UUID | None
    pieces: Mapping[str, int] | None
    counted_cents: Cents | None
    expected_cents: Cents | None
    explanation: str

    @property
    def is_open(self) -> bool:
        """Whether money may be taken in it."""
        return self.closed_at is None

    @property
    def difference(self) -> Cents:
        """What was counted less what should have been there."""
        return (self.counted_cents or 0) - (self.expected_cents or 0)


async def open_session(till: UUID, by: UUID, float_cents: Cents) -> TillSession:
    """Open a session with what lies in the drawer. Raises Refused if theirs is open, or the till has no act."""
    checked_cents(float_cents, "drawer")
    sql = (
        "INSERT INTO parvis.till_session (id, till, number, person, opened_at, float_cents) "
        "SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5 FROM parvis.till_session WHERE till = $2"
    )
    async with transaction() as c:
        await ledger.hold(c, till)
        if await act_of(till) is None:
            text = Text("The till’s act is not written yet: a manager says first what it may take.")
            raise Refused(Refusal("no-act", text))
        if theirs := await session_of(till, by):
            text = Text("Your session {number} is open already: close it first.", {"number": theirs.number})
            raise Refused(Refusal("session-open", text))
        session = new_id()
        await c.execute(sql, session, till, by, clock.now(), float_cents)
        return await session_by_id(session)


async def close_session(session: UUID, pieces: Mapping[int, int], by: UUID, explanation: str = "") -> TillSession:
    """Close a session with the notes and coins that are there; a difference goes to suspense.

    Raises Refused when it is closed already, or a difference is not explained.
    """
    async with transaction() as c:
        # A hand-over must not count a drawer as closed, and its shortage as cash.
        await ledger.hold(c, (await session_by_id(session)).till)
        found = await locked(c, session)
        if not found.is_open:
            text = Text("Session {number} is closed already: nothing was changed.", {"number": found.number})
            raise Refused(Refusal("session-closed", text))
        there, expected = counted(pieces), await expected_in(found)
        if wrong := count_fault(expected, there, explanation):
            raise Refused(wrong)
        kept = {str(face): number for face, number in pieces.items() if number}
        await c.execute(_CLOSE, session, clock.now(), by, kept, there, expected, explanation)
        await ledger.post(found.till, "till-count", session, postings.miscounted(there - expected))
        return await session_by_id(session)


async def expected_in(found: TillSession) -> Cents:
    """The cash that should lie in an open session's drawer."""
    return found.float_cents + await takings.cash_in(found.id)


async def session_of(till: UUID, person: UUID) -> TillSession | None:
    """Somebody's open session at a till."""
    async with connection() as c:
        row = await c.fetchrow(_SESSION + "WHERE till = $1 AND person = $2 AND closed_at IS NULL", till, person)
    return TillSession(**row) if row else None


async def session_by_id(session: UUID) -> TillSession:
    """A session. Raises NotFound."""
    async with connection() as c:
        return _read(await c.fetchrow(_SESSION + "WHERE id = $1", session))


async def session_numbered(till: UUID, number: int) -> TillSession:
    """A till's session by its number. Raises NotFound."""
    async with connection() as c:
        return _read(await c.fetchrow(_SESSION + "WHERE till = $1 AND number = $2", till, number))


async def sessions_at(till: UUID, limit: int = 100) -> list[TillSession]:
    """A till's sessions: those still open first, then the latest."""
    sql = _SESSION + "WHERE till = $1 ORDER BY closed_at IS NOT NULL, number DESC LIMIT $2"
    async with connection() as c:
        return [TillSession(**row) for row in await c.fetch(sql, till, limit)]


async def locked(c: Connection, session: UUID) -> TillSession:
    """A session, nobody else's until the transaction ends: its takings are numbered one after another."""
    return _read(await c.fetchrow(_SESSION + "WHERE id = $1 FOR NO KEY UPDATE", session))


def _read(row: asyncpg.Record | None) -> TillSession:
    if row is None:
        raise NotFound
    return TillSession(**row)
