"""Paying a credit out: a refund of the money that it is of, with a second person above the till's limit."""

from __future__ import annotations

from uuid import UUID

from parvis.db import connection
from parvis.payments import refunds
from parvis.payments.credits import balances
from parvis.payments.credits.balances import Credit
from parvis.payments.money import Cents
from parvis.payments.refunds import Refund


async def ask(credit: UUID, cents: Cents, reason: str, by: UUID, method: str | None = None) -> Refund:
    """Ask to pay part or all of a credit out; up to the till's limit it is approved at once.

    `method` is the account's own unless said, or another where the money is not there any more. Raises Refused above
    what is left of it, NotFound.
    """
    found = await balances.credit_by_id(credit)
    return await refunds.request(found.capture, cents, reason, by, method, credit=credit)


async def way(found: Credit) -> str:
    """By which way what is left of a credit is paid out. Raises NotFound."""
    async with connection() as c:
        return await refunds.way_of_credit(c, await c.fetchrow(refunds.CAPTURE, found.capture), found.left)
