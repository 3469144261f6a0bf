"""Refunds asked for, approved, sent, lost, failed, come back, withdrawn, and banks taking the money, in any order: no
more goes out than came in, but what had left before a bank took it too, and the payer owes just that."""

import asyncio
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.payments.test_refunds import AGENT, MANAGER, books
from tests.seeds import seeds

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import connection
from parvis.errors import Conflict, NotFound, ParvisError
from parvis.payments import (
    attempts,
    disputing,
    intents,
    purposes,
    refund_sending,
    refundable,
    refunds,
    returning,
    stranded,
)
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import Sale
from parvis.payments.settling import Money, settle
from parvis.testing.payments import Shop, a_shop

PRICE, STEPS = 1000, 25
SALES = st.lists(
    st.builds(Sale, st.sampled_from(["pools", "canteen"]), st.integers(1, 99_999), st.sampled_from([0, 550, 2000])),
    min_size=1,
    max_size=4,
)


class World:
    """An amount that was paid, in vain or not, its refunds, and what goes wrong with them."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self.shop, self.chance = shop, chance

    async def begin(self, vain: bool) -> None:
        purposes.use({"pools": gone} if vain else {})
        self.due, settled = await self.shop.paid(self.chance.choice([PRICE, PRICE + 50]), purpose="pools")
        self.captures = [settled.capture]
        purposes.use({})

    async def one(self, *states: str):
        every = [one for capture in self.captures for one in await refunds.refunds_of(capture) if one.state in states]
        if not every:
            raise NotFound
        return self.chance.choice(every)

    async def ask(self) -> None:
        await refunds.request(self.chance.choice(self.captures), self.chance.randint(1, PRICE), "Closed", AGENT)

    async def decide(self) -> None:
        await refunds.decide((await self.one("requested")).id, self.chance.random() < 0.8, MANAGER)

    async def send(self) -> None:
        self.shop.provider.answer_lost = self.chance.random() < 0.3
        try:
            await refund_sending.send((await self.one("approved")).id, self.shop.provider)
        finally:
            self.shop.provider.answer_lost = False

    async def hear(self) -> None:
        await refund_sending.finish((await self.one("unknown")).id, self.chance.choice([Sent.DONE, Sent.FAILED]))

    async def come_back(self) -> None:
        await refund_sending.finish((await self.one("done")).id, Sent.FAILED)

    async def retry(self) -> None:
        refund = await self.one("failed")
        await refund_sending.retry(refund.id, MANAGER, "mandate")
        await refund_sending.pay_by_hand(refund.id)

    async def withdraw(self) -> None:
        await refunds.withdraw((await self.one("approved", "failed")).id)

    async def take_back(self) -> None:
        async with connection() as c:
            row = await c.fetchrow("SELECT account, provider_ref FROM parvis.capture WHERE id = $1", self.captures[-1])
        await returning.take_back(*row, self.due.expires_at)

    async def dispute(self) -> None:
        capture = self.captures[-1]
        async with connection() as c:
            attempt = await c.fetchval(
                "SELECT a.id FROM parvis.payment_attempt a JOIN parvis.capture c ON c.provider_ref = a.provider_ref "
                "WHERE c.id = $1 AND NOT EXISTS (SELECT FROM parvis.capture_return WHERE capture = c.id)",
                capture,
            )
            cents = await c.fetchval("SELECT cents FROM parvis.capture WHERE id = $1", capture)
        if attempt and await disputing.disputed(self.shop.account, capture.hex, cents, attempt):
            await disputing.dispute_closed(self.shop.account, capture.hex, won=self.chance.random() < 0.5)

    async def pay_again(self) -> None:
        """Its place may be gone by then, and a second card may be charged for it."""
        purposes.use({"pools": gone} if self.chance.random() < 0.5 else {})
        ref = await self.shop.opened(self.due.id)
        self.shop.provider.pay(ref)
        self.captures.append((await attempts.look(self.shop.provider, self.shop.account, ref)).capture)
        if self.chance.random() < 0.3:
            async with connection() as c:
                attempt = await c.fetchval("SELECT id FROM parvis.payment_attempt WHERE provider_ref = $1", ref)
            twice = Money(self.shop.account, f"{ref}-2", PRICE, clock.now(), attempt)
            self.captures.append((await settle(twice)).capture)
        purposes.use({})

    async def find_place(self) -> None:
        purposes.use({"pools": free})
        try:
            await stranded.find_place(self.chance.choice(self.captures))
        finally:
            purposes.use({})

    async def moved(self) -> tuple[int, int]:
        """What came in, and what has left or is on its way."""
        async with connection() as c:
            sql = "SELECT coalesce(sum(cents), 0) FROM parvis.refund WHERE capture = ANY ($1) AND state = ANY ($2)"
            given = await c.fetchval(sql, self.captures, ["approved", "sent", "unknown", "failed", "done"])
        came, taken, _ = await self.sums()
        return came, int(given) + taken

    async def act(self) -> None:
        usual = (self.ask, self.ask, self.decide, self.decide, self.send, self.send, self.hear, self.retry)
        rare = (self.come_back, self.withdraw, self.take_back, self.dispute, self.pay_again, self.find_place)
        chosen = self.chance.choice(usual if self.chance.random() < 0.75 else rare)
        _, left = await self.moved()
        with suppress(ParvisError):
            await chosen()
        now, after = await self.moved()
        # A bank takes what it takes; whatever comes in then is for that first.
        if chosen not in (self.take_back, self.dispute):
            assert after <= max(now, left), f"{chosen.__name__} gives back more than came in"

    async def settled(self) -> None:
        """Everything is answered, and what waits for somebody is sent."""
        for capture in self.captures:
            for refund in await refunds.refunds_of(capture):
                if refund.state in {"sent", "unknown"}:
                    await refund_sending.finish(refund.id, Sent.DONE)

    async def sums(self) -> tuple[int, int, int]:
        """What came in, what the payer's bank took, what was given back."""
        async with connection() as c:
            came = await c.fetchval("SELECT sum(cents) FROM parvis.capture WHERE id = ANY ($1)", self.captures)
            sql = "SELECT coalesce(sum(cents), 0) FROM parvis.capture WHERE id = ANY ($1)"
            taken = await c.fetchval(sql + " AND id IN (SELECT capture FROM parvis.capture_return)", self.captures)
            sql = "SELECT coalesce(sum(cents), 0) FROM parvis.refund WHERE capture = ANY ($1) AND state = 'done'"
            return int(came), int(taken), int(await c.fetchval(sql, self.captures))


async def gone(_):
    raise Conflict


async def free(_):
    return None


async def walk(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(8):
        world = World(await a_shop(alone_up_to=300), chance)
        await world.begin(vain=chance.random() < 0.3)
        for _ in range(STEPS):
            await world.act()
        await world.settled()
        await hold(world)


async def hold(world: World) -> None:
    """What must hold once everything is answered."""
    came, taken, back = await world.sums()
    held = await books(world.shop)
    assert sum(held.values()) == 0
    # What lies here is what came in and did not go; nothing of it is thought to be elsewhere.
    there = (f"clearing:{world.shop.account}", "bank", "paid_over")
    assert sum(held.get(account, 0) for account in there) == came - taken - back
    assert "disputed" not in held
    if (await intents.intent(world.due.id)).state == "paid":
        assert "receivable" not in held
    if not taken:
        assert back <= came
    if taken == came:
        # Nothing waits to be given back, and whatever had left is owed.
        assert "refund_due" not in held
        assert held.get("receivable", 0) + held.get("revenue:pools", 0) + held.get("credit", 0) == back
        assert [await refundable.left(capture) for capture in world.captures] == [0] * len(world.captures)


@pytest.mark.parametrize("seed", seeds(40))
async def test_no_more_goes_out_than_came_in_but_what_had_left_before(database, seed):
    await walk(seed)


async def test_the_walk_sees_a_return_that_calls_nothing_off(database, monkeypatch):
    async def nothing(*_):
        """As if a return left what was approved alone."""

    monkeypatch.setattr(refunds, "hold_back", nothing)
    with pytest.raises(AssertionError):
        for seed in range(10):
            await walk(seed)


async def test_sending_and_taking_back_at_once_never_send_what_was_called_off(database):
    for _ in range(6):
        shop = await a_shop(alone_up_to=1000)
        _, settled = await shop.paid(1000)
        asked = [await refunds.request(settled.capture, 250, "Closed", AGENT) for _ in range(4)]
        [ref] = shop.provider.payments
        await asyncio.gather(
            *(refund_sending.send(one.id, shop.provider) for one in asked),
            returning.take_back(shop.account, ref, (await shop.due()).expires_at),
            return_exceptions=True,
        )
        after = [one.state for one in await refunds.refunds_of(settled.capture)]
        assert set(after) <= {"done", "cancelled"}
        sent = sum(cents for _, cents, _ in shop.provider.refunds.values())
        assert sent == 250 * after.count("done")
        held = {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}
        assert held.get(f"clearing:{shop.account}", 0) == -sent


@given(SALES, st.data())
def test_what_is_dropped_of_a_sale_and_what_was_given_back_are_all_of_it(sold, data):
    total = sum(sale.cents for sale in sold)
    part = data.draw(st.integers(0, total))
    lines = [*postings.charged(sold), *postings.dropped(sold, part)]
    lines += postings.granted(sold, part) if part else ()
    left = {}
    for account, cents in lines:
        left[account] = left.get(account, 0) + cents
    assert {account: cents for account, cents in left.items() if cents} == (
        {"receivable": part, "refund_due": -part} if part else {}
    )


@given(st.integers(1, 99_999), st.data())
def test_what_a_bank_takes_back_sums_to_zero(cents, data):
    part = data.draw(st.integers(0, cents))
    for lines in (postings.returned("bank", cents, part), postings.returned_in_vain("bank", cents, part)):
        assert sum(amount for _, amount in lines) == 0
        assert dict(lines)["bank"] == -cents
