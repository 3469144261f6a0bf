"""What agents and accountants do: the counter, refunds, payouts."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from tests.core.payments.model.providers import provider_of

from parvis.contract.payments import Sent
from parvis.db import connection, new_id
from parvis.errors import Conflict, Refused
from parvis.payments import jobs, refund_sending, refunds, stranded
from parvis.payments.books import ledger, movements
from parvis.payments.counter import by_hand
from parvis.payments.statements import reconciling

AGENT, MANAGER = new_id(), new_id()
SOME = (100, 150, 300, 1000, 1001)
BY_HAND = ("mandate", "credit", "cash", "advances")
_REFUNDS = "SELECT id FROM parvis.refund WHERE till = $1 AND state = $2 AND method <> 'counter' ORDER BY id"


class Staff:
    """Everybody behind the counter."""

    async def find_place(self, n: int) -> None:
        """An agent finds a place for money that was to be given back."""
        self.free = True
        sql = "SELECT id FROM parvis.capture WHERE till = $1 AND taken_as = 'vain' ORDER BY id DESC"
        await stranded.find_place(await self.one(sql, n, self.shop.till))

    async def take_cash(self, n: int) -> None:
        await by_hand.close_pages(self.intent, provider_of)
        await self.drawer.takes(self.intent, cash=(await self.price()))

    async def take_cash_back(self, n: int) -> None:
        sql = "SELECT id FROM parvis.till_taking WHERE session = $1 ORDER BY id"
        await by_hand.take_back(await self.one(sql, n, self.drawer.session), self.drawer.by, "Mistaken")

    async def ask_refund(self, n: int) -> None:
        await refunds.request(await self.capture(n), SOME[n % len(SOME)], "Closed", AGENT)

    async def ask_by_hand(self, n: int) -> None:
        """Whatever the provider could do: it leaves another way, or becomes a credit."""
        await refunds.request(await self.capture(n), SOME[n % len(SOME)], "Closed", AGENT, BY_HAND[n % len(BY_HAND)])

    async def approve(self, n: int) -> None:
        await refunds.decide(await self.refund(n, "requested"), True, MANAGER)

    async def approve_own(self, n: int) -> None:
        """Whoever asked decides."""
        await refunds.decide(await self.refund(n, "requested"), True, AGENT)

    async def reject(self, n: int) -> None:
        await refunds.decide(await self.refund(n, "requested"), False, MANAGER)

    async def withdraw(self, n: int) -> None:
        await refunds.withdraw(await self.refund(n, "approved"))

    async def retry(self, n: int) -> None:
        await refund_sending.retry(await self.refund(n, "failed"), MANAGER)

    async def retry_by_hand(self, n: int) -> None:
        """Another way; of every other time by whoever had asked for it."""
        way = BY_HAND[n % len(BY_HAND)]
        await refund_sending.retry(await self.refund(n, "failed"), (MANAGER, AGENT)[n % 2], way)

    async def pay_by_hand(self, n: int) -> None:
        await refund_sending.pay_by_hand(await self.refund(n, "approved"))

    async def send(self, n: int) -> None:
        if not await jobs.send_refunds(provider_of):
            raise Conflict

    async def send_unheard(self, n: int) -> None:
        async with self.unheard():
            await self.send(n)

    async def ask_again(self, n: int) -> None:
        await jobs.ask_again(provider_of)

    async def refuse_refunds(self, n: int) -> None:
        self.provider.refuses_refunds = not self.provider.refuses_refunds

    async def bounce(self, n: int) -> None:
        """A refund comes back: one that the provider made, whatever is known of it here, or one made by hand."""
        made = [one for one in self.provider.refunds if one not in self.provider.came_back]
        refund = made[n % len(made)] if made else await self.refund(n, "done")
        if refund not in self.provider.refunds:
            await refund_sending.back_by_hand(refund)
            return
        self.provider.came_back[refund] = ledger.today()
        await self.tell_bounces(n)

    async def tell_bounces(self, n: int) -> None:
        for refund in self.provider.came_back:
            # Heard before.
            with suppress(Refused):
                await refund_sending.heard(refund, Sent.FAILED)

    async def pay_out(self, n: int) -> None:
        if not self.provider.caps("").rows or self.provider.holds <= 0:
            raise Conflict
        self.provider.payouts.append(self.provider.holds)
        await self.tell_payouts(n)

    async def tell_payouts(self, n: int) -> None:
        for number, cents in enumerate(self.provider.payouts):
            await movements.paid_out(self.shop.account, f"po_{number}", cents - 10, 10)

    async def reconcile(self, n: int) -> None:
        await reconciling.reconcile_day(self.provider, self.shop.account, ledger.today())

    async def price(self) -> int:
        async with connection() as c:
            return await c.fetchval("SELECT cents FROM parvis.intent WHERE id = $1", self.intent)

    async def capture(self, n: int) -> UUID:
        return await self.one("SELECT id FROM parvis.capture WHERE till = $1 ORDER BY id", n, self.shop.till)

    async def refund(self, n: int, state: str) -> UUID:
        return await self.one(_REFUNDS, n, self.shop.till, state)

    async def one(self, sql: str, n: int, *values: object) -> UUID:
        """One of what a query finds, by number."""
        async with connection() as c:
            rows = await c.fetch(sql, *values)
        if not rows:
            raise Conflict
        return rows[n % len(rows)]["id"]
