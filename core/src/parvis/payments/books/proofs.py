"""What must hold of all books at any time; each function gives what does not, so nothing is right."""

from __future__ import annotations

from uuid import UUID

from parvis.db import connection

_UNLIKE_SUMS = """
SELECT till, account FROM (
    SELECT e.till, l.account, sum(greatest(l.cents, 0)) AS debit, sum(greatest(-l.cents, 0)) AS credit
    FROM parvis.ledger_line l JOIN parvis.ledger_entry e ON e.id = l.entry GROUP BY e.till, l.account
) AS summed FULL JOIN parvis.ledger_balance AS kept USING (till, account)
WHERE (summed.debit, summed.credit) IS DISTINCT FROM (kept.debit::numeric, kept.credit::numeric)
"""
_UNBALANCED = """
SELECT e.id FROM parvis.ledger_entry e LEFT JOIN parvis.ledger_line l ON l.entry = e.id
GROUP BY e.id HAVING coalesce(sum(l.cents), 1) <> 0 OR count(l.n) <> e.lines
"""
_UNNUMBERED = """
SELECT head.till FROM parvis.ledger_head head LEFT JOIN parvis.ledger_entry e ON e.till = head.till
GROUP BY head.till, head.entries HAVING count(e.id) <> head.entries OR coalesce(max(e.number), 0) <> head.entries
"""


async def unlike_sums() -> list[tuple[UUID, str]]:
    """Tills and accounts whose running balance is not the sum of their lines."""
    async with connection() as c:
        return [(row["till"], row["account"]) for row in await c.fetch(_UNLIKE_SUMS)]


async def unbalanced() -> list[UUID]:
    """Entries whose lines do not sum to zero."""
    async with connection() as c:
        return [row["id"] for row in await c.fetch(_UNBALANCED)]


async def unnumbered() -> list[UUID]:
    """Tills whose journal has a gap."""
    async with connection() as c:
        return [row["till"] for row in await c.fetch(_UNNUMBERED)]
