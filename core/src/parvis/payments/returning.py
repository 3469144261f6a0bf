"""Money that came in and that the payer's bank took back: it leaves the bank account, and is owed again."""

from __future__ import annotations

from datetime import datetime

from parvis import clock
from parvis.db import transaction
from parvis.errors import NotFound, Refused
from parvis.payments import intents, refunds
from parvis.payments.accounts import account as account_of
from parvis.payments.books import ledger, postings

_CAPTURE = "SELECT id, till, intent, cents, taken_as FROM parvis.capture WHERE account = $1 AND provider_ref = $2"


async def take_back(account: str, ref: str, until: datetime) -> bool:
    """Enter that money was taken back, once; whether that was new. What it was for can be paid again until then.

    The sale is taken out of the books too, and entered again with the next payment. Raises NotFound.
    """
    async with transaction() as c:
        row = await c.fetchrow(_CAPTURE, account, ref)
        if row is None or row["intent"] is None:
            raise NotFound
        found = await intents.locked(c, row["intent"])
        sql = "INSERT INTO parvis.capture_return (capture, at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING capture"
        if await c.fetchval(sql, row["id"], clock.now()) is None:
            return False
        try:
            async with transaction():
                await refunds.call_off(c, row["id"])
        except Refused:
            # Given back already, and now taken back besides: all of it is owed.
            pass
        owed = postings.RECEIVABLE if row["taken_as"] == "paid" else postings.REFUND_DUE
        into = (await account_of(account)).collects_into
        await ledger.post(row["till"], "return", row["id"], postings.returned(into, row["cents"], owed))
        if row["taken_as"] == "paid":
            await ledger.reverse(row["till"], "charge", row["id"])
        if row["taken_as"] == "paid" and found.state == "paid":
            await intents.move(c, found, "return")
            await intents.prolong(c, found.id, until)
        elif row["taken_as"] == "vain" and found.state == "to_refund":
            # Neither what it was for nor the money: nothing is asked for, and nothing given back.
            await intents.move(c, found, "return")
    return True
