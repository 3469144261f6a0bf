"""What payers read: the terms of what they were asked for, and what of it was cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from parvis.db import connection
from parvis.payments.money import Cents
from parvis.payments.rules import REFUND_HELD
from parvis.payments.terms.rules import Terms

# All lines of an amount were asked for at once, so by the same terms.
_TERMS = (
    "SELECT DISTINCT h.intent, r.terms FROM parvis.charge h JOIN parvis.refund_terms r ON r.id = h.terms "
    "JOIN parvis.intent i ON i.id = h.intent WHERE r.terms IS NOT NULL AND h.cents > 0 AND "
)
_LINES = """
SELECT x.charge, h.intent, h.label, k.at, k.by_body, x.credit, coalesce(back.cents, 0)::bigint AS cents,
    coalesce(back.waits, false) AS waits, coalesce(back.kept, false) AS kept
FROM parvis.cancelled_charge x JOIN parvis.cancelled_line k ON k.id = x.cancellation
JOIN parvis.charge h ON h.id = x.charge JOIN parvis.intent i ON i.id = h.intent
LEFT JOIN LATERAL (
    SELECT sum(r.cents) AS cents, bool_or(r.state = 'requested') AS waits, bool_and(r.method = 'credit') AS kept
    FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
    WHERE r.cancellation = k.id AND c.intent = h.intent AND r.state = ANY ($2)
) AS back ON true
WHERE i.basket = $1 ORDER BY k.at, h.id
"""


@dataclass(frozen=True, slots=True)
class CancelledPart:
    """A charge whose place was cancelled at an instant (UTC): what of it comes back, as money and as a credit.

    `waits`: a second person has to approve; `kept`: the money is a credit too. What was rejected, or called off, does
    not come back.
    """

    charge: UUID
    intent: UUID
    label: str
    at: datetime
    by_body: bool
    credit: Cents
    cents: Cents
    waits: bool
    kept: bool


async def terms_in(basket: UUID) -> dict[UUID, Terms]:
    """The terms of what a basket asks for, by intent; without those of what is free, or where people decide."""
    return await _terms(_TERMS + "i.basket = $1", basket)


async def terms_of(intent: UUID) -> Terms | None:
    """The terms of an amount, None where people decide."""
    return (await _terms(_TERMS + "i.id = $1", intent)).get(intent)


async def terms_at(basket: UUID, till: UUID) -> Terms | None:
    """The terms of what a basket asks for at a till, None where people decide."""
    found = await _terms(_TERMS + "i.basket = $1 AND i.till = $2", basket, till)
    return next(iter(found.values()), None)


async def cancelled_in(basket: UUID) -> list[CancelledPart]:
    """What of a basket was cancelled, the earliest first."""
    async with connection() as c:
        return [CancelledPart(**row) for row in await c.fetch(_LINES, basket, list(REFUND_HELD))]


async def _terms(sql: str, *values: object) -> dict[UUID, Terms]:
    async with connection() as c:
        rows = await c.fetch(sql, *values)
    return {row["intent"]: msgspec.convert(row["terms"], Terms) for row in rows}
