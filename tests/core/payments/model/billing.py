"""What is billed: one bill after another, at once or in parts, paid with money or with what the payer has in credit."""

from __future__ import annotations

from datetime import timedelta

from tests.core.payments.model.staff import AGENT, SOME

from parvis.contract.values import Channel
from parvis.db import connection
from parvis.errors import Conflict
from parvis.identity.contacts import Contact
from parvis.payments import intents
from parvis.payments.books import ledger
from parvis.payments.credits import balances, paying_out
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule

PRICES = (1000, 40, 300, 650)
_BILLS = "SELECT id, basket FROM parvis.intent WHERE till = $1 ORDER BY id"


class Billing:
    """Whoever writes bills: each is one more of the same payer's at the same till. One of them is dealt with."""

    async def a_bill(self) -> None:
        """The first one, of a few days."""
        await splitting.keep_rule(self.shop.till, Rule(3))
        await self.write_bill(0)

    async def write_bill(self, n: int) -> None:
        """Another one, in two parts of every other price; one that was written and not seen is not written again."""
        if not self.bill:
            raise Conflict
        if not await self.unseen():
            to = BillTo(contact=Contact(Channel.MAIL, f"{self.shop.till.hex[-12:]}@example.org"), language="fr")
            charges = self.charges(PRICES[n % 4], vat_bp=550 * (n % 2))
            await bills.write(charges, to, ledger.today() + timedelta(days=3), AGENT, 1 + n // 4 % 2)
        await self.turn(-1)

    async def write_bills_at_once(self, n: int) -> None:
        """Two of them while a credit is asked for as money: nothing of it is used twice."""
        await self.at_once(self.write_bill(n), self.ask_payout(n), self.write_bill(n + 2), self.ask_payout(n))

    async def turn(self, n: int) -> None:
        """Another bill, or part of one, is dealt with from now on."""
        async with connection() as c:
            rows = await c.fetch(_BILLS, self.shop.till)
        self.bills = [row["id"] for row in rows]
        self.intent, self.basket = rows[n % len(rows)]

    async def take_back_plan(self, n: int) -> None:
        if not self.bill:
            raise Conflict
        await bills.take_back_plan(self.intent)

    async def ask_payout(self, n: int) -> None:
        """The payer wants a credit as money."""
        there = await balances.left_at(self.shop.till)
        if not there:
            raise Conflict
        one = there[n % len(there)]
        await paying_out.ask(one.id, min(one.left, SOME[n % len(SOME)]), "Moves away", AGENT)

    async def unseen(self) -> bool:
        """Whether somebody wrote a bill that nobody has looked at."""
        async with connection() as c:
            return {row["id"] for row in await c.fetch(_BILLS, self.shop.till)} > {*self.bills}

    def charges(self, cents: int, vat_bp: int = 0) -> list[intents.Charge]:
        return [intents.Charge(self.shop.till, "Ten entries", "pools", cents, vat_bp)]
