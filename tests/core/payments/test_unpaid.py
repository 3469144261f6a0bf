"""What bills are owed at a day, and giving them to the public accountant."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.seeds import seeds

from parvis import clock
from parvis.contract.payments import Result
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.errors import NotFound, Refused
from parvis.identity.contacts import Contact
from parvis.payments import (
    attempts,
    dues,
    expiring,
    intents,
    payers,
    refund_sending,
    refunds,
    returning,
    stranded,
)
from parvis.payments.books import ledger
from parvis.payments.counter.till_sessions import close_session
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, issuing, unpaid
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.unpaid import Total
from parvis.payments.settling import Money, settle
from parvis.testing.payments import Shop, a_drawer, a_shop

BY = new_id()
TO = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop()


async def billed(shop: Shop, cents: int = 1500, days: int = 5, count: int = 1):
    charge = Charge(shop.till, "Cantine", "canteen", cents)
    return await bills.write([charge], TO, ledger.today() + timedelta(days=days), new_id(), count)


async def late(shop: Shop, cents: int = 1500):
    [one] = await billed(shop, cents)
    clock.move(timedelta(days=6))
    return one.id


async def owed(shop: Shop, ago: int = 0) -> int:
    return (await unpaid.total(shop.till, ledger.today() - timedelta(days=ago))).cents


async def test_a_debt_says_who_owes_what_since_when(shop):
    await late(shop)
    [debt] = [one async for one in unpaid.owed(shop.till, ledger.today())]
    assert (debt.cents, debt.contact, debt.labels, debt.part) == (1500, "lea@example.org", ("Cantine",), 1)
    assert (debt.invoice, debt.late(ledger.today())) == (f"F{clock.now().year}-000001", 1)
    assert debt.late(debt.last_day) == 0


async def test_a_long_list_comes_in_batches_each_once(shop, monkeypatch):
    monkeypatch.setattr(unpaid, "_BATCH", 2)
    for cents in range(1, 6):
        await billed(shop, cents)
    assert [one.cents async for one in unpaid.owed(shop.till, ledger.today())] == [1, 2, 3, 4, 5]


async def test_what_is_passed_on_is_no_longer_asked_for_here(shop):
    intent = await late(shop)
    given, kept = await unpaid.pass_on(shop.till, [intent], "2027-3", BY)
    assert (given, kept) == (Total(1, 1500), [])
    assert await owed(shop) == 0
    assert await dues.dues_to_take(shop.till) == []
    with pytest.raises(Refused, match="the public accountant collects it"):
        await shop.opened(intent)
    with pytest.raises(Refused):
        await bills.take_back(intent)
    assert await expiring.expire_due(lambda _: shop.provider) == 0
    [one] = await unpaid.passed(shop.till)
    assert (one.intent, one.ref, one.cents) == (intent, "2027-3", 1500)
    _, kept = await unpaid.pass_on(shop.till, [intent], "2027-4", BY)
    assert len(kept) == 1


async def test_money_that_comes_all_the_same_goes_back(shop):
    [due] = await billed(shop)
    ref = await shop.opened(due.id)
    clock.move(timedelta(days=6))
    # Nobody has said what became of that page: whoever has paid there must get no titre.
    assert (await unpaid.pass_on(shop.till, [due.id], "1", BY))[0].bills == 0
    await attempts.look(shop.provider, shop.account, ref)
    assert (await unpaid.pass_on(shop.till, [due.id], "1", BY))[0].bills == 1
    settled = await settle(Money(shop.account, ref, due.cents, clock.now()))
    assert settled.taken_as == "vain"
    assert (await intents.intent(due.id)).state == "passed_on"
    assert await owed(shop) == 0


async def test_what_comes_back_is_owed_again_and_taken_at_the_counter(shop):
    intent = await late(shop)
    await unpaid.pass_on(shop.till, [intent], "1", BY)
    await unpaid.recall(shop.till, intent, BY)
    assert (await owed(shop), await unpaid.passed(shop.till)) == (1500, [])
    assert [due.intent for due in await dues.dues_to_take(shop.till)] == [intent]
    with pytest.raises(Refused):
        await unpaid.recall(shop.till, intent, BY)
    assert (await unpaid.pass_on(shop.till, [intent], "2", BY))[0].bills == 1


async def test_one_that_cannot_be_given_stops_no_other(shop):
    [early] = await billed(shop, days=60)
    [opened] = await billed(shop)
    clock.move(timedelta(days=5) - timedelta(minutes=5))
    await shop.opened(opened.id)
    fine = await billed(shop, days=0)
    clock.move(timedelta(days=1) - timedelta(hours=20))
    given, kept = await unpaid.pass_on(shop.till, [early.id, opened.id, fine[0].id], "1", BY)
    assert given.bills + len(kept) == 3
    assert "not-late" in {one.code for one in kept}
    foreign = await a_shop()
    with pytest.raises(NotFound):
        await unpaid.pass_on(foreign.till, [early.id], "1", BY)
    with pytest.raises(Refused, match="list’s number"):
        await unpaid.pass_on(shop.till, [early.id], " ", BY)


async def test_paying_and_passing_on_at_the_same_moment_ends_in_one_of_them(shop):
    for _ in range(6):
        [due] = await billed(shop)
        shop.provider.pay(ref := await shop.opened(due.id))
        clock.move(timedelta(days=6))
        await asyncio.gather(
            attempts.look(shop.provider, shop.account, ref),
            *(unpaid.pass_on(shop.till, [due.id], "1", BY) for _ in range(3)),
        )
        state, passed = (await intents.intent(due.id)).state, await unpaid.passed(shop.till)
        mine = [one for one in passed if one.intent == due.id]
        assert (state == "paid") != bool(mine)
        assert len(mine) <= 1


@dataclass
class Walk:
    """What somebody does with the bills of a shop, one after another, and what is owed by that."""

    shop: Shop
    dice: random.Random
    owed: int = 0
    bills: list = field(default_factory=list)
    refs: dict = field(default_factory=dict)

    async def step(self) -> None:
        act = self.dice.choice([self.bill, self.bill, self.pay, self.cancel, self.pass_on, self.recall, self.bounce])
        if self.bills or act == self.bill:
            with contextlib.suppress(Refused):
                self.owed += await act(self.dice.choice(self.bills) if self.bills else None)

    async def bill(self, _) -> int:
        [one] = await billed(self.shop, self.dice.randint(100, 5000), days=self.dice.randint(0, 2))
        self.bills.append(one)
        return one.cents

    async def pay(self, one) -> int:
        if self.dice.random() < 0.5:
            drawer = await a_drawer(self.shop.till, float_cents=0)
            try:
                await drawer.takes(one.id, cash=one.cents)
            finally:
                await close_session(drawer.session, {}, drawer.by, "Nobody counts here")
        else:
            self.shop.provider.pay(ref := await self.shop.opened(one.id))
            await attempts.look(self.shop.provider, self.shop.account, ref)
            self.refs[one.id] = ref
        return -one.cents

    async def cancel(self, one) -> int:
        await bills.take_back(one.id)
        return -one.cents

    async def pass_on(self, one) -> int:
        return -(await unpaid.pass_on(self.shop.till, [one.id], "1", BY))[0].cents

    async def recall(self, one) -> int:
        await unpaid.recall(self.shop.till, one.id, BY)
        return one.cents

    async def bounce(self, one) -> int:
        """The payer's bank takes back what came in online."""
        if (ref := self.refs.pop(one.id, None)) is None:
            return 0
        until = clock.now() + timedelta(days=30)
        return one.cents if await returning.take_back(self.shop.account, ref, until) else 0


@pytest.mark.parametrize("seed", seeds())
async def test_what_was_owed_at_a_day_stays_so_whatever_comes_later(shop, seed):
    walk, seen = Walk(shop, random.Random(seed)), []
    for _ in range(10):
        for _ in range(walk.dice.randint(0, 4)):
            await walk.step()
        await expiring.expire_due(lambda _: shop.provider)
        seen.append((ledger.today(), walk.owed))
        clock.move(timedelta(days=1))
    assert [(await unpaid.total(shop.till, day)).cents for day, _ in seen] == [cents for _, cents in seen]
    assert sum([one.cents async for one in unpaid.owed(shop.till, ledger.today())]) == walk.owed


async def passed_on_and_paid(shop: Shop, cents: int = 1500):
    """A bill that the public accountant collects, and what its payer paid all the same on a page opened before."""
    [due] = await billed(shop, 1500)
    ref = await shop.opened(due.id)
    clock.move(timedelta(days=6))
    await attempts.look(shop.provider, shop.account, ref)
    await unpaid.pass_on(shop.till, [due.id], "1", BY)
    there = shop.provider.payments[ref]
    there.result, there.paid, there.cents = Result.PAID, clock.now(), cents
    settled = await settle(Money(shop.account, ref, cents, clock.now()))
    assert settled.taken_as == "vain"
    return due.id, settled.capture


async def test_money_that_comes_all_the_same_leaves_the_bill_with_the_public_accountant(shop):
    intent, capture = await passed_on_and_paid(shop)
    for sent in (False, True):
        [one] = await unpaid.passed(shop.till)
        assert (one.intent, one.came, (await intents.intent(intent)).state) == (intent, 1500, "passed_on")
        if not sent:
            [refund] = await refunds.refunds_of(capture)
            assert await refund_sending.send(refund.id, shop.provider) == "done"
    assert await owed(shop) == 0
    await unpaid.recall(shop.till, intent, BY)
    assert (await owed(shop), await unpaid.passed(shop.till)) == (1500, [])
    assert [due.intent for due in await dues.dues_to_take(shop.till)] == [intent]
    # Its money is with its payer: what is owed again cannot be paid with it.
    with pytest.raises(Refused):
        await stranded.find_place(capture)


async def test_money_that_is_still_here_when_the_bill_comes_back_can_pay_it(shop):
    intent, capture = await passed_on_and_paid(shop)
    assert await stranded.stranded(shop.till) == []
    with pytest.raises(Refused):
        await stranded.find_place(capture)
    await unpaid.recall(shop.till, intent, BY)
    [one] = await stranded.stranded(shop.till)
    assert (one.capture, one.place, one.owed) == (capture, True, True)
    await stranded.find_place(capture)
    assert ((await intents.intent(intent)).state, await owed(shop), await stranded.stranded(shop.till)) == (
        "paid",
        0,
        [],
    )
    assert [one.state for one in await refunds.refunds_of(capture)] == ["cancelled"]
    balances = {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}
    assert balances == {f"clearing:{shop.account}": 1500, "revenue:canteen": -1500}
    # What its payer's bank takes back now is owed again.
    await returning.take_back(shop.account, await ref_of(capture), clock.now() + timedelta(days=15))
    assert await owed(shop) == 1500


async def test_money_that_is_too_little_goes_back_and_pays_nothing(shop):
    intent, capture = await passed_on_and_paid(shop, 900)
    await unpaid.recall(shop.till, intent, BY)
    assert await stranded.stranded(shop.till) == []
    with pytest.raises(Refused):
        await stranded.find_place(capture)


async def test_a_bill_that_was_paid_otherwise_since_leaves_the_money_to_go_back(shop):
    intent, capture = await passed_on_and_paid(shop)
    await unpaid.recall(shop.till, intent, BY)
    [refund] = await refunds.refunds_of(capture)
    await refunds.withdraw(refund.id)
    drawer = await a_drawer(shop.till)
    await drawer.takes(intent, cash=1500)
    # Nobody asks to give it back by itself any more: somebody has to see it.
    [one] = await stranded.stranded(shop.till)
    assert (one.capture, one.idle, one.place) == (capture, 1500, False)
    with pytest.raises(Refused):
        await stranded.find_place(capture)
    await stranded.give_back(capture, BY)


async def test_a_bank_that_takes_it_back_leaves_the_bill_with_the_public_accountant(shop):
    intent, capture = await passed_on_and_paid(shop)
    await returning.take_back(shop.account, await ref_of(capture), clock.now() + timedelta(days=15))
    assert ((await intents.intent(intent)).state, len(await unpaid.passed(shop.till))) == ("passed_on", 1)
    [one] = await unpaid.passed(shop.till)
    assert one.came == 0
    await unpaid.recall(shop.till, intent, BY)
    assert await owed(shop) == 1500
    # It pays nothing any more, as it is not here.
    assert [one for one in await stranded.stranded(shop.till) if one.place] == []
    with pytest.raises(Refused):
        await stranded.find_place(capture)


async def test_money_that_comes_once_the_bill_came_back_pays_it(shop):
    [due] = await billed(shop)
    ref = await shop.opened(due.id)
    clock.move(timedelta(days=6))
    await attempts.look(shop.provider, shop.account, ref)
    await unpaid.pass_on(shop.till, [due.id], "1", BY)
    await unpaid.recall(shop.till, due.id, BY)
    assert (await settle(Money(shop.account, ref, due.cents, clock.now()))).taken_as == "paid"
    assert await owed(shop) == 0


async def test_whose_money_is_still_here_is_not_forgotten(shop):
    intent, capture = await passed_on_and_paid(shop)
    [refund] = await refunds.refunds_of(capture)
    await refunds.withdraw(refund.id)
    clock.move(timedelta(days=366 * 6))
    await payers.forget_old()
    assert (await payers.payer((await intents.intent(intent)).basket)).contact is not None


async def ref_of(capture) -> str:
    async with connection() as c:
        return await c.fetchval("SELECT provider_ref FROM parvis.capture WHERE id = $1", capture)


async def test_what_went_back_of_money_in_vain_is_no_refund_of_the_sale(shop):
    intent, capture = await passed_on_and_paid(shop)
    [vain] = await refunds.refunds_of(capture)
    await refund_sending.send(vain.id, shop.provider)
    await unpaid.recall(shop.till, intent, BY)
    drawer = await a_drawer(shop.till)
    taking = await drawer.takes(intent, cash=1500)
    async with connection() as c:
        cash = await c.fetchval("SELECT capture FROM parvis.till_taking WHERE id = $1", taking.id)
    asked = await refunds.request(cash, 500, "Closed", BY, "mandate")
    await refunds.decide(asked.id, True, new_id())
    await refund_sending.pay_by_hand(asked.id)
    books = {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}
    assert books == {"cash": 1500, "paid_over": -500, "revenue:canteen": -1000}
    papers = await issuing.invoices_of([(await intents.intent(intent)).basket])
    assert [(paper.sort, paper.cents) for paper in papers] == [("invoice", 1500), ("credit", 500)]
