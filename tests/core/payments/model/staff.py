"""What agents, accountants and the bank of a payer do: the counter, refunds, disputes, payouts."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from tests.core.payments.model.providers import Dispute, provider_of

from parvis.contract.payments import Sent
from parvis.db import connection, new_id
from parvis.errors import Conflict, Refused
from parvis.payments import disputing, jobs, refund_sending, refunds, stranded
from parvis.payments.books import ledger, movements
from parvis.payments.counter import by_hand
from parvis.payments.statements import reconciling

AGENT, MANAGER = new_id(), new_id()
SOME = (100, 150, 300, 1000, 1001)
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
        sql = "SELECT id FROM parvis.capture WHERE till = $1 ORDER BY id"
        await refunds.request(await self.one(sql, n, self.shop.till), SOME[n % len(SOME)], "Closed", AGENT)

    async def approve(self, n: int) -> None:
        await refunds.decide(await self.refund(n, "requested"), True, MANAGER)

    async def reject(self, n: int) -> None:
        await refunds.decide(await self.refund(n, "requested"), False, MANAGER)

    async def withdraw(self, n: int) -> None:
        await refunds.withdraw(await self.refund(n, "approved"))

    async def retry(self, n: int) -> None:
        await refund_sending.retry(await self.refund(n, "failed"), MANAGER)

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
        """A refund that was done comes back: the provider says so, or the till's bank."""
        refund = await self.refund(n, "done")
        if refund not in self.provider.refunds:
            await refund_sending.back_by_hand(refund)
            return
        self.provider.came_back[refund] = ledger.today()
        await self.tell_bounces(n)

    async def tell_bounces(self, n: int) -> None:
        for refund in self.provider.came_back:
            # Heard before.
            with suppress(Refused):
                await refund_sending.finish(refund, Sent.FAILED)

    async def dispute(self, n: int) -> None:
        payment = self.provider.payments[ref := self.page(n)]
        left = payment.cents - self.provider.given_back(ref)
        if not (self.provider.caps("").cancel and payment.paid and left) or ref in self.provider.disputes:
            raise Conflict
        self.provider.disputes[ref] = Dispute(left)
        await self.tell_disputes(n)

    async def decide_dispute(self, n: int) -> None:
        found = self.provider.disputes.get(self.page(n))
        if found is None or found.won is not None:
            raise Conflict
        found.won = bool(n % 2)
        await self.tell_disputes(n)

    async def tell_disputes(self, n: int) -> None:
        """What is told is told again until it is heard."""
        for ref, found in self.provider.disputes.items():
            attempt = self.provider.payments[ref].order.attempt
            await disputing.disputed(self.shop.account, f"dp_{ref}", found.cents, attempt)
            if found.won is not None:
                await disputing.dispute_closed(self.shop.account, f"dp_{ref}", won=found.won)

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

    async def refund(self, n: int, state: str) -> UUID:
        return await self.one(_REFUNDS, n, self.shop.till, state)

    async def one(self, sql: str, n: int, *values: object) -> UUID:
        """One of what a query finds, by number."""
        async with connection() as c:
            rows = await c.fetch(sql, *values)
        if not rows:
            raise Conflict
        return rows[n % len(rows)]["id"]
