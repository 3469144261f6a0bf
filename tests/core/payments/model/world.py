"""One resident, what they want, and everybody who has a hand in it: each step may be taken at any time.

A step takes a number, which says on which page, refund or debit, or how long; what cannot be done is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.core.payments.model.bank import Debits
from tests.core.payments.model.crashes import PROCESS, Crash
from tests.core.payments.model.known import shunned
from tests.core.payments.model.providers import Card, Public, known, provider_of
from tests.core.payments.model.staff import Staff

from parvis import clock
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, ParvisError
from parvis.payments import accounts, attempts, expiring, intents, polling, purposes
from parvis.payments.invoices import bills
from parvis.testing.payments import Drawer, Shop, a_drawer, a_shop
from parvis.testing.sandbox_provider import SIGNATURE

MINUTE = timedelta(minutes=1)
WAITS = (1, 4, 11, 16, 1, 25, 70, 24 * 60)
PRICE, ALONE = 1000, 200
PLACE = new_id()
BEGIN = datetime(2027, 3, 2, 9, tzinfo=UTC)


class Payer:
    """What the resident and their browser do."""

    async def open(self, n: int) -> None:
        if shunned("A8") and not self.provider.caps("").cancel:
            await attempts.look_at(self.intent, self.provider, self.shop.account)
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

    async def refuse(self, n: int) -> None:
        (self.provider.refuse, self.provider.abandon)[n % 2](self.open_page(n))

    async def come_back(self, n: int) -> None:
        await attempts.look_at(self.intent, self.provider, self.shop.account)

    async def change(self, n: int) -> None:
        """Put something else into the basket."""
        if self.bill:
            return
        [found] = await intents.demand(
            self.charges(PRICE + 100 * n), clock.now() + 60 * MINUTE, purpose="pools", basket=self.basket
        )
        self.intent = found.id

    async def cancel(self, n: int) -> None:
        if not self.bill:
            await intents.cancel(self.intent)
        elif not (shunned("A3") and await self.debits("listed", "made")):
            await bills.take_back(self.intent)


class Provider:
    """What the provider tells, and how it fails."""

    async def notify(self, n: int) -> None:
        for ref in await self.provider.hint(self.shop.account, *self.provider.notification(self.page(n))):
            await attempts.look(self.provider, self.shop.account, ref)

    async def notify_at_once(self, n: int) -> None:
        """Every page is told of twice, the resident comes back and the timers run, all at the same moment."""
        told = [self.notify(number) for number in range(2 * len(self.pages))]
        await self.at_once(*told, self.come_back(n), self.poll(n), self.expire(n), self.send(n))

    async def notify_and_cancel(self, n: int) -> None:
        """A payment is told of while somebody cancels it, and while it is taken at the counter."""
        await self.at_once(self.notify(n), self.cancel(n), self.notify(n + 1), self.take_cash(n))

    async def notify_forged(self, n: int) -> None:
        body, _ = self.provider.notification(self.page(n))
        await self.provider.hint(self.shop.account, body, {SIGNATURE: "forged"})

    async def notify_unknown(self, n: int) -> None:
        await attempts.look(self.provider, self.shop.account, "nobodys")

    async def go_down_or_up(self, n: int) -> None:
        self.provider.down = not self.provider.down

    async def become_illegible(self, n: int) -> None:
        if not shunned("A2"):
            self.provider.illegible ^= {self.page(n)}


class Worker:
    """What the timers do, and the time."""

    async def poll(self, n: int) -> None:
        await polling.look_due(provider_of)

    async def expire(self, n: int) -> None:
        await expiring.expire_due(provider_of)

    async def wait(self, n: int) -> None:
        clock.move(WAITS[n % len(WAITS)] * MINUTE)

    async def crash(self, n: int) -> None:
        """Whoever acts next dies on the way."""
        self.fated = 4 * n + 1


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


class World(Payer, Provider, Worker, Place, Staff, Debits):
    """Everybody at once. `pages` are the payments whose page somebody has, with what each is for."""

    def __init__(self, shop: Shop, drawer: Drawer, *, bill: bool) -> None:
        self.shop, self.provider, self.drawer, self.bill = shop, shop.provider, drawer, bill
        self.pages: dict[str, UUID] = {}
        self.free, self.fated, self.crashed = True, 0, False
        self.intent = self.basket = UUID(int=0)
        self.seen: object = None

    async def do(self, step: str, n: int = 0) -> bool:
        """Take a step; whether it was possible."""
        fated, self.fated, self.crashed = self.fated, 0, False
        PROCESS.dies_before(fated)
        try:
            await getattr(self, step)(n)
        except ParvisError:
            return False
        except Crash:
            self.crashed = True
            return False
        finally:
            PROCESS.revived()
        return True

    async def at_once(self, *steps: Coroutine[object, object, None]) -> None:
        """Take steps at the same moment; those that cannot be taken are refused."""
        for answer in await asyncio.gather(*steps, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, ParvisError):
                raise answer

    async def walk(self, steps: str) -> list[bool]:
        """Take steps, each a name and perhaps a number: `open pay wait:3`; which were possible."""
        told = [step.partition(":") for step in steps.split()]
        return [await self.do(name, int(n or 0)) for name, _, n in told]

    def page(self, n: int) -> str:
        """One of the pages, by number. Raises Conflict where there is none."""
        return chosen(list(self.pages), n)

    def open_page(self, n: int) -> str:
        """One of the pages that may be paid, by number. Raises Conflict where there is none."""
        return chosen(list(filter(self.provider.payable, self.pages)), n)

    @asynccontextmanager
    async def unheard(self):
        """Whatever is asked of the provider is done, and its answer lost."""
        self.provider.answer_lost = True
        try:
            yield
        finally:
            self.provider.answer_lost = False

    def charges(self, cents: int) -> list[intents.Charge]:
        return [intents.Charge(self.shop.till, "Ten entries", "pools", cents)]


def chosen(some: Sequence[str], n: int) -> str:
    """One of some, by number. Raises Conflict where there is none."""
    if not some:
        raise Conflict
    return some[n % len(some)]


async def a_world(*, public: bool, bill: bool) -> World:
    """A resident who may pay for a place, or a bill: at a public till, or one whose provider can do everything."""
    clock.move(BEGIN - clock.now())
    shop = await a_shop(provider=Public() if public else Card(strict=shunned("A12")), alone_up_to=ALONE)
    if public:
        await accounts.add_account(shop.account, shop.till, "sandbox", "mandate")
    known[shop.account] = shop.provider
    world = World(shop, await a_drawer(shop.till), bill=bill)
    purposes.use({"pools": world.take})
    if bill:
        world.basket, world.intent = await world.a_bill()
    else:
        [due] = await intents.demand(world.charges(PRICE), clock.now() + 60 * MINUTE, purpose="pools")
        world.basket, world.intent = due.basket, due.id
    return world


STEPS = (
    *("open", "open_unheard", "pay", "pay_other", "refuse", "come_back", "change", "cancel"),
    *(
        "notify",
        "notify_at_once",
        "notify_and_cancel",
        "notify_forged",
        "notify_unknown",
        "go_down_or_up",
        "become_illegible",
    ),
    *("poll", "expire", "send", "send_unheard", "ask_again", "reconcile", "wait", "crash"),
    *("find_place", "lose_place", "free_place", "take_cash", "take_cash_back"),
    *("ask_refund", "approve", "reject", "withdraw", "retry", "pay_by_hand", "refuse_refunds", "bounce"),
    *("give_mandate", "revoke_mandate", "make_batch", "send_batch", "drop_batch", "collect", "reject_debit"),
    *("return_debit", "dispute", "decide_dispute", "pay_out"),
)
