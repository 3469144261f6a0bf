"""What residents and their browsers do, and the place they want."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from parvis import clock
from parvis.contract.payments import Result
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict
from parvis.payments import attempts, intents
from parvis.payments.invoices import bills

MINUTE = timedelta(minutes=1)
PRICE = 1000
PLACE = new_id()
_PASSED = "SELECT id FROM parvis.intent WHERE till = $1 AND state = 'passed_on'"


class Payer:
    """What the resident and their browser do."""

    async def open(self, n: int) -> None:
        ref = await self.shop.opened(self.intent)
        self.pages |= {ref: self.intent}

    async def open_unheard(self, n: int) -> None:
        async with self.unheard():
            await self.open(n)

    async def pay(self, n: int) -> None:
        self.provider.pay(self.open_page(n))

    async def pay_other(self, n: int) -> None:
        ref = self.open_page(n)
        self.provider.pay(ref, self.provider.payments[ref].order.cents + (-50, 50)[n % 2])

    async def pay_late(self, n: int) -> None:
        """A page of a bill that the public accountant collects was paid after all, whatever was told of it before."""
        async with connection() as c:
            passed = {row["id"] for row in await c.fetch(_PASSED, self.shop.till)}
        gone = [ref for ref, intent in self.pages.items() if intent in passed and not self.provider.payments[ref].paid]
        if not gone:
            raise Conflict
        page = self.provider.payments[ref := gone[n % len(gone)]]
        page.result, page.paid, page.cents = Result.PAID, clock.now(), page.order.cents
        self.late.add(ref)
        await attempts.look(self.provider, self.shop.account, ref)

    async def refuse(self, n: int) -> None:
        (self.provider.refuse, self.provider.abandon)[n % 2](self.open_page(n))

    async def come_back(self, n: int) -> None:
        await attempts.look_at(self.intent, self.provider, self.shop.account)

    async def change(self, n: int) -> None:
        """Put something else into the basket."""
        if self.bill:
            raise Conflict
        [found] = await intents.demand(
            self.charges(PRICE + 100 * n), clock.now() + 60 * MINUTE, purpose="pools", basket=self.basket
        )
        self.intent = found.id

    async def cancel(self, n: int) -> None:
        await (bills.take_back if self.bill else intents.cancel)(self.intent)


class Place:
    """What is sold: a row says whether it is given, so that what is rolled back was not."""

    async def lose_place(self, n: int) -> None:
        self.free = await self.given()

    async def free_place(self, n: int) -> None:
        self.free = True

    async def take(self, intent: intents.Intent) -> None:
        if not self.free:
            raise Conflict
        await self.give(intent.basket)

    async def give(self, basket: UUID) -> None:
        async with transaction() as c:
            await c.execute("UPDATE parvis.basket SET person = $2 WHERE id = $1", basket, PLACE)

    async def given(self) -> bool:
        async with connection() as c:
            sql = "SELECT person IS NOT DISTINCT FROM $2 FROM parvis.basket WHERE id = $1"
            return await c.fetchval(sql, self.basket, PLACE)
