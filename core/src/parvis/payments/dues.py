"""What somebody has to pay, has paid and was given back, over all emitters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from parvis.db import connection
from parvis.payments.money import Cents

_DUES = """
SELECT i.id AS intent, i.basket, i.till, i.part, t.emitter, e.slug, e.name AS emitter_name, t.name AS till_name,
    last.account, last.result, last.resume_until, last.live_until, coalesce(last.debited, false) AS debited,
    i.state, i.cents, i.created, i.expires_at,
    (SELECT array_agg(label || CASE WHEN quantity > 1 THEN ' × ' || quantity ELSE '' END ORDER BY ch.id)
        FILTER (WHERE ch.credit IS NULL) FROM parvis.charge ch
        WHERE ch.intent = i.id) AS labels,
    (SELECT coalesce(-sum(ch.cents) FILTER (WHERE ch.credit IS NOT NULL), 0)::bigint FROM parvis.charge ch
        WHERE ch.intent = i.id) AS credit,
    coalesce(came.cents, 0)::bigint AS paid, coalesce(back.cents, 0)::bigint AS given_back,
    coalesce(came.receipts, '{}') AS receipts
FROM parvis.basket b JOIN parvis.intent i ON i.basket = b.id JOIN parvis.till t ON t.id = i.till
JOIN parvis.emitter e ON e.id = t.emitter
LEFT JOIN LATERAL (
    SELECT sum(c.cents) FILTER (WHERE v.capture IS NULL) AS cents,
        array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id IS NOT NULL) AS receipts
    FROM parvis.capture c LEFT JOIN parvis.capture_return v ON v.capture = c.id AND v.stands
    LEFT JOIN parvis.receipt r ON r.source = c.id WHERE c.intent = i.id
    AND NOT EXISTS (SELECT FROM parvis.refund f WHERE f.capture = c.id AND f.method = 'counter')
) AS came ON true
LEFT JOIN LATERAL (
    SELECT sum(f.cents) AS cents FROM parvis.capture c JOIN parvis.refund f ON f.capture = c.id AND f.state = 'done'
    WHERE c.intent = i.id AND f.method <> 'counter' AND f.credit IS NULL
) AS back ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN a.state <> 'dead' THEN a.account END AS account, a.last_result AS result,
        a.resume_until, a.live_until, a.state = 'live' AND p.provider = 'sepa' AS debited FROM parvis.payment_attempt a
    JOIN parvis.provider_account p ON p.key = a.account
    WHERE a.intent = i.id AND a.state IN ('creating', 'live', 'dead') ORDER BY a.id DESC LIMIT 1
) AS last ON true
WHERE (i.version = b.version OR came.cents > 0) AND
"""
_LATEST = " ORDER BY i.id DESC LIMIT $3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An amount asked for, its lines, what came in for it and what was given back; `receipts` are their ids.

    `result` is what its last page at a provider came to so far, None if none was opened; the page can be come back to
    until `resume_until`, and be paid on until `live_until` (UTC). `account` is where it is open. `debited`: the
    payer's bank is asked for it. `part`: which it is, from 1, of what is asked for in parts. `credit` is what a credit
    pays besides.
    """

    intent: UUID
    basket: UUID
    till: UUID
    part: int
    emitter: UUID
    slug: str
    emitter_name: str
    till_name: str
    account: str | None
    result: str | None
    resume_until: datetime | None
    live_until: datetime | None
    debited: bool
    state: str
    cents: Cents
    created: datetime
    expires_at: datetime
    labels: tuple[str, ...]
    credit: Cents
    paid: Cents
    given_back: Cents
    receipts: tuple[UUID, ...]

    @property
    def last(self) -> datetime:
        """The last instant at which it can be paid (UTC): on its last day."""
        return self.expires_at - timedelta(microseconds=1)

    @property
    def payable(self) -> bool:
        """Whether it can still be paid, the time apart."""
        return self.state in {"created", "pending"}


async def dues_of(persons: Sequence[UUID], digests: Sequence[bytes] = (), limit: int = 200) -> list[Due]:
    """What an account's sign-ons or the contacts of these digests were asked for, the latest first; a basket's former
    versions only where money came in."""
    sql = _DUES + "(b.person = ANY ($1) OR b.contact_digest = ANY ($2))" + _LATEST
    return await _read(sql, list(persons), list(digests), limit)


async def dues_in(basket: UUID) -> list[Due]:
    """What a basket asks for, by till."""
    return await _read(_DUES + "b.id = $1 ORDER BY i.till, i.version DESC, i.part", basket)


async def dues_at(till: UUID, purpose: str, limit: int = 200) -> list[Due]:
    """What a till asked for with baskets of a purpose, the latest first."""
    return await _read(_DUES + "i.till = $1 AND b.purpose = $2" + _LATEST, till, purpose, limit)


async def dues_to_take(
    till: UUID, digest: bytes | None = None, subject: UUID | None = None, limit: int = 50
) -> list[Due]:
    """What a till may still take money for, late too, the latest first; of one payer's contact or request if named."""
    sql = _DUES + (
        "i.till = $1 AND i.state IN ('created', 'pending', 'expired') AND i.cents > 0 "
        "AND ($2::bytea IS NULL OR b.contact_digest = $2) AND ($4::uuid IS NULL OR b.subject = $4)"
    )
    return await _read(sql + _LATEST, till, digest, limit, subject)


async def _read(sql: str, *values: object) -> list[Due]:
    async with connection() as c:
        rows = await c.fetch(sql, *values)
    return [Due(**dict(row) | {name: tuple(row[name]) for name in ("labels", "receipts")}) for row in rows]
