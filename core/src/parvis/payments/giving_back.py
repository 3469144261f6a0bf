"""What a refund that has left gave back of a sale: the credit note for it, and with the last of the money the credit
that had paid a part."""

from __future__ import annotations

import asyncpg

from parvis.db import Connection
from parvis.payments import intents
from parvis.payments.books import ledger, postings, sales
from parvis.payments.credits import balances
from parvis.payments.invoices import issuing
from parvis.payments.refunds import Refund


async def enter(c: Connection, done: Refund, paid: asyncpg.Record) -> None:
    """Enter it once, in the transaction in which the refund is done; nothing for what was never sold.

    A refund that came back and is done again gives nothing back a second time.
    """
    if done.credit or not paid["sold"]:
        return
    intent = await intents.intent(paid["intent"])
    sold = await intents.sales_of(intent.id)
    asked, used = postings.asked(sold), postings.credit_used(sold)
    back, restored = min(await sales.left(intent.id), asked), await sales.restored(intent.id)
    # Of what is no longer asked for, the credit is the payer's again already.
    if back == asked and used > restored and intent.state == "paid":
        await ledger.post(done.till, "credit-back", intent.id, postings.restored(sold, restored))
        await balances.give(c, done.capture, used - restored, intent.id)
        restored = used
    await issuing.give_back(c, intent, done.id, back + restored)
