"""Lines cancelled by terms, among payments of parts, credits, refunds by hand, disputes and returns, in any order:
nobody gets back more than they paid, books and credits agree, and cancelling once more changes nothing."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.core.payments.test_credits import LEA
from tests.core.payments.test_refunds import AGENT, MANAGER, books
from tests.seeds import seeds

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import connection
from parvis.errors import NotFound, ParvisError
from parvis.payments import attempts, disputing, refund_sending, refunds, returning
from parvis.payments.books import ledger, sales
from parvis.payments.credits import balances
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.payments.terms import cancelling, dated
from parvis.payments.terms.rules import Step, Terms
from parvis.testing.payments import a_shop

STEPS = 18
TO = BillTo(contact=LEA, language="fr")
_SUMS = """
SELECT coalesce((SELECT sum(c.cents) FROM parvis.capture c WHERE c.till = $1), 0) AS came,
    coalesce((SELECT sum(c.cents) FROM parvis.capture c JOIN parvis.capture_return r ON r.capture = c.id
        WHERE c.till = $1), 0) AS taken,
    coalesce((SELECT sum(r.cents) FROM parvis.refund r WHERE r.till = $1 AND r.state IN ('sent', 'unknown', 'done')), 0)
        AS back
"""
_LINES = """
SELECT k.price, k.due, sum(x.cents) AS money, sum(x.credit) AS credit,
    sum(x.cents + x.credit) <= sum(h.cents) AS fits,
    (SELECT coalesce(sum(r.cents), 0) FROM parvis.refund r WHERE r.cancellation = k.id
        AND r.state IN ('requested', 'approved', 'sent', 'unknown', 'failed', 'done')) AS asked
FROM parvis.cancelled_line k JOIN parvis.cancelled_charge x ON x.cancellation = k.id
JOIN parvis.charge h ON h.id = x.charge JOIN parvis.intent i ON i.id = h.intent WHERE i.till = $1 GROUP BY k.id
"""
_USED = (
    "SELECT h.intent, -h.cents AS cents FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent "
    "WHERE h.credit IS NOT NULL AND i.state IN ('created', 'pending', 'expired') AND i.till = $1"
)


class World:
    """A bill of some lines, perhaps in parts and partly paid with a credit, and all that happens to it."""

    def __init__(self, shop, chance):
        self.shop, self.chance = shop, chance

    async def begin(self):
        chance, till = self.chance, self.shop.till
        terms = Terms(
            (Step(5, "days", chance.choice([10_000, 9000])), Step(1, "days", 3333)),
            fee=chance.choice([0, 0, 150]),
            as_credit=chance.random() < 0.25,
        )
        await dated.keep(till, ledger.today(), terms, MANAGER, None)
        await splitting.keep_rule(till, Rule(6, 1))
        if chance.random() < 0.5:
            [before] = await bills.write([Charge(till, "Avant", "pools", 500)], TO, ledger.today(), AGENT)
            await self.pay(before, 500 + chance.choice([300, 900, 5000]))
        lines = [
            Charge(till, f"Leçon {n}", chance.choice(["pools", "canteen"]), chance.randint(0, 900) + 1, vat)
            for n, vat in enumerate([0, 2000, 550][: chance.randint(1, 3)])
        ]
        last = ledger.today() + timedelta(days=40)
        self.bill = await bills.write(lines, TO, last, AGENT, chance.choice([1, 1, 2, 3]))
        async with connection() as c:
            sql = "SELECT id FROM parvis.charge WHERE intent = ANY ($1) AND credit IS NULL ORDER BY id"
            self.charges = [row["id"] for row in await c.fetch(sql, [one.id for one in self.bill])]

    async def pay(self, intent, cents=None):
        self.shop.provider.pay(ref := await self.shop.opened(intent.id), cents)
        await attempts.look(self.shop.provider, self.shop.account, ref)

    async def pay_a_part(self):
        await self.pay(self.chance.choice(self.bill))

    async def cancel(self):
        charge, by_body = self.chance.choice(self.charges), self.chance.random() < 0.3
        begins = clock.now() + timedelta(days=self.chance.choice([0, 3, 9]), hours=1)
        told = await cancelling.what_comes_back(charge, begins, by_body=by_body)
        done = await cancelling.cancel(charge, begins, by_body=by_body)
        assert done.back == told
        if done.cancellation:
            again = await cancelling.cancel(charge, begins, by_body=not by_body)
            assert again == replace(done, first=False)

    async def capture(self):
        async with connection() as c:
            sql = "SELECT id FROM parvis.capture WHERE intent = ANY ($1) ORDER BY id"
            rows = await c.fetch(sql, [one.id for one in self.bill])
        return self.chance.choice(rows)["id"] if rows else (await self.nothing())

    async def nothing(self):
        raise NotFound

    async def one(self, *states):
        async with connection() as c:
            sql = "SELECT id FROM parvis.refund WHERE till = $1 AND state = ANY ($2) ORDER BY id"
            rows = await c.fetch(sql, self.shop.till, list(states))
        return self.chance.choice(rows)["id"] if rows else (await self.nothing())

    async def by_hand(self):
        await refunds.request(await self.capture(), self.chance.randint(1, 700), "Geste", AGENT)

    async def decide(self):
        await refunds.decide(await self.one("requested"), self.chance.random() < 0.8, MANAGER)

    async def send(self):
        await refund_sending.send(await self.one("approved"), self.shop.provider)

    async def come_back(self):
        await refund_sending.finish(await self.one("done"), Sent.FAILED)

    async def retry(self):
        refund = await self.one("failed")
        await refund_sending.retry(refund, MANAGER, "mandate")
        await refund_sending.pay_by_hand(refund)

    async def bank(self):
        await returning.bank_took(await self.capture(), returning.Told(ledger.today(), "AM04", AGENT))

    async def dispute(self):
        async with connection() as c:
            row = await c.fetchrow(
                "SELECT a.id, c.id AS capture, c.cents FROM parvis.payment_attempt a JOIN parvis.capture c "
                "ON c.account = a.account AND c.provider_ref = a.provider_ref WHERE c.id = $1 "
                "AND NOT EXISTS (SELECT FROM parvis.capture_return r WHERE r.capture = c.id)",
                await self.capture(),
            )
        if row:
            await disputing.disputed(self.shop.account, row["capture"].hex, row["cents"], row["id"])
            with suppress(ParvisError):
                await self.cancel()
            await disputing.dispute_closed(self.shop.account, row["capture"].hex, won=self.chance.random() < 0.6)

    async def take_bill_back(self):
        await bills.take_back(self.chance.choice(self.bill).id)

    async def act(self):
        usual = (self.pay_a_part, self.pay_a_part, self.cancel, self.cancel, self.decide, self.send, self.by_hand)
        rare = (self.come_back, self.retry, self.bank, self.dispute, self.take_bill_back)
        with suppress(ParvisError):
            await self.chance.choice(usual if self.chance.random() < 0.8 else rare)()


async def hold(world):
    """What must hold at every moment."""
    till = world.shop.till
    assert sum((await books(world.shop)).values()) == 0
    async with connection() as c:
        sums, lines = await c.fetchrow(_SUMS, till), await c.fetch(_LINES, till)
        used = await c.fetch(_USED, till)
    if not sums["taken"]:
        assert sums["back"] <= sums["came"]
    for line in lines:
        assert line["money"] + line["credit"] <= line["due"] <= line["price"]
        assert line["fits"]
        assert line["asked"] <= line["money"]
    # What a bill is to use that was never paid is not in the books yet.
    reserved = sum([row["cents"] for row in used if not await sales.stands(row["intent"])])
    there = sum(one.left for one in await balances.left_at(till))
    assert there + reserved == -ledger.balance_of(await ledger.balances(till), "credit")


async def walk(seed):
    chance = random.Random(seed)
    for _ in range(6):
        world = World(await a_shop(alone_up_to=chance.choice([0, 400, 100_000])), chance)
        await world.begin()
        for _ in range(STEPS):
            await world.act()
            await hold(world)


@pytest.mark.parametrize("seed", seeds(40))
async def test_no_more_comes_back_than_was_paid_and_books_and_credits_agree(database, seed):
    await walk(seed)


async def test_the_walk_sees_a_credit_that_comes_back_twice(database, monkeypatch):
    async def nothing(*_):
        """As if nothing of a credit had come back yet."""
        return 0

    monkeypatch.setattr(cancelling.sales, "restored", nothing)
    with pytest.raises(AssertionError):
        for seed in range(12):
            await walk(seed)
