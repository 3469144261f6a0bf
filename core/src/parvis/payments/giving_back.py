"""What a refund that has left gave back of a sale: the credit note for it, and with the last of the money the credit
that had paid a part."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis.db import Connection
from parvis.payments import intents
from parvis.payments.books import ledger, postings
from parvis.payments.credits import balances
from parvis.payments.invoices import issuing
from parvis.payments.money import Cents
from parvis.payments.refunds import Refund

_BACK = (
    "SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r JOIN parvis.capture m ON m.id = r.capture "
    "WHERE m.intent = $1 AND m.taken_as <> 'extra' AND r.method <> 'counter' AND r.credit IS NULL AND r.state = 'done'"
)
# What of the credit that paid a part is the payer's again, as terms of a till said.
_RESTORED = (
    "SELECT coalesce(sum(x.credit), 0)::bigint FROM parvis.cancelled_charge x JOIN parvis.charge h ON h.id = x.charge "
    "WHERE h.intent = $1"
)


async def enter(c: Connection, done: Refund, paid: asyncpg.Record) -> None:
    """Enter it once, in the transaction in which the refund is done; nothing for what was never sold.

    A refund that came back and is done again gives nothing back a second time.
    """
    if done.credit or not paid["sold"]:
        return
    intent = await intents.intent(paid["intent"])
    sales = await intents.sales_of(intent.id)
    asked, used = postings.asked(sales), postings.credit_used(sales)
    back, restored = min(int(await c.fetchval(_BACK, intent.id)), asked), await restored_of(c, intent.id)
    # Of what is no longer asked for, the credit is the payer's again already.
    if back == asked and used > restored and intent.state == "paid":
        await ledger.post(done.till, "credit-back", intent.id, postings.restored(sales, restored))
        await balances.give(c, done.capture, used - restored, intent.id)
        restored = used
    await issuing.give_back(c, intent, done.id, back + restored)


async def restored_of(c: Connection, intent: UUID) -> Cents:
    """What of the credit that paid a part of an amount is the payer's again, of places that were cancelled."""
    return int(await c.fetchval(_RESTORED, intent))
