"""What somebody has to pay, has paid and was given back, over all emitters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis.db import connection
from parvis.payments.money import Cents

_OF_PERSON = """
SELECT i.id AS intent, t.emitter, e.name AS emitter_name, t.name AS till_name,
    i.state, i.cents, i.created, i.expires_at,
    (SELECT array_agg(label ORDER BY ch.id) FROM parvis.charge ch WHERE ch.intent = i.id) AS labels,
    coalesce(came.cents, 0)::bigint AS paid, coalesce(back.cents, 0)::bigint AS given_back,
    coalesce(came.receipts, '{}') AS receipts
FROM parvis.basket b JOIN parvis.intent i ON i.basket = b.id JOIN parvis.till t ON t.id = i.till
JOIN parvis.emitter e ON e.id = t.emitter
LEFT JOIN LATERAL (
    SELECT sum(c.cents) AS cents, array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id IS NOT NULL) AS receipts
    FROM parvis.capture c LEFT JOIN parvis.receipt r ON r.source = c.id WHERE c.intent = i.id
) AS came ON true
LEFT JOIN LATERAL (
    SELECT sum(f.cents) AS cents FROM parvis.capture c JOIN parvis.refund f ON f.capture = c.id AND f.state = 'done'
    WHERE c.intent = i.id
) AS back ON true
WHERE b.person = $1 AND (i.version = b.version OR came.cents > 0)
ORDER BY i.id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An amount asked for, its lines, what came in for it and what was given back; `receipts` are their ids."""

    intent: UUID
    emitter: UUID
    emitter_name: str
    till_name: str
    state: str
    cents: Cents
    created: datetime
    expires_at: datetime
    labels: tuple[str, ...]
    paid: Cents
    given_back: Cents
    receipts: tuple[UUID, ...]

    @property
    def payable(self) -> bool:
        """Whether it can still be paid, the time apart."""
        return self.state in {"created", "pending"}


async def dues_of(person: UUID, limit: int = 200) -> list[Due]:
    """What a person was asked for, the latest first; a basket's former versions only where money came in."""
    async with connection() as c:
        rows = await c.fetch(_OF_PERSON, person, limit)
    return [Due(**dict(row) | {name: tuple(row[name]) for name in ("labels", "receipts")}) for row in rows]
