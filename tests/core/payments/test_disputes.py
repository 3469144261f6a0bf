"""Disputes: money that the payer's bank takes away until it is decided, and keeps or gives back."""

import pytest
from tests.core.payments.test_refunds import AGENT, MANAGER, books, state

from parvis.contract.payments import Sent
from parvis.db import connection, new_id
from parvis.errors import Conflict, NotFound, Refused
from parvis.payments import attempts, disputes, disputing, intents, refund_sending, refunds, returning
from parvis.payments.credits import balances
from parvis.testing.payments import Shop, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(kind="own")


async def paid(shop: Shop, cents: int = 6000):
    """A payment, and the attempt that Stripe would name with a dispute of it."""
    due, settled = await shop.paid(cents)
    async with connection() as c:
        attempt = await c.fetchval("SELECT id FROM parvis.payment_attempt WHERE intent = $1", due.id)
    return due, settled, attempt


async def told() -> int:
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'payment.taken-back'")


async def test_a_dispute_that_is_won_gives_the_money_back(shop):
    await shop.paid(6000)
    assert [await disputing.disputed(shop.account, "dp_1", 6000) for _ in range(2)] == [True, False]
    assert (await books(shop))["disputed"] == 6000
    assert [await disputing.dispute_closed(shop.account, "dp_1", won=True) for _ in range(2)] == [True, False]
    assert await books(shop) == {f"clearing:{shop.account}": 6000, "revenue:pools": -6000}
    with pytest.raises(Conflict):
        await disputing.dispute_closed(shop.account, "dp_1", won=False)


async def test_a_dispute_that_is_lost_is_owed_again(shop):
    await shop.paid(6000)
    await disputing.disputed(shop.account, "dp_1", 6000)
    assert [await disputing.dispute_closed(shop.account, "dp_1", won=False) for _ in range(2)] == [True, False]
    assert await books(shop) == {"receivable": 6000, "revenue:pools": -6000}
    for won in (True, False):
        with pytest.raises(NotFound):
            await disputing.dispute_closed(shop.account, "dp_2", won=won)


async def test_while_it_is_disputed_nothing_of_it_is_given_back_and_once_won_it_can_be(shop):
    due, settled, attempt = await paid(shop)
    waits = await refunds.request(settled.capture, 1000, "Closed", AGENT)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    assert await state(waits) == "rejected"
    with pytest.raises(Refused, match="0,00 euros are left"):
        await refunds.request(settled.capture, 1, "Closed", AGENT)
    await disputing.dispute_closed(shop.account, "dp_1", won=True)
    assert (await refunds.request(settled.capture, 6000, "Closed", AGENT)).state == "requested"
    assert ((await intents.intent(due.id)).state, await told()) == ("paid", 0)


async def test_what_comes_back_while_it_is_disputed_waits_until_it_is_decided(shop):
    _, settled, attempt = await paid(shop)
    refund = await refunds.request(settled.capture, 1000, "Closed", AGENT)
    await refunds.decide(refund.id, True, MANAGER)
    await refund_sending.send(refund.id, shop.provider)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    await refund_sending.finish(refund.id, Sent.FAILED)
    [_, again] = await refunds.refunds_of(settled.capture)
    with pytest.raises(Refused, match="disputes this payment"):
        await refund_sending.retry(again.id, MANAGER)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert (await state(again), await books(shop)) == ("cancelled", {"receivable": 6000, "revenue:pools": -6000})


async def test_what_is_lost_is_owed_again_and_told_and_can_be_paid_but_not_given_back(shop):
    due, settled, attempt = await paid(shop)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    for _ in range(2):
        await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert await books(shop) == {"receivable": 6000, "revenue:pools": -6000}
    assert ((await intents.intent(due.id)).state, await told()) == ("created", 1)
    with pytest.raises(Refused, match="0,00 euros are left"):
        await refunds.request(settled.capture, 1, "Closed", AGENT)
    [found] = await disputes.disputes_of(settled.capture)
    assert (found.state, found.cents) == ("lost", 6000)
    shop.provider.pay(ref := await shop.opened(due.id))
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {f"clearing:{shop.account}": 6000, "revenue:pools": -6000}


async def test_what_is_lost_and_no_longer_asked_for_leaves_the_books_but_what_had_left(shop):
    due, settled, attempt = await paid(shop)
    refund = await refunds.request(settled.capture, 1000, "Closed", AGENT)
    await refunds.decide(refund.id, True, MANAGER)
    await refund_sending.send(refund.id, shop.provider)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    await intents.cancel(due.id)
    assert await books(shop) == {f"clearing:{shop.account}": -1000, "receivable": 1000}


async def test_a_part_that_is_lost_leaves_the_rest(shop):
    due, settled, attempt = await paid(shop)
    await disputing.disputed(shop.account, "dp_1", 2000, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert await books(shop) == {f"clearing:{shop.account}": 4000, "receivable": 2000, "revenue:pools": -6000}
    with pytest.raises(Refused, match="40,00 euros are left"):
        await refunds.request(settled.capture, 4001, "Closed", AGENT)
    assert (await intents.intent(due.id)).state == "paid"


@pytest.mark.parametrize("above", [0, 50])
async def test_parts_that_are_lost_and_add_up_to_the_payment_are_asked_for_again(shop, above):
    due = await shop.due(6000)
    shop.provider.pay(ref := await shop.opened(due.id), 6000 + above)
    settled = await attempts.look(shop.provider, shop.account, ref)
    attempt = shop.provider.payments[ref].order.attempt
    for number, cents in enumerate((2000, 3000, 1000 + above)):
        assert (await intents.intent(due.id)).state == "paid"
        await disputing.disputed(shop.account, f"dp_{number}", cents, attempt)
        await disputing.dispute_closed(shop.account, f"dp_{number}", won=False)
    assert await books(shop) == {"receivable": 6000, "revenue:pools": -6000}
    assert ((await intents.intent(due.id)).state, await told()) == ("created", 3)
    assert (await returning.returned(settled.capture)).by is None
    assert await balances.left_at(shop.till) == []
    shop.provider.pay(ref := await shop.opened(due.id))
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {f"clearing:{shop.account}": 6000, "revenue:pools": -6000}


async def test_parts_of_money_in_vain_that_add_up_leave_nothing_to_give_back(shop):
    due = await shop.due(6000)
    ref = await shop.opened(due.id)
    await intents.cancel(due.id)
    shop.provider.pay(ref)
    await attempts.look(shop.provider, shop.account, ref)
    for number, cents in enumerate((2000, 4000)):
        assert (await intents.intent(due.id)).state == "to_refund"
        await disputing.disputed(shop.account, f"dp_{number}", cents, shop.provider.payments[ref].order.attempt)
        await disputing.dispute_closed(shop.account, f"dp_{number}", won=False)
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "cancelled")


async def test_a_dispute_of_what_nobody_knows_is_entered_all_the_same(shop):
    await shop.paid(6000)
    assert await disputing.disputed(shop.account, "dp_1", 6000, new_id())
    assert await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert (await books(shop))["receivable"] == 6000
