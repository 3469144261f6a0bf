"""What was taken in the sessions of a till's counter: one by one, by way of paying, and what still lies in drawers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments.books.postings import CASH
from parvis.payments.money import Cents

_TAKINGS = """
SELECT t.id, t.session, s.till, s.number AS session_number, t.number, t.intent, t.capture, t.cents, t.change, t.at,
    (SELECT array_agg(label ORDER BY ch.id) FILTER (WHERE ch.credit IS NULL)
        FROM parvis.charge ch WHERE ch.intent = t.intent) AS labels,
    (SELECT jsonb_object_agg(p.way, p.cents) FROM parvis.till_taking_part p WHERE p.taking = t.id) AS parts,
    r.id AS receipt, r.year, r.number AS receipt_number, b.at AS back_at, b.reason AS back_reason
FROM parvis.till_taking t JOIN parvis.till_session s ON s.id = t.session
LEFT JOIN parvis.receipt r ON r.source = t.capture LEFT JOIN parvis.till_taking_back b ON b.taking = t.id
"""
_STAYS = "NOT EXISTS (SELECT FROM parvis.till_taking_back b WHERE b.taking = t.id)"
_SUMS = f"""
SELECT p.way, count(*)::integer AS number, sum(p.cents)::bigint AS cents FROM parvis.till_taking t
JOIN parvis.till_taking_part p ON p.taking = t.id WHERE t.session = $1 AND {_STAYS} GROUP BY p.way
"""  # noqa: S608 - of constants
_IN_DRAWERS = f"""
SELECT coalesce(sum(p.cents), 0)::bigint FROM parvis.till_session s JOIN parvis.till_taking t ON t.session = s.id
JOIN parvis.till_taking_part p ON p.taking = t.id
WHERE s.till = $1 AND s.closed_at IS NULL AND p.way = $2 AND {_STAYS}
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Money taken at a counter: `parts` by way of paying, `change` out of the cash; `back_at` once it was reversed."""

    id: UUID
    session: UUID
    till: UUID
    session_number: int
    number: int
    intent: UUID
    capture: UUID
    cents: Cents
    change: Cents
    at: datetime
    labels: tuple[str, ...]
    parts: Mapping[str, Cents]
    receipt: UUID | None
    year: int | None
    receipt_number: int | None
    back_at: datetime | None
    back_reason: str | None

    @property
    def name(self) -> str:
        """Its number as it stands on slips: that of the session, and its own in it."""
        return f"{self.session_number}/{self.number}"

    @property
    def receipt_name(self) -> str:
        """Its receipt's number as people quote it."""
        return f"{self.year}-{self.receipt_number:06}" if self.receipt else ""


@dataclass(frozen=True, slots=True)
class Sum:
    """What was taken in one way: how many times, how much."""

    number: int
    cents: Cents


async def taking(found: UUID) -> Taking:
    """A taking. Raises NotFound."""
    if (one := await known(found)) is None:
        raise NotFound
    return one


async def known(found: UUID) -> Taking | None:
    """A taking, if there is one of this id."""
    async with connection() as c:
        row = await c.fetchrow(_TAKINGS + "WHERE t.id = $1", found)
    return _read(row) if row else None


async def takings_in(session: UUID) -> list[Taking]:
    """A session's takings, the latest first, those that were reversed too."""
    async with connection() as c:
        return [_read(row) for row in await c.fetch(_TAKINGS + "WHERE t.session = $1 ORDER BY t.number DESC", session)]


async def sums_in(session: UUID) -> dict[str, Sum]:
    """What a session has taken by way of paying, without what was reversed."""
    async with connection() as c:
        return {row["way"]: Sum(row["number"], row["cents"]) for row in await c.fetch(_SUMS, session)}


async def cash_in(session: UUID) -> Cents:
    """The cash that a session has taken and kept."""
    found = (await sums_in(session)).get(CASH)
    return found.cents if found else 0


async def in_drawers(till: UUID, way: str) -> Cents:
    """What was taken in a way in sessions of a till that are still open."""
    async with connection() as c:
        return int(await c.fetchval(_IN_DRAWERS, till, way))


def _read(row: asyncpg.Record) -> Taking:
    values = dict(row)
    return Taking(**(values | {"labels": tuple(values["labels"] or ())}))
