"""Money given back: by two persons, once, and never more than came in."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import new_id
from parvis.errors import Conflict, Invalid, NotFound, Refused
from parvis.payments import accounts, attempts, intents, purposes, refund_sending, refunds
from parvis.payments.books import ledger, proofs
from parvis.payments.intents import Charge
from parvis.payments.settling import Money, settle
from parvis.payments.statements import reconciling
from parvis.testing.payments import Shop, a_shop
from parvis.testing.visits import put_clock

AGENT, MANAGER = new_id(), new_id()


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(alone_up_to=200)


async def books(shop: Shop) -> dict[str, int]:
    assert await proofs.unlike_sums() == []
    return {found.account: found.cents for found in await ledger.balances(shop.till) if found.cents}


async def approved(shop: Shop, cents: int = 1000) -> refunds.Refund:
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, cents, "The pool was closed", AGENT)
    await refunds.decide(refund.id, True, MANAGER)
    return refund


async def state(refund: refunds.Refund) -> str:
    return (await refunds.refund_by_id(refund.id)).state


async def test_a_part_is_given_back_with_a_second_person(shop):
    refund = await approved(shop, 400)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "refund_due": -400, "revenue:pools": -600}
    assert await refund_sending.send(refund.id, shop.provider) == "done"
    assert await books(shop) == {f"clearing:{shop.account}": 600, "revenue:pools": -600}
    with pytest.raises(Refused):
        await refund_sending.send(refund.id, shop.provider)


async def test_of_its_own_refunds_the_provider_says_itself_that_they_came_back(shop):
    refund = await approved(shop, 400)
    await refund_sending.send(refund.id, shop.provider)
    with pytest.raises(Refused, match="says itself that a refund came back"):
        await refund_sending.back_by_hand(refund.id)
    assert await state(refund) == "done"
    assert await refund_sending.finish(refund.id, Sent.FAILED) == "bounced"


async def test_who_asks_does_not_approve(shop):
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, 400, "Closed", AGENT)
    with pytest.raises(Refused, match="Somebody else"):
        await refunds.decide(refund.id, True, AGENT)
    await refunds.decide(refund.id, False, MANAGER)
    assert (await state(refund), await books(shop)) == (
        "rejected",
        {f"clearing:{shop.account}": 1000, "revenue:pools": -1000},
    )


async def test_small_refunds_need_nobody_else(shop):
    _, settled = await shop.paid(1000)
    assert (await refunds.request(settled.capture, 200, "Closed", AGENT)).state == "approved"
    assert (await refunds.request(settled.capture, 201, "Closed", AGENT)).state == "requested"


async def test_more_than_was_paid_is_never_given_back(shop):
    _, settled = await shop.paid(1000)
    for cents, wrong in ((1001, "10,00 euros are left"), (0, "at least a cent"), (-1, "whole cents")):
        with pytest.raises(Refused, match=wrong):
            await refunds.request(settled.capture, cents, "Closed", AGENT)
    asked = (refunds.request(settled.capture, 300, "Closed", AGENT) for _ in range(10))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, refunds.Refund) for answer in answers) == 3
    rejected = next(answer for answer in answers if isinstance(answer, refunds.Refund))
    await refunds.decide(rejected.id, False, MANAGER)
    await refunds.request(settled.capture, 400, "Closed", AGENT)
    with pytest.raises(NotFound):
        await refunds.request(new_id(), 1, "Closed", AGENT)
    with pytest.raises(Invalid):
        await refunds.request(settled.capture, 1.5, "Closed", AGENT)


async def test_a_refund_is_sent_once_however_many_workers_try(shop):
    refund = await approved(shop)
    tries = (refund_sending.send(refund.id, shop.provider) for _ in range(8))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Refused)] == ["done"]
    assert len(shop.provider.refunds) == 1


async def test_without_an_answer_it_is_unknown_then_done_once(shop):
    refund = await approved(shop)
    shop.provider.answer_lost = True
    assert await refund_sending.send(refund.id, shop.provider) == "unknown"
    assert await refund_sending.ask_again(refund.id, shop.provider) == "unknown"
    shop.provider.answer_lost = False
    assert await refund_sending.ask_again(refund.id, shop.provider) == "done"
    assert len(shop.provider.refunds) == 1
    assert await books(shop) == {}


async def test_a_refund_that_failed_is_tried_again(shop):
    refund = await approved(shop)
    shop.provider.refuses_refunds = True
    assert await refund_sending.send(refund.id, shop.provider) == "failed"
    assert (await books(shop))["refund_due"] == -1000
    shop.provider.refuses_refunds = False
    again = await refund_sending.retry(refund.id, MANAGER)
    assert (again == refund.id, await state(refund)) == (False, "cancelled")
    assert await refund_sending.send(again, shop.provider) == "done"
    assert await books(shop) == {}


async def test_what_was_approved_can_be_withdrawn_before_it_leaves(shop):
    refund = await approved(shop)
    await refunds.withdraw(refund.id)
    assert (await state(refund), (await books(shop))["revenue:pools"]) == ("cancelled", -1000)
    sent = await approved(shop)
    await refund_sending.send(sent.id, shop.provider)
    with pytest.raises(Refused):
        await refunds.withdraw(sent.id)


async def test_a_refund_by_mandate_is_paid_by_hand(shop):
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, 100, "Closed", AGENT, "mandate")
    with pytest.raises(Refused, match="another way: by the public accountant"):
        await refund_sending.send(refund.id, shop.provider)
    await refund_sending.pay_by_hand(refund.id)
    assert (await books(shop))["paid_over"] == -100


async def test_a_credit_is_kept_for_the_payer(shop):
    _, settled = await shop.paid(1000)
    await refund_sending.pay_by_hand((await refunds.request(settled.capture, 100, "Closed", AGENT, "credit")).id)
    assert (await books(shop))["credit"] == -100


async def test_parts_given_back_add_up_to_the_whole_sale_vat_and_all(shop):
    charges = [Charge(shop.till, "Goggles", "shop", 333, 2000), Charge(shop.till, "Entry", "pools", 667, 550)]
    [due] = await intents.demand(charges, (await shop.due()).expires_at)
    ref = await shop.opened(due.id)
    shop.provider.pay(ref, 1010)
    settled = await attempts.look(shop.provider, shop.account, ref)
    for cents in (199, 150, 200, 161, 190, 110):
        refund = await refunds.request(settled.capture, cents, "Closed", AGENT)
        if refund.state == "requested":
            await refunds.decide(refund.id, True, MANAGER)
        await refund_sending.send(refund.id, shop.provider)
    assert await books(shop) == {}


async def test_money_nobody_asked_for_is_given_back_out_of_suspense(shop):
    settled = await settle(Money(shop.account, "stray", 150, clock.now()))
    refund = await refunds.request(settled.capture, 150, "Not ours", AGENT)
    assert refund.state == "approved"
    assert await books(shop) == {f"clearing:{shop.account}": 150, "refund_due": -150}


async def in_vain(shop: Shop) -> tuple[intents.Intent, refunds.Refund]:
    """Money for a place that is gone, and the refund that follows by itself."""
    purposes.use({"pools": gone})
    due, settled = await shop.paid(1000, purpose="pools")
    purposes.use({})
    [refund] = await refunds.refunds_of(settled.capture)
    return due, refund


async def gone(_):
    raise Conflict


async def test_what_was_paid_in_vain_is_given_back_only_once_all_of_it_was(shop):
    due, refund = await in_vain(shop)
    await refunds.withdraw(refund.id)
    part, rest = [await refunds.request(refund.capture, cents, "In vain", AGENT) for cents in (100, 900)]
    await refund_sending.send(part.id, shop.provider)
    assert (await intents.intent(due.id)).state == "to_refund"
    await refunds.decide(rest.id, True, MANAGER)
    await refund_sending.send(rest.id, shop.provider)
    assert (await intents.intent(due.id)).state == "refunded"
    assert await books(shop) == {}


async def test_a_refund_that_came_back_is_owed_again_and_leaves_another_way(shop):
    refund = await approved(shop, 400)
    await refund_sending.send(refund.id, shop.provider)
    assert await refund_sending.finish(refund.id, Sent.FAILED) == "bounced"
    with pytest.raises(Refused):
        await refund_sending.finish(refund.id, Sent.FAILED)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "refund_due": -400, "revenue:pools": -600}
    [_, again] = await refunds.refunds_of(refund.capture)
    assert (again.cents, again.state, again.decided_by) == (400, "failed", MANAGER)
    with pytest.raises(Refused, match="6,00 euros are left"):
        await refunds.request(refund.capture, 601, "Closed", AGENT)
    await refund_sending.retry(again.id, MANAGER, "mandate")
    await refund_sending.pay_by_hand(again.id)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "paid_over": -400, "revenue:pools": -600}


async def test_what_was_given_back_in_vain_and_came_back_waits_again(shop):
    due, refund = await in_vain(shop)
    await refund_sending.send(refund.id, shop.provider)
    await refund_sending.finish(refund.id, Sent.FAILED)
    assert (await intents.intent(due.id)).state == "to_refund"
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "refund_due": -1000}


async def test_many_small_refunds_of_one_payment_need_somebody_else_like_a_large_one(shop):
    _, settled = await shop.paid(1000)
    asked = [await refunds.request(settled.capture, cents, "Closed", AGENT) for cents in (150, 50, 1)]
    assert [one.state for one in asked] == ["approved", "approved", "requested"]


async def at_once(shop: Shop) -> list[str]:
    """The states of four refunds that are asked for at once, of the parts of one basket."""
    charges = [Charge(shop.till, "Lessons", "pools", 1000)]
    until = (await shop.due()).expires_at
    parts = await intents.demand_parts([intents.Part(charges, until) for _ in range(4)])
    captures = []
    for part in parts:
        shop.provider.pay(ref := await shop.opened(part.id))
        captures.append((await attempts.look(shop.provider, shop.account, ref)).capture)
    tries = (refunds.request(capture, 150, "Closed", AGENT) for capture in captures)
    return sorted(one.state for one in await asyncio.gather(*tries))


async def test_many_small_refunds_of_a_basket_at_once_count_together(shop):
    assert await at_once(shop) == ["approved", *["requested"] * 3]


async def test_without_the_baskets_lock_they_do_not(database, monkeypatch):
    monkeypatch.setattr(refunds, "_LOCK_BASKET", "SELECT $1::uuid")
    tries = [await at_once(await a_shop(alone_up_to=200)) for _ in range(6)]
    assert any(states.count("approved") > 1 for states in tries)


async def test_who_could_ask_alone_can_try_again_alone(shop):
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, 100, "Closed", AGENT)
    shop.provider.refuses_refunds = True
    assert await refund_sending.send(refund.id, shop.provider) == "failed"
    again = await refund_sending.retry(refund.id, AGENT)
    shop.provider.refuses_refunds = False
    assert await refund_sending.send(again, shop.provider) == "done"


async def test_a_refund_is_of_the_day_it_was_sent(shop):
    put_clock(datetime(2026, 3, 10, 22, 55, tzinfo=UTC))
    refund = await approved(shop)
    shop.provider.answer_lost = True
    await refund_sending.send(refund.id, shop.provider)
    shop.provider.answer_lost = False
    clock.move(timedelta(minutes=15))
    assert await refund_sending.ask_again(refund.id, shop.provider) == "done"
    for day in (date(2026, 3, 10), date(2026, 3, 11)):
        assert await reconciling.reconcile_day(shop.provider, shop.account, day) == []


async def test_cash_leaves_the_cash_box(shop):
    await accounts.add_account("box", shop.till, accounts.OFFLINE, "cash")
    box = await accounts.account("box")
    assert (box.collects_into, box.pays_from("cash"), box.pays_from("provider")) == ("cash", "cash", "cash")
