"""Money taken by hand at a counter: cash, a cheque, vouchers."""

from __future__ import annotations

from uuid import UUID

from parvis import clock
from parvis.db import new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import intents
from parvis.payments.accounts import OFFLINE, account
from parvis.payments.money import Cents
from parvis.payments.settling import Money, Settled, settle


async def take(intent: UUID, at: str, slip: str, cents: Cents) -> Settled:
    """Take money for an intent at an offline account; `slip` is its number there, told again it is taken once.

    A page that is still open may be paid too: what comes in twice is given back. Raises NotFound for another till's
    account, Refused for an account that is not offline.
    """
    box, now = await account(at), clock.now()
    if box.provider != OFFLINE:
        raise Refused(Refusal("not-offline", Text("No money is taken by hand at {account}.", {"account": at}), "at"))
    sql = (
        "INSERT INTO parvis.payment_attempt "
        "(id, intent, account, provider_ref, state, created, resume_until, live_until) "
        "VALUES ($1, $2, $3, $4, 'dead', $5, $5, $5) ON CONFLICT DO NOTHING"
    )
    async with transaction() as c:
        found = await intents.locked(c, intent)
        if found.till != box.till:
            raise NotFound
        await c.execute(sql, new_id(), intent, at, slip, now)
        return await settle(Money(at, slip, cents, now))
