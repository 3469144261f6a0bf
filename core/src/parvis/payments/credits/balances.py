"""What was given as a credit, and what is left of it: what is neither used on a bill nor paid out.

The books name nobody; a credit is its basket's payer's, wherever else that payer is asked for something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis import clock
from parvis.db import Connection, connection, new_id
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments.books import sales
from parvis.payments.money import Cents

_HELD = "('requested', 'approved', 'sent', 'unknown', 'failed', 'done')"
# What an intent `u` uses of a credit with its line `h`. A bill that is cancelled gives it back, but for what of it is a
# credit of its own already, of the first lines first; one that is late, or that the public accountant collects, keeps
# it: it is still owed.
_USED = f"""
CASE WHEN u.state IN ('created', 'pending', 'expired', 'passed_on', 'paid')
    OR EXISTS (SELECT FROM parvis.passed_on p WHERE p.intent = u.id AND p.recalled_at IS NULL) THEN -h.cents
ELSE greatest(0, least(-h.cents, {sales.RESTORED} + coalesce((SELECT sum(f.cents) FROM parvis.charge f
    WHERE f.intent = u.id AND f.credit IS NOT NULL AND f.id < h.id), 0))) END
"""  # noqa: S608 - of constants
# What of a credit `k` is used or paid out.
_GONE = f"""
(coalesce((SELECT sum({_USED}) FROM parvis.charge h JOIN parvis.intent u ON u.id = h.intent
        WHERE h.credit = k.id), 0)
    + coalesce((SELECT sum(r.cents) FROM parvis.refund r WHERE r.credit = k.id AND r.state IN {_HELD}), 0))
"""  # noqa: S608 - of constants
# What was paid above a price is also given back with the price, and its bank may take it back with it: what of it had
# gone by then is less than nothing. Of money that a bank disputes nothing is there until it is won.
_LEFT = f"""
(k.cents - {_GONE} - CASE
    WHEN EXISTS (SELECT FROM parvis.dispute d WHERE d.capture = k.capture AND d.state = 'open') THEN k.cents
    WHEN k.source <> k.capture THEN 0
    WHEN EXISTS (SELECT FROM parvis.capture_return v WHERE v.capture = k.capture AND v.stands)
        OR EXISTS (SELECT FROM parvis.refund r WHERE r.capture = k.capture AND r.method = 'counter') THEN k.cents
    ELSE (SELECT greatest(0, least(k.cents, coalesce(sum(r.cents), 0) - i.cents)) FROM parvis.capture m
        JOIN parvis.intent i ON i.id = m.intent LEFT JOIN (
            parvis.capture c JOIN parvis.refund r ON r.capture = c.id AND {sales.OF_SALE} AND r.state IN {_HELD}
        ) ON c.intent = i.id WHERE m.id = k.capture GROUP BY i.id) END)
"""  # noqa: S608 - of constants
LEFT = f"greatest(0, {_LEFT})::bigint"
# What of the credit that a capture `c` left, paid above a price, is used or paid out.
SURPLUS_GONE = f"coalesce((SELECT {_GONE} FROM parvis.credit k WHERE k.source = c.id), 0)"  # noqa: S608 - of constants
# What keeps its payer: a credit that is left, or that comes back if the bill it is used on is cancelled.
OWED = f"""
EXISTS (SELECT FROM parvis.credit k WHERE k.basket = b.id AND ({LEFT} > 0 OR EXISTS (
    SELECT FROM parvis.charge h JOIN parvis.intent u ON u.id = h.intent
    WHERE h.credit = k.id AND u.state IN ('created', 'pending'))))
"""  # noqa: S608 - of constants
# One that a late bill uses comes back if somebody takes that bill back.
LENT = """
EXISTS (SELECT FROM parvis.credit k JOIN parvis.charge h ON h.credit = k.id JOIN parvis.intent u ON u.id = h.intent
    WHERE k.basket = b.id AND u.state IN ('expired', 'passed_on'))
"""
_CREDITS = f"""
SELECT k.id, k.till, t.name AS till_name, e.name AS emitter_name, k.basket, k.capture, k.source, k.cents, k.at,
    {LEFT} AS left, (SELECT array_agg(h.label ORDER BY h.id) FROM parvis.charge h JOIN parvis.capture m
        ON m.intent = h.intent WHERE m.id = k.capture AND h.credit IS NULL) AS labels
FROM parvis.credit k JOIN parvis.basket b ON b.id = k.basket JOIN parvis.till t ON t.id = k.till
JOIN parvis.emitter e ON e.id = t.emitter WHERE
"""  # noqa: S608 - of constants
_THEIRS = "(b.person = ANY ($1) OR b.contact_digest = ANY ($2))"
_GIVE = (
    "INSERT INTO parvis.credit (id, till, basket, capture, source, cents, at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT (source) DO NOTHING"
)
_TOTAL = f"SELECT coalesce(sum({LEFT}), 0)::bigint FROM parvis.credit k WHERE k.till = $1"  # noqa: S608 - of constants
# Whoever uses or pays out a credit is alone with it until they commit.
_LOCK = "SELECT id FROM parvis.credit WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"

_LOCK_SURPLUS = (
    "SELECT k.id FROM parvis.credit k JOIN parvis.capture c ON c.id = k.source WHERE c.intent = ANY ($1) "
    "ORDER BY k.id FOR NO KEY UPDATE OF k"
)
_OVERUSED = f"SELECT EXISTS (SELECT FROM parvis.credit k WHERE k.id = ANY ($1) AND {_LEFT} < 0)"  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A credit of a payer at a till: what it was, and what of it is `left`; `at` is UTC, `labels` what was paid for."""

    id: UUID
    till: UUID
    till_name: str
    emitter_name: str
    basket: UUID
    capture: UUID
    source: UUID
    cents: Cents
    left: Cents
    at: datetime
    labels: tuple[str, ...]


async def give(c: Connection, capture: UUID, cents: Cents, source: UUID | None = None) -> None:
    """Note a credit that is entered in the books, once for its source, in the caller's transaction; of 0 none.

    Money of nobody known gives none: nobody could use it.
    """
    sql = (
        "SELECT m.till, i.basket FROM parvis.capture m JOIN parvis.intent i ON i.id = m.intent WHERE m.id = $1 "
        "AND i.till = m.till"
    )
    row = await c.fetchrow(sql, capture)
    if row and cents > 0:
        await c.execute(_GIVE, new_id(), row["till"], row["basket"], capture, source or capture, cents, clock.now())


async def owed_to(persons: Sequence[UUID], digests: Sequence[bytes], till: UUID | None = None) -> list[Credit]:
    """What is left of the credits of an account's sign-ons, or of contacts; at one till if named, the oldest first."""
    sql = f"{_CREDITS} {_THEIRS} AND ($3::uuid IS NULL OR k.till = $3) AND {LEFT} > 0 ORDER BY k.at, k.id"
    return await _read(sql, list(persons), list(digests), till)


async def left_at(till: UUID, limit: int = 500, after: UUID | None = None) -> list[Credit]:
    """What is left of a till's credits, the oldest first; those after one of them, if it is named."""
    where = "($3::uuid IS NULL OR (k.at, k.id) > (SELECT at, id FROM parvis.credit WHERE id = $3))"
    sql = f"{_CREDITS} k.till = $1 AND {LEFT} > 0 AND {where} ORDER BY k.at, k.id LIMIT $2"
    return await _read(sql, till, limit, after)


async def total_at(till: UUID) -> Cents:
    """What is left of all credits of a till together."""
    async with connection() as c:
        return int(await c.fetchval(_TOTAL, till))


async def credit_by_id(credit: UUID) -> Credit:
    """A credit. Raises NotFound."""
    found = await _read(f"{_CREDITS} k.id = $1", credit)
    if not found:
        raise NotFound
    return found[0]


async def lock(c: Connection, these: Sequence[UUID]) -> None:
    """Let nobody else use these credits until the transaction ends; read what is left of them after that."""
    await c.fetch(_LOCK, list(these))


async def lock_surplus(c: Connection, these: Iterable[UUID]) -> None:
    """Let nobody else use what the payments of intents left above their price, as `lock` does."""
    await c.fetch(_LOCK_SURPLUS, list(these))


async def left_of(c: Connection, credit: UUID) -> Cents:
    """What is left of a credit, nobody else's until the transaction ends. Raises NotFound."""
    await lock(c, [credit])
    return (await credit_by_id(credit)).left


async def check_used(c: Connection, intent: UUID) -> None:
    """Hold what an intent uses to what is there, once it counts as using it again. Raises Refused."""
    sql = "SELECT DISTINCT credit FROM parvis.charge WHERE intent = $1 AND credit IS NOT NULL ORDER BY credit"
    used = [row["credit"] for row in await c.fetch(sql, intent)]
    await lock(c, used)
    if await c.fetchval(_OVERUSED, used):
        raise Refused(Refusal("credit-gone", Text("The credit that was to pay a part of it was used meanwhile.")))


async def _read(sql: str, *values: object) -> list[Credit]:
    async with connection() as c:
        rows = await c.fetch(sql, *values)
    return [Credit(**dict(row) | {"labels": tuple(row["labels"] or ())}) for row in rows]
