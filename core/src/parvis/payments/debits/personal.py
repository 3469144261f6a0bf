"""What is kept of whoever gave a mandate: shown to them, and forgotten once no debit of theirs can come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from parvis import clock, crypto
from parvis.db import connection, transaction
from parvis.identity.actors import Actor
from parvis.payments import payers
from parvis.payments.debits import rules, withdrawing
from parvis.payments.debits.queries import MANDATE

# What was not used for 36 months is no mandate any more (SEPA Direct Debit Core Rulebook, section 4.1).
_UNUSED = timedelta(days=3 * 365)
_THEIRS = """
SELECT m.reference, m.last, m.signed_on, m.given_at, m.revoked_at, t.name AS till FROM parvis.sepa_mandate m
JOIN parvis.till t ON t.id = m.till WHERE m.person = ANY ($1) OR m.contact_digest = ANY ($2) ORDER BY m.given_at
"""
_LAPSE = """
UPDATE parvis.sepa_mandate m SET revoked_at = $1 WHERE revoked_at IS NULL AND given_at < $2
AND NOT EXISTS (SELECT FROM parvis.debit d WHERE d.mandate = m.id AND d.changed >= $2)
"""
_FORGET = """
UPDATE parvis.sepa_mandate m SET person = NULL, contact_digest = NULL, name = $1, iban = $1, last = ''
WHERE last <> '' AND
"""
_OLD = """
revoked_at < $2 AND NOT EXISTS (SELECT FROM parvis.debit d WHERE d.mandate = m.id AND d.changed >= $2) RETURNING id
"""
_STANDING = (
    "SELECT m.id FROM parvis.sepa_mandate m WHERE (m.person = ANY ($1) OR m.contact_digest = ANY ($2)) "
    "AND m.revoked_at IS NULL ORDER BY m.till, m.id"
)
_UNUSED_ONES = """
(m.person = ANY ($2) OR m.contact_digest = ANY ($3)) AND revoked_at IS NOT NULL
AND NOT EXISTS (SELECT FROM parvis.debit d WHERE d.mandate = m.id) RETURNING id
"""


async def export(actor: Actor) -> list[dict[str, Any]]:
    """The mandates that somebody gave, for them; of an account the last four signs, as they see it everywhere."""
    async with connection() as c:
        return [dict(row) for row in await c.fetch(_THEIRS, *await payers.identity_of(actor))]


async def forget_old() -> int:
    """End what was not used for three years; take everybody out of what can no longer be disputed: how many."""
    now = clock.now()
    async with transaction() as c:
        await c.execute(_LAPSE, now, now - _UNUSED)
        return len(await c.fetch(_FORGET + _OLD, crypto.encrypt(b"", MANDATE), now - rules.DISPUTED))


async def standing(actor: Actor) -> list[UUID]:
    """The mandates by which somebody can be debited now, by till."""
    async with connection() as c:
        return [row["id"] for row in await c.fetch(_STANDING, *await payers.identity_of(actor))]


async def erase(actor: Actor) -> int:
    """Revoke what somebody who asks to be forgotten has given, and forget at once what was never used; how many.

    What was used is forgotten once none of its debits can come back (`forget_old`).
    """
    async with transaction() as c:
        found = await standing(actor)
        for mandate in found:
            await withdrawing.revoke(mandate)
        await c.fetch(_FORGET + _UNUSED_ONES, crypto.encrypt(b"", MANDATE), *await payers.identity_of(actor))
    return len(found)
