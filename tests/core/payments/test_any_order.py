"""Any order of opening, paying, notifying, expiring, cancelling, giving back, each repeated, lost, crashed or late:
the resident ends with the place or the money, never both and never neither, and the books balance."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.seeds import seeds

from parvis import clock
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, ParvisError
from parvis.payments import attempts, expiring, intents, purposes, refund_sending, settling
from parvis.payments.books import ledger, proofs, receipts
from parvis.testing.payments import Shop, a_shop
from parvis.testing.sandbox_provider import Sandbox

MINUTE = timedelta(minutes=1)
STEPS = 60
PLACE = new_id()


class Crash(Exception):
    pass


class World:
    """A resident, a place that others may take, a provider, and everything that goes wrong."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.free, self.crashing = True, 0
        self.intent = None

    async def take(self, intent) -> None:
        if not self.free:
            raise Conflict
        await self.give(intent.id)

    async def give(self, intent) -> None:
        """The place has a row of its own: what is rolled back was not given."""
        sql = "UPDATE parvis.basket SET person = $2 WHERE id = (SELECT basket FROM parvis.intent WHERE id = $1)"
        async with transaction() as c:
            await c.execute(sql, intent, PLACE)

    async def given(self) -> bool:
        sql = "SELECT b.person = $2 FROM parvis.basket b JOIN parvis.intent i ON i.basket = b.id WHERE i.id = $1"
        async with connection() as c:
            return bool(await c.fetchval(sql, self.intent, PLACE))

    def ref(self) -> str:
        return self.chance.choice(sorted(self.shop.provider.payments) or ["unknown"])

    async def open(self) -> None:
        await self.shop.opened(self.intent)

    async def open_and_lose_the_answer(self) -> None:
        self.shop.provider.answer_lost = True
        try:
            await self.open()
        finally:
            self.shop.provider.answer_lost = False

    async def pay(self) -> None:
        self.shop.provider.pay(self.ref())

    async def refuse(self) -> None:
        ref = self.ref()
        if self.shop.provider.payments[ref].paid is None:
            self.shop.provider.refuse(ref)

    async def notify(self) -> None:
        await attempts.look(self.shop.provider, self.shop.account, self.ref())

    async def notify_and_crash(self) -> None:
        self.crashing = self.chance.randint(1, 4)
        try:
            await self.notify()
        finally:
            self.crashing = 0

    async def poll(self) -> None:
        await attempts.look_at(self.intent, self.shop.provider)

    async def stop(self) -> None:
        await attempts.stop(self.intent, self.shop.provider)

    async def cancel(self) -> None:
        await intents.cancel(self.intent)

    async def expire(self) -> None:
        await expiring.expire_due(lambda _: self.shop.provider)

    async def wait(self) -> None:
        clock.move(self.chance.choice([1, 4, 11, 25]) * MINUTE)

    async def lose_the_place(self) -> None:
        self.free = await self.given()

    async def find_a_place(self) -> None:
        async with transaction():
            async with connection() as c:
                sql = "SELECT id FROM parvis.capture WHERE intent = $1 AND taken_as = 'vain'"
                vain = await c.fetchval(sql, self.intent)
            await settling.take_up(vain)
            await self.give(self.intent)

    async def go_down_or_up(self) -> None:
        self.shop.provider.down = not self.shop.provider.down

    async def give_back(self) -> None:
        for refund, state in await self.refunds():
            act = refund_sending.send if state == "approved" else refund_sending.ask_again
            await act(refund, self.shop.provider)

    async def give_back_and_lose_the_answer(self) -> None:
        self.shop.provider.answer_lost = True
        try:
            await self.give_back()
        finally:
            self.shop.provider.answer_lost = False

    async def refunds(self):
        sql = "SELECT id, state FROM parvis.refund WHERE state IN ('approved', 'sent', 'unknown')"
        async with connection() as c:
            return [tuple(row) for row in await c.fetch(sql)]

    async def act(self) -> None:
        rare = (self.cancel, self.lose_the_place, self.stop)
        usual = (
            self.open, self.open, self.pay, self.pay, self.notify, self.notify, self.poll, self.refuse, self.expire,
            self.wait, self.find_a_place, self.go_down_or_up, self.give_back, self.notify_and_crash,
            self.open_and_lose_the_answer, self.give_back_and_lose_the_answer,
        )  # fmt: skip
        with suppress(ParvisError, LookupError, Crash):
            await self.chance.choice(rare if self.chance.random() < 0.08 else usual)()

    async def end(self) -> None:
        """The night after: the provider answers, every payment is looked up, every refund sent."""
        self.shop.provider.down = False
        clock.move(5 * 60 * MINUTE)
        for ref in self.shop.provider.payments:
            await attempts.look(self.shop.provider, self.shop.account, ref)
        await self.expire()
        await self.give_back()


def crash_sometimes(world: World, monkeypatch) -> None:
    """Let the n-th posting, receipt or fact of a settlement be the last thing its process did."""

    def dying(real):
        async def tried(*args, **rest):
            found = await real(*args, **rest)
            if world.crashing:
                world.crashing -= 1
                if not world.crashing:
                    raise Crash
            return found

        return tried

    for owner, name in ((ledger, "post"), (receipts, "give"), (settling, "record"), (settling, "_pay")):
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))


@pytest.mark.parametrize("seed", seeds(40))
async def test_the_resident_ends_with_the_place_or_the_money(database, monkeypatch, seed):
    shop = await a_shop(Sandbox(paid_late=True))
    world = World(shop, seed)
    purposes.use({"pools": world.take})
    crash_sometimes(world, monkeypatch)
    for _ in range(6):
        world.intent, world.free = (await shop.due(purpose="pools", minutes=20)).id, True
        shop.provider.payments.clear()
        shop.provider.refunds.clear()
        for _ in range(STEPS):
            await world.act()
        await world.end()
        paid = sum(payment.cents for payment in shop.provider.payments.values())
        back = sum(cents for _, cents, _ in shop.provider.refunds.values())
        state = (await intents.intent(world.intent)).state
        assert paid - back == (1000 if state == "paid" else 0), (state, paid, back)
        assert await world.given() == (state == "paid")
        assert state in {"paid", "refunded", "expired", "cancelled"}
    purposes.use({})
    assert await proofs.unlike_sums() == await proofs.unbalanced() == await proofs.unnumbered() == []
    assert await receipts.gaps(shop.till) == []
    left = {found.account: found.cents for found in await ledger.balances(shop.till) if found.cents}
    assert set(left) <= {f"clearing:{shop.account}", "revenue:pools"}
