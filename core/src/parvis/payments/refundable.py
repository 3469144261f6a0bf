"""How much of money that came in can still be given back, and by one person alone."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis.db import Connection, connection
from parvis.payments.books import sales
from parvis.payments.credits import balances
from parvis.payments.money import Cents
from parvis.payments.rules import REFUND_HELD, REFUND_LEFT

_HELD = ", ".join(f"'{state}'" for state in sorted(REFUND_HELD))
# What stays of a capture `c`, but of a credit that has gone: a bank may have taken it back; what it disputes is not
# there until it is won.
STAYS = f"""
(c.cents - coalesce((SELECT sum(r.cents) FROM parvis.refund r
        WHERE r.capture = c.id AND r.credit IS NULL AND r.state IN ({_HELD})), 0)
    - {balances.SURPLUS_GONE}
    - CASE WHEN {sales.TAKEN_BACK} THEN c.cents
        ELSE least(c.cents, coalesce((SELECT sum(d.cents) FROM parvis.dispute d
            WHERE d.capture = c.id AND d.state <> 'won'), 0)) END)
"""  # noqa: S608 - of constants
# What of a capture `c` was kept for what its payer owes, and is not given back.
SET_OFF = "coalesce((SELECT sum(s.cents) FROM parvis.set_off s WHERE s.capture = c.id), 0)"
_TOGETHER = f"""
(SELECT sum(x.cents) FROM (SELECT {STAYS} AS cents FROM parvis.capture c WHERE c.intent = i.id) AS x)
"""  # noqa: S608 - of constants
# What of it can still be given back, `i` being its intent, if it has one: of all payments of an amount together no more
# than came in and stayed.
IDLE = f"least({STAYS} - {SET_OFF}, {_TOGETHER})::bigint"
_LEFT = f"""
SELECT greatest(0, {IDLE}) FROM parvis.capture c LEFT JOIN parvis.intent i ON i.id = c.intent WHERE c.id = $1
"""  # noqa: S608 - of constants
# What had left of payments of an amount when their bank took them back, and was not kept yet; less than nothing: more
# was kept.
_OWED = f"""
SELECT coalesce(sum(CASE WHEN {sales.TAKEN_BACK}
    THEN (SELECT coalesce(sum(r.cents), 0) FROM parvis.refund r
        WHERE r.capture = c.id AND r.credit IS NULL AND r.state = ANY ($2)) ELSE 0 END - {SET_OFF}), 0)::bigint
FROM parvis.capture c WHERE c.intent = $1
"""  # noqa: S608 - of constants
# What of money that pays nothing had left beyond what a bank that took a part of it has left of it.
_BEYOND = f"""
SELECT CASE WHEN {sales.SOLD} THEN 0 ELSE greatest(0, $2 - c.cents + coalesce((
    SELECT sum(d.cents) FROM parvis.dispute d WHERE d.capture = c.id AND d.state = 'lost'), 0)) END::bigint
FROM parvis.capture c WHERE c.id = $1
"""  # noqa: S608 - of constants
# What a provider can still give back of a payment: what left another way is still there.
_AT_PROVIDER = f"""
SELECT (c.cents - coalesce((SELECT sum(r.cents) FROM parvis.refund r
        WHERE r.capture = c.id AND r.method = 'provider' AND r.state IN ({_HELD})), 0)
    - coalesce((SELECT sum(d.cents) FROM parvis.dispute d
        WHERE d.capture = c.id AND d.state <> 'won'), 0))::bigint
FROM parvis.capture c WHERE c.id = $1
"""  # noqa: S608 - of constants
_TAKEN_BACK = f"SELECT {sales.TAKEN_BACK} FROM parvis.capture c WHERE c.id = $1"  # noqa: S608 - of constants
_COVERED = f"SELECT {STAYS} >= 0 FROM parvis.capture c WHERE c.id = $1"  # noqa: S608 - of constants
_GONE = (
    "SELECT coalesce(sum(cents), 0)::bigint FROM parvis.refund "
    "WHERE capture = $1 AND credit IS NULL AND state = ANY ($2)"
)
_OVER = f"""
SELECT c.cents - {SET_OFF} <= coalesce((SELECT sum(r.cents) FROM parvis.refund r
        WHERE r.capture = c.id AND r.credit IS NULL AND r.state = 'done'), 0)
    + coalesce((SELECT sum(d.cents) FROM parvis.dispute d WHERE d.capture = c.id AND d.state = 'lost'), 0)
FROM parvis.capture c WHERE c.id = $1
"""  # noqa: S608 - of constants
_SET_OFF = f"SELECT {SET_OFF}::bigint FROM parvis.capture c WHERE c.id = $1"  # noqa: S608 - of constants
# What a second person decided about, and what was paid in vain, nobody gives back alone. What is cancelled counts.
_ALONE = """
SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
LEFT JOIN parvis.intent i ON i.id = c.intent
WHERE c.till = $1 AND (c.id = $2 OR i.basket = $3) AND r.state = ANY ($4) AND r.method <> 'counter'
AND num_nonnulls(r.requested_by, r.cancellation) > 0 AND r.decided_by IS NULL
"""


async def at_provider(c: Connection, capture: UUID) -> Cents:
    """What its provider can still give back of a capture; in the caller's transaction."""
    return int(await c.fetchval(_AT_PROVIDER, capture))


async def left(capture: UUID) -> Cents:
    """What of a capture can still be given back: no more than came in for the amount in all, and stayed."""
    async with connection() as c:
        return int(await c.fetchval(_LEFT, capture))


async def owed(c: Connection, intent: UUID | None) -> Cents:
    """What had left of payments of an amount that a bank took back, and was not kept; in the caller's transaction."""
    return max(0, int(await c.fetchval(_OWED, intent, list(REFUND_LEFT))))


async def kept_above(c: Connection, intent: UUID | None) -> Cents:
    """What was kept of payments of an amount above what is owed of others; in the caller's transaction."""
    return max(0, -int(await c.fetchval(_OWED, intent, list(REFUND_LEFT))))


async def beyond(c: Connection, capture: UUID, left: Cents) -> Cents:
    """What a payer has twice of money that pays nothing, `left` of it having left: their bank took a part of it too."""
    return int(await c.fetchval(_BEYOND, capture, left))


async def set_off(c: Connection, capture: UUID) -> Cents:
    """What of a capture was kept for what its payer owes; in the caller's transaction."""
    return int(await c.fetchval(_SET_OFF, capture))


async def gone(c: Connection, capture: UUID) -> Cents:
    """What of a capture has left as refunds of its sale, or may have; in the caller's transaction."""
    return int(await c.fetchval(_GONE, capture, list(REFUND_LEFT)))


async def is_over(c: Connection, capture: UUID) -> bool:
    """Whether nothing of a capture is here any more; in the caller's transaction."""
    return bool(await c.fetchval(_OVER, capture))


async def is_covered(c: Connection, capture: UUID) -> bool:
    """Whether the money is here for all that is to be given back of a capture: its bank does not dispute it."""
    return bool(await c.fetchval(_COVERED, capture))


async def was_taken_back(c: Connection, capture: UUID) -> bool:
    """Whether the payer's bank took a capture back."""
    return bool(await c.fetchval(_TAKEN_BACK, capture))


async def asked_alone(c: Connection, paid: asyncpg.Record) -> Cents:
    """What is given back of a basket at a till without a second person, or waits for one."""
    return int(await c.fetchval(_ALONE, paid["till"], paid["id"], paid["basket"], list(REFUND_HELD)))
