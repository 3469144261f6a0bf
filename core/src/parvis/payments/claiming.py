"""An amount that is collected without its payer's doing: kept for that, so that nobody can pay it online meanwhile."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from parvis import clock
from parvis.db import Connection, new_id
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import attempts, intents
from parvis.payments.accounts import account as account_of
from parvis.payments.rules import ATTEMPT, after

_ADD = (
    "INSERT INTO parvis.payment_attempt "
    "(id, intent, account, provider_ref, state, created, resume_until, live_until) "
    "VALUES ($1, $2, $3, $4, 'live', $5, $5, $6) ON CONFLICT DO NOTHING RETURNING id"
)


async def claim(c: Connection, intent: UUID, account: str, ref: str, until: datetime) -> None:
    """Keep an amount until then, under the index that lets an intent have one open payment. Raises Refused.

    In the caller's transaction. Whoever opens a page at this moment is first, or finds that it is taken. Of a page that
    is over its provider was asked before.
    """
    found, now = await intents.locked(c, intent), clock.now()
    if (await account_of(account)).till != found.till:
        raise NotFound
    await attempts.none_open(c, intent)
    await intents.move(c, found, "start")
    if await c.fetchval(_ADD, new_id(), intent, account, ref, now, until) is None:
        raise Refused(Refusal("attempt-open", Text("It is being paid at this moment.")))


async def let_go(c: Connection, account: str, ref: str, until: datetime | None = None) -> None:
    """Let an amount be paid otherwise again, until then at least. In the caller's transaction."""
    sql = "SELECT id, intent, state FROM parvis.payment_attempt WHERE account = $1 AND provider_ref = $2"
    row = await c.fetchrow(sql, account, ref)
    if row is None:
        raise NotFound
    found = await intents.locked(c, row["intent"])
    sql = "UPDATE parvis.payment_attempt SET state = $2 WHERE id = $1"
    await c.execute(sql, row["id"], after(ATTEMPT, row["state"], "end"))
    if found.state == "pending":
        await intents.move(c, found, "stop")
        if until:
            await intents.prolong(c, found.id, until)
