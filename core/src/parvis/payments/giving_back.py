"""What a refund that has left gave back of a sale: the credit note for it, and with the last of the money the credit
that had paid a part."""

from __future__ import annotations

import asyncpg

from parvis.db import Connection
from parvis.payments import intents
from parvis.payments.books import ledger, postings
from parvis.payments.credits import balances
from parvis.payments.invoices import issuing
from parvis.payments.refunds import Refund

_BACK = (
    "SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r JOIN parvis.capture m ON m.id = r.capture "
    "WHERE m.intent = $1 AND m.taken_as <> 'extra' AND r.method <> 'counter' AND r.credit IS NULL AND r.state = 'done'"
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
    back = min(int(await c.fetchval(_BACK, intent.id)), asked)
    # Of what is no longer asked for, the credit is the payer's again already.
    if back == asked and used and intent.state == "paid":
        await ledger.post(done.till, "credit-back", intent.id, postings.restored(sales))
        await balances.give(c, done.capture, used, intent.id)
        back += used
    await issuing.give_back(c, intent, done.id, back)
