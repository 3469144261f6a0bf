"""What is true of bills and credits: what the books have is what was sold, used and paid out, by the rules alone."""

from __future__ import annotations

from uuid import UUID

from parvis.db import connection
from parvis.payments.books import ledger
from parvis.payments.books.postings import CREDIT, VAT
from parvis.payments.invoices import issuing, unpaid

_PAYS = """(c.taken_as = 'paid' OR EXISTS (
    SELECT FROM parvis.ledger_entry u WHERE u.till = c.till AND u.kind = 'take-up' AND u.source = c.id))"""
_GRANTED = "('approved', 'sent', 'unknown', 'failed', 'done')"
# Of each bill what was sold, the part of it that a credit paid, what was asked for, and what of that was given back;
# whether it is sold: it was paid, and if a bank took the money back, it is still asked for, by the public accountant
# perhaps.
_BILLS = f"""
SELECT i.id, i.state, i.cents, i.cents + s.used AS gross, s.used, least(i.cents, s.back) AS back,
    EXISTS (SELECT FROM parvis.credit z WHERE z.source = i.id) AS restored,
    CASE WHEN i.cents = 0 THEN i.state = 'paid' ELSE i.state <> 'cancelled'
        AND (i.state NOT IN ('to_refund', 'refunded')
            OR EXISTS (SELECT FROM parvis.passed_on p WHERE p.intent = i.id AND p.recalled_at IS NULL))
        AND NOT EXISTS (SELECT FROM parvis.invoice n WHERE n.intent = i.id AND n.sort = 'credit' AND n.refund IS NULL)
        AND EXISTS (SELECT FROM parvis.capture c WHERE c.intent = i.id AND {_PAYS} AND NOT EXISTS (
            SELECT FROM parvis.refund r WHERE r.capture = c.id AND r.method = 'counter')) END AS sold
FROM parvis.intent i, LATERAL (
    SELECT coalesce((SELECT -sum(h.cents) FROM parvis.charge h
            WHERE h.intent = i.id AND h.credit IS NOT NULL), 0)::bigint AS used,
        coalesce((SELECT sum(r.cents) FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
            WHERE c.intent = i.id AND {_PAYS} AND r.method <> 'counter' AND r.credit IS NULL
            AND r.state IN {_GRANTED}), 0)::bigint AS back) s
WHERE i.till = $1
"""
# Of each credit what there was, what of it went back with its price, or was never there, and what was paid out.
_CREDITS = f"""
SELECT k.cents, coalesce((SELECT sum(r.cents) FROM parvis.refund r
        WHERE r.credit = k.id AND r.state IN {_GRANTED}), 0)::bigint AS paid_out,
    CASE WHEN k.source <> k.capture THEN 0
        WHEN EXISTS (SELECT FROM parvis.capture_return v
            WHERE v.capture = k.capture AND v.stands) THEN k.cents
        ELSE (SELECT greatest(0, least(k.cents, coalesce(sum(r.cents), 0) - i.cents)) FROM parvis.capture m
            JOIN parvis.intent i ON i.id = m.intent LEFT JOIN parvis.capture c ON c.intent = i.id AND {_PAYS}
            LEFT JOIN parvis.refund r ON r.capture = c.id AND r.credit IS NULL AND r.method <> 'counter'
                AND r.state IN {_GRANTED}
            WHERE m.id = k.capture GROUP BY i.id) END AS back
FROM parvis.credit k WHERE k.till = $1
"""
_OVERUSED = """
SELECT k.id FROM parvis.credit k WHERE k.till = $1
AND k.cents < coalesce((SELECT -sum(h.cents) FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent
        WHERE h.credit = k.id AND i.state IN ('created', 'pending', 'expired', 'passed_on', 'paid')), 0)
    + coalesce((SELECT sum(r.cents) FROM parvis.refund r WHERE r.credit = k.id
        AND r.state IN ('requested', 'approved', 'sent', 'unknown', 'failed', 'done')), 0)
"""
_NOTED_ABOVE = """
SELECT i.id FROM parvis.invoice i JOIN parvis.invoice n ON n.corrects = i.id WHERE i.till = $1
GROUP BY i.id HAVING sum(n.cents) > i.cents
"""


async def agrees(till: UUID) -> None:
    """The books have the sales and the credits that there are; no credit is used twice, no bill given back twice."""
    async with connection() as c:
        bills = await c.fetch(_BILLS, till)
        given = await c.fetch(_CREDITS, till)
        assert await c.fetch(_OVERUSED, till) == [], "a credit is used twice"
        assert await c.fetch(_NOTED_ABOVE, till) == [], "more is noted as given back than was billed"
    assert await issuing.gaps(till) == []
    there = await ledger.balances(till)
    revenue = sum(one.cents for one in there if one.account == VAT or one.account.startswith("revenue:"))
    sold = [one for one in bills if one["sold"]]
    assert -revenue == sum(one["gross"] - one["back"] - one["used"] * one["restored"] for one in sold), "sold otherwise"
    used = sum(one["used"] for one in bills if one["sold"] or one["restored"])
    left = sum(one["cents"] - one["paid_out"] - one["back"] for one in given) - used
    assert -ledger.balance_of(there, CREDIT) == left, "the books have other credits than were given"


async def owed(till: UUID) -> None:
    """What is listed as owed is what nobody paid."""
    async with connection() as c:
        bills = await c.fetch(_BILLS, till)
    unpaid_ones = sum(one["cents"] for one in bills if one["state"] in {"created", "pending", "expired"})
    assert (await unpaid.total(till, ledger.today())).cents == unpaid_ones, "another amount is listed as owed"
