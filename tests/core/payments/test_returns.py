"""Money that the payer's bank takes back: nothing more of it is given back, and it is owed again, the whole of it."""

from datetime import timedelta

import pytest
from tests.core.payments.test_disputes import paid
from tests.core.payments.test_refunds import AGENT, MANAGER, books, state

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import connection, new_id
from parvis.errors import Conflict, Refused
from parvis.payments import (
    accounts,
    attempts,
    disputing,
    intents,
    purposes,
    refund_sending,
    refunds,
    returning,
    settling,
    stranded,
)
from parvis.payments.counter import by_hand
from parvis.payments.settling import Money
from parvis.testing.payments import Shop, a_drawer, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(alone_up_to=200)


async def asked(capture, cents) -> refunds.Refund:
    refund = await refunds.request(capture, cents, "Closed", AGENT)
    if refund.state == "requested":
        await refunds.decide(refund.id, True, MANAGER)
    return refund


async def returned(shop, due) -> bool:
    """The payer's bank takes the first money of an amount back."""
    async with connection() as c:
        sql = "SELECT provider_ref FROM parvis.capture WHERE intent = $1 ORDER BY id LIMIT 1"
        ref = await c.fetchval(sql, due.id)
    return await returning.take_back(shop.account, ref, clock.now() + timedelta(days=15))


async def test_what_was_approved_and_has_not_left_is_called_off_though_another_has(shop):
    due, settled = await shop.paid(10_000)
    left, waits = await asked(settled.capture, 2000), await asked(settled.capture, 3000)
    await refund_sending.send(left.id, shop.provider)
    assert await returned(shop, due)
    assert (await state(left), await state(waits)) == ("done", "cancelled")
    with pytest.raises(Refused):
        await refund_sending.send(waits.id, shop.provider)
    clearing = f"clearing:{shop.account}"
    assert await books(shop) == {clearing: -2000, "receivable": 10_000, "revenue:pools": -8000}
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    assert (await attempts.look(shop.provider, shop.account, ref)).taken_as == "paid"
    assert await books(shop) == {clearing: 8000, "revenue:pools": -8000}


async def test_what_is_paid_again_is_not_given_back_twice(shop):
    due, settled = await shop.paid(1000)
    await refund_sending.send((await asked(settled.capture, 400)).id, shop.provider)
    await returned(shop, due)
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    again = await attempts.look(shop.provider, shop.account, ref)
    with pytest.raises(Refused, match="6,00 euros are left"):
        await refunds.request(again.capture, 601, "Closed", AGENT)
    await refund_sending.send((await asked(again.capture, 600)).id, shop.provider)
    assert await books(shop) == {}


async def late_money(shop, part=400):
    """Part of a payment was given back, its bank took all of it, nobody asks for it any more, and it is paid again."""
    due, settled = await shop.paid(1000)
    await refund_sending.send((await asked(settled.capture, part)).id, shop.provider)
    await returned(shop, due)
    ref = await shop.opened(due.id)
    await intents.cancel(due.id)
    shop.provider.pay(ref)
    late = await attempts.look(shop.provider, shop.account, ref)
    assert late.taken_as == "vain"
    return due, late.capture


async def test_what_goes_back_by_a_rule_is_less_what_had_left_of_money_that_a_bank_took(shop):
    due, late = await late_money(shop)
    [refund] = await refunds.refunds_of(late)
    assert (refund.cents, refund.state) == (600, "approved")
    clearing = f"clearing:{shop.account}"
    assert await books(shop) == {clearing: 600, "refund_due": -600}
    with pytest.raises(Refused, match="0,00 euros are left"):
        await refunds.request(late, 1, "Closed", AGENT)
    await refund_sending.send(refund.id, shop.provider)
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "refunded")
    assert await stranded.stranded(shop.till) == []


async def test_nothing_goes_back_by_a_rule_where_all_of_it_had_left_before(shop):
    due, late = await late_money(shop, 1000)
    assert await refunds.refunds_of(late) == []
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "refunded")


@pytest.mark.parametrize("sent", [True, False])
async def test_what_was_set_off_is_owed_again_once_a_bank_takes_that_money_too(shop, sent):
    due, late = await late_money(shop)
    [refund] = await refunds.refunds_of(late)
    if sent:
        await refund_sending.send(refund.id, shop.provider)
    async with connection() as c:
        ref = await c.fetchval("SELECT provider_ref FROM parvis.capture WHERE id = $1", late)
    await returning.take_back(shop.account, ref, due.expires_at)
    gone = 1000 if sent else 400
    assert await books(shop) == {f"clearing:{shop.account}": -gone, "receivable": gone}


async def test_a_place_found_for_such_money_leaves_what_had_left_owed(shop):
    _, late = await late_money(shop)
    await settling.take_up(late)
    assert await books(shop) == {f"clearing:{shop.account}": 600, "receivable": 400, "revenue:pools": -1000}


async def test_while_its_bank_disputes_what_had_left_waits_and_goes_back_once_that_is_won(shop):
    due, settled, attempt = await paid(shop, 1000)
    await refund_sending.send((await asked(settled.capture, 400)).id, shop.provider)
    await disputing.disputed(shop.account, "dp_1", 1000, attempt)
    await settling.settle(Money(shop.account, "twice", 1000, clock.now(), attempt))
    [again] = [one for one in await stranded.stranded(shop.till) if one.taken_as == "extra"] or [None]
    async with connection() as c:
        extra = await c.fetchval("SELECT id FROM parvis.capture WHERE taken_as = 'extra' AND intent = $1", due.id)
    assert ([one.cents for one in await refunds.refunds_of(extra)], again) == ([600], None)
    await disputing.dispute_closed(shop.account, "dp_1", won=True)
    assert [(one.capture, one.idle) for one in await stranded.stranded(shop.till)] == [(extra, 400)]
    await stranded.give_back(extra, AGENT)
    assert [one.cents for one in await refunds.refunds_of(extra)] == [600, 400]


async def test_a_refund_that_did_not_leave_after_all_is_nobodys_once_the_money_was_taken_back(shop):
    due, settled = await shop.paid(1000)
    refund = await asked(settled.capture, 400)
    shop.provider.answer_lost = True
    assert await refund_sending.send(refund.id, shop.provider) == "unknown"
    await returned(shop, due)
    assert await books(shop) == {"receivable": 1000, "refund_due": -400, "revenue:pools": -600}
    assert await refund_sending.finish(refund.id, Sent.FAILED) == "cancelled"
    assert await books(shop) == {"receivable": 1000, "revenue:pools": -1000}


async def test_money_that_was_to_be_given_back_and_is_taken_back_is_over(shop):
    purposes.use({"pools": gone})
    due, settled = await shop.paid(1000, purpose="pools")
    purposes.use({})
    assert await returned(shop, due)
    assert not await returned(shop, due)
    assert (await intents.intent(due.id)).state == "cancelled"
    assert [one.state for one in await refunds.refunds_of(settled.capture)] == ["cancelled"]
    assert await books(shop) == {}


async def test_money_in_vain_that_was_given_back_and_then_taken_back_is_owed(shop):
    purposes.use({"pools": gone})
    due, settled = await shop.paid(1000, purpose="pools")
    purposes.use({})
    [refund] = await refunds.refunds_of(settled.capture)
    await refund_sending.send(refund.id, shop.provider)
    assert await returned(shop, due)
    assert await books(shop) == {f"clearing:{shop.account}": -1000, "receivable": 1000}
    assert await refund_sending.finish(refund.id, Sent.FAILED) == "bounced"
    assert await books(shop) == {}


async def test_a_place_that_was_found_after_all_and_whose_money_is_taken_back_is_owed(shop):
    purposes.use({"pools": gone})
    due, settled = await shop.paid(1000, purpose="pools")
    purposes.use({})
    await settling.take_up(settled.capture)
    await returned(shop, due)
    assert (await intents.intent(due.id)).state == "created"
    assert await books(shop) == {"receivable": 1000, "revenue:pools": -1000}
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "revenue:pools": -1000}


async def test_a_place_found_after_all_for_what_is_paid_a_second_time_is_sold_once(shop):
    due, _ = await shop.paid(1000, purpose="pools")
    await returned(shop, due)
    purposes.use({"pools": gone})
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    settled = await attempts.look(shop.provider, shop.account, ref)
    assert settled.taken_as == "vain"
    purposes.use({})
    await settling.take_up(settled.capture)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "revenue:pools": -1000}


async def test_what_was_paid_again_at_the_counter_and_reversed_there_is_still_owed(shop):
    due, _ = await shop.paid(1000)
    await returned(shop, due)
    await accounts.add_account("box", shop.till, accounts.OFFLINE, "cash")
    drawer = await a_drawer(shop.till)
    taking = await drawer.takes(due.id, cash=1000)
    assert await books(shop) == {"cash": 1000, "revenue:pools": -1000}
    await by_hand.take_back(taking.id, drawer.by, "Wrong bill")
    assert await books(shop) == {"receivable": 1000, "revenue:pools": -1000}


async def test_what_was_taken_back_and_is_asked_for_anew_leaves_the_books(shop):
    due, _ = await shop.paid(1000)
    await returned(shop, due)
    charge = intents.Charge(shop.till, "Lessons", "pools", 700)
    [again] = await intents.demand([charge], clock.now() + timedelta(days=1), basket=due.basket)
    assert await books(shop) == {}
    shop.provider.pay(ref := await shop.opened(again.id))
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {f"clearing:{shop.account}": 700, "revenue:pools": -700}


async def gone(_):
    raise Conflict


async def test_a_place_is_found_for_the_latest_money_and_what_is_sold_is_not_given_back_from_an_old_page(shop):
    purposes.use({"pools": gone})
    due, first = await shop.paid(1000, purpose="pools")
    await settling.take_up(first.capture)
    await returned(shop, due)
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    second = await attempts.look(shop.provider, shop.account, ref)
    assert second.taken_as == "vain"
    purposes.use({"pools": taken})
    await stranded.find_place(second.capture)
    assert {one.state for one in await refunds.refunds_of(second.capture)} == {"cancelled"}
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "revenue:pools": -1000}
    with pytest.raises(Refused, match="seen to this already"):
        await stranded.give_back(second.capture, new_id())
    purposes.use({})


async def taken(_):
    return None
