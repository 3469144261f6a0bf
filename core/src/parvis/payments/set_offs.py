"""What had left of money that its payer's bank took back is kept of what else of its amount was to go back (0991)."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, new_id
from parvis.payments import intents, refundable
from parvis.payments.books import ledger, postings
from parvis.payments.money import Cents

_ADD = "INSERT INTO parvis.set_off (id, capture, cents, at) VALUES ($1, $2, $3, $4)"
_OTHERS = f"""
SELECT c.id, c.till, {refundable.SET_OFF}::bigint AS kept FROM parvis.capture c
WHERE c.intent = $1 AND c.id <> $2 ORDER BY c.id DESC
"""  # noqa: S608 - of constants


async def keep(c: Connection, till: UUID, capture: UUID, cents: Cents) -> None:
    """Keep so much of what was to go back, in the caller's transaction."""
    if cents:
        await ledger.post(till, "set-off", await _note(c, capture, cents), postings.set_off(cents))


async def free(c: Connection, till: UUID, capture: UUID, cents: Cents | None = None) -> None:
    """What was kept of money, or so much of it, is to go back again and is owed again; in the caller's transaction."""
    there = await refundable.set_off(c, capture)
    if back := there if cents is None else min(cents, there):
        lines = postings.reversed_of(postings.set_off(back))
        await ledger.post(till, "set-off-back", await _note(c, capture, -back), lines)


async def free_others(c: Connection, paid: asyncpg.Record) -> None:
    """Keep of an amount's other money no more than is owed, now that some of what had left of this did not.

    What is free then waits for somebody to see to it. In the caller's transaction.
    """
    above = await refundable.kept_above(c, paid["intent"])
    for other in await c.fetch(_OTHERS, paid["intent"], paid["id"]):
        if back := min(above, other["kept"]):
            await free(c, other["till"], other["id"], back)
            above -= back
            intent = await intents.locked(c, paid["intent"])
            if intent.state == "refunded":
                await intents.move(c, intent, "bounce")


async def _note(c: Connection, capture: UUID, cents: Cents) -> UUID:
    noted = new_id()
    await c.execute(_ADD, noted, capture, cents, clock.now())
    return noted
