"""What Stripe tells: signed, kept once, answered at once, and then asked about anew, whatever it said."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import msgspec
import pytest
from tests.plugins.payments.conftest import a_stripe_till
from tests.plugins.payments.test_stripe import begin, state

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown
from parvis.db import connection, new_id
from parvis.payments import hearing, refund_sending, refunds, returning
from parvis.payments.books import ledger, movements, proofs, receipts
from parvis.payments.statements import reconciling
from parvis.testing.applications import application
from parvis.testing.visits import put_clock
from parvis_payments import jobs
from parvis_payments.environment import Environment
from parvis_payments.events import StripeTold
from parvis_payments.simulator import faults
from parvis_payments.simulator.stripe import KEY, signed
from parvis_payments.stripe import telling


@pytest.fixture
async def http(played):
    addresses, base = settings.provided(Environment), settings.current().base_url
    app = application(replace(settings.current()))
    settings.provide(addresses)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
        yield client


async def tell(http, till, told):
    body, headers = told
    return (await http.post(f"/stripe/{till.account}", content=body, headers=headers)).status_code


async def facts():
    async with connection() as c:
        rows = await c.fetch("SELECT payload FROM parvis.event WHERE type = 'payments.stripe-told' ORDER BY id")
    return [msgspec.convert(row["payload"], StripeTold, strict=False) for row in rows]


async def seen_to(till):
    """The worker does what is due about everything that was told, again for what it did already."""
    for fact in await facts():
        await telling.act(fact, till.provider)


async def books(till):
    return {one.account: one.cents for one in await ledger.balances(till.till) if one.cents}


async def paid(played, http, till, cents=1000):
    intent = await till.due(cents)
    ref = await begin(till, intent)
    played.stripe.pay(ref)
    assert await tell(http, till, played.told(ref)) == 200
    await seen_to(till)
    return intent, ref


async def test_what_is_told_is_kept_once_and_asked_about(http, played, stripe):
    intent, ref = await paid(played, http, stripe)
    for _ in range(3):
        assert await tell(http, stripe, played.told(ref)) == 200
    await seen_to(stripe)
    assert (await state(intent), len(await facts())) == ("paid", 1)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.provider_event") == 1
        assert await c.fetchval("SELECT count(*) FROM parvis.delivery WHERE reaction = 'payments.stripe-told'") == 1


async def test_what_an_event_says_is_not_believed(http, played, stripe):
    intent = await stripe.due()
    ref = await begin(stripe, intent)
    claim = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False,
             "data": {"object": {"id": ref, "payment_status": "paid", "amount_total": 1000}}}  # fmt: skip
    assert await tell(http, stripe, signed(claim)) == 200
    await seen_to(stripe)
    assert await state(intent) == "pending"


async def test_a_forged_an_old_and_a_foreign_one_are_turned_away(http, played, stripe):
    ref = await begin(stripe, await stripe.due())
    played.stripe.pay(ref)
    body, headers = played.told(ref)
    assert await tell(http, stripe, (body + b" ", headers)) == 422
    assert await tell(http, stripe, (body, {})) == 422
    assert await tell(http, stripe, (body, {"stripe-signature": "t=x,v1=y"})) == 422
    assert await tell(http, stripe, (b"\xff", headers)) == 422
    assert await tell(http, stripe, signed(played.events(ref)[0], "whsec_another0000")) == 422
    put_clock(clock.now() + timedelta(minutes=5, seconds=2))
    assert await tell(http, stripe, (body, headers)) == 422
    assert (await http.post("/stripe/nobody", content=body, headers=headers)).status_code == 404
    assert await facts() == []


async def test_an_event_of_the_other_mode_is_left_alone(http, played, stripe):
    ref = await begin(stripe, await stripe.due())
    played.stripe.pay(ref)
    assert await tell(http, stripe, signed({**played.events(ref)[0], "livemode": True})) == 200
    assert await facts() == []


async def test_the_answer_does_not_wait_for_stripe(http, played, stripe):
    intent = await stripe.due()
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    played.faults.add(faults.STRIPE_DOWN)
    assert await tell(http, stripe, played.told(ref)) == 200
    with pytest.raises(OutcomeUnknown):
        await seen_to(stripe)
    played.faults.clear()
    await seen_to(stripe)
    assert await state(intent) == "paid"


async def test_two_tills_of_one_account_hear_the_same_and_take_their_own(http, played, stripe):
    other = await a_stripe_till(played)
    intent = await stripe.due()
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    for till in (other, stripe):
        assert await tell(http, till, played.told(ref)) == 200
    await seen_to(stripe)
    assert await state(intent) == "paid"
    assert (await books(other), (await books(stripe))[f"clearing:{stripe.account}"]) == ({}, 1000)


async def test_many_tell_the_same_at_once_and_it_is_taken_once(http, played, stripe):
    due = [await stripe.due(1000 + n) for n in range(6)]
    refs = [await begin(stripe, intent) for intent in due]
    for ref in refs:
        played.stripe.pay(ref)
    assert set(await asyncio.gather(*(tell(http, stripe, played.told(ref)) for ref in refs * 8))) == {200}
    told = await facts()
    assert len(told) == 6
    await asyncio.gather(*(telling.act(fact, stripe.provider) for fact in told * 4))
    assert {await state(intent) for intent in due} == {"paid"}
    assert await receipts.gaps(stripe.till) == []
    assert await proofs.unbalanced() == []


async def test_a_refund_that_waited_is_told_of_and_done(http, played, stripe):
    intent, ref = await paid(played, http, stripe)
    refund = await _approved(intent)
    slow = _slow(played)
    assert await refund_sending.send(refund, stripe.provider) == "unknown"
    slow.undo()
    [made] = played.stripe.of(KEY, "refund")
    made["status"] = "succeeded"
    assert await tell(http, stripe, played.told(made["id"])) == 200
    await seen_to(stripe)
    assert (await refunds.refund_by_id(refund)).state == "done"
    assert await books(stripe) == {}
    played.stripe.fail(made["id"])
    for _ in range(2):
        assert await tell(http, stripe, played.told(made["id"], "refund.failed")) == 200
        await seen_to(stripe)
    assert (await refunds.refund_by_id(refund)).state == "bounced"
    assert await books(stripe) == {f"clearing:{stripe.account}": 1000, "refund_due": -1000}
    assert await reconciling.reconcile_day(stripe.provider, stripe.account, ledger.today()) == []
    [*_, again] = await refunds.refunds_of((await refunds.refund_by_id(refund)).capture)
    await refund_sending.retry(again.id, new_id())
    assert await refund_sending.send(again.id, stripe.provider) == "done"
    assert await books(stripe) == {}
    del ref


async def test_a_refund_that_was_made_at_stripe_is_nobodys_here(http, played, stripe):
    _, ref = await paid(played, http, stripe)
    made = played.stripe.give_back(KEY, {"payment_intent": played.stripe.kept.things[ref]["payment_intent"]})
    assert await tell(http, stripe, played.told(made["id"])) == 200
    await seen_to(stripe)
    assert await books(stripe) == {f"clearing:{stripe.account}": 1000, "revenue:pools": -1000}


@pytest.mark.parametrize(("won", "left"), [(True, "clearing"), (False, "receivable")])
async def test_a_dispute_takes_the_money_away_until_it_is_decided(http, played, stripe, won, left):
    _, ref = await paid(played, http, stripe, 6000)
    dispute = played.stripe.dispute(ref)["id"]
    assert await tell(http, stripe, played.told(dispute, "charge.dispute.created")) == 200
    await seen_to(stripe)
    assert await books(stripe) == {"disputed": 6000, "revenue:pools": -6000}
    played.stripe.decide(dispute, won=won)
    assert await tell(http, stripe, played.told(dispute, "charge.dispute.closed")) == 200
    await seen_to(stripe)
    async with connection() as c:
        assert await c.fetchval("SELECT capture IS NOT NULL FROM parvis.dispute")
    account = f"clearing:{stripe.account}" if won else "receivable"
    assert await books(stripe) == {account: 6000, "revenue:pools": -6000}
    assert account.startswith(left)


async def test_a_decision_that_is_told_before_its_dispute_counts_once(http, played, stripe):
    _, ref = await paid(played, http, stripe, 6000)
    dispute = played.stripe.dispute(ref)["id"]
    played.stripe.decide(dispute, won=False)
    for sort in ("charge.dispute.closed", "charge.dispute.created"):
        assert await tell(http, stripe, played.told(dispute, sort)) == 200
        await seen_to(stripe)
    assert await books(stripe) == {"receivable": 6000, "revenue:pools": -6000}


@pytest.mark.parametrize("wrong", [{"status": "warning_needs_response"}, {"currency": "usd"}, {"livemode": True}])
async def test_an_inquiry_moves_nothing_nor_does_what_is_not_ours(http, played, stripe, wrong):
    _, ref = await paid(played, http, stripe, 6000)
    dispute = played.stripe.dispute(ref)
    told = played.told(dispute["id"])
    dispute |= wrong
    assert await tell(http, stripe, told) == 200
    await seen_to(stripe)
    assert "disputed" not in await books(stripe)


async def test_a_payout_empties_what_stripe_held_fees_and_refunds_included(http, played, stripe):
    intent, _ = await paid(played, http, stripe, 1000)
    await paid(played, http, stripe, 5000)
    refund = await _approved(intent, 400)
    assert await refund_sending.send(refund, stripe.provider) == "done"
    payout = played.stripe.pay_out(KEY)
    assert await tell(http, stripe, played.told(payout["id"])) == 200
    await seen_to(stripe)
    found = await books(stripe)
    assert found["bank"] == payout["amount"] == 5600 - found["fees"]
    assert f"clearing:{stripe.account}" not in found
    assert await movements.paid_out(stripe.account, payout["id"], payout["amount"], found["fees"]) is False


async def test_a_payout_that_nothing_told_of_is_asked_for_and_entered_once(http, played, stripe):
    # Of money that came in before anything was paid here.
    played.stripe.pay_out(KEY)
    assert await telling.catch_up(stripe.provider) == 0
    put_clock(clock.now() + timedelta(minutes=1))
    await paid(played, http, stripe, 5000)
    payout = played.stripe.pay_out(KEY)
    with played.away():
        assert await telling.catch_up(stripe.provider) == 0
    assert [await telling.catch_up(stripe.provider) for _ in range(2)] == [1, 0]
    found = await books(stripe)
    assert (found["bank"], found["bank"] + found["fees"]) == (payout["amount"], 5000)
    assert await tell(http, stripe, played.told(payout["id"])) == 200
    await seen_to(stripe)
    assert await books(stripe) == found
    assert [timer.run for timer in jobs.timers()] == [telling.catch_up]


async def test_what_is_of_no_interest_or_of_nobody_is_kept_and_nothing_follows(http, played, stripe):
    for sort in ("customer.created", "refund.updated", "charge.dispute.created", "payout.paid"):
        event = {"id": f"evt_{sort}", "type": sort, "livemode": False, "data": {"object": {"id": "xx_1"}}}
        assert await tell(http, stripe, signed(event)) == 200
    assert len(await facts()) == 3
    await seen_to(stripe)
    assert await books(stripe) == {}


async def test_what_came_long_ago_is_forgotten(http, played, stripe):
    await paid(played, http, stripe)
    assert await hearing.forget_old() == 0
    put_clock(clock.now() + timedelta(days=460))
    assert await hearing.forget_old() == 1


async def _approved(intent, cents=1000):
    async with connection() as c:
        capture = await c.fetchval("SELECT id FROM parvis.capture WHERE intent = $1", intent.id)
    asked = await refunds.request(capture, cents, "asked", new_id())
    await refunds.decide(asked.id, True, new_id())
    return asked.id


def _slow(played):
    """Refunds wait from now on."""
    patch, give_back = pytest.MonkeyPatch(), played.stripe.give_back
    patch.setattr(played.stripe, "give_back", lambda key, asked: give_back(key, asked, "pending"))
    return patch


async def test_a_dispute_that_is_told_before_its_payment_finds_it(http, played, stripe):
    intent = await stripe.due(6000)
    ref = await begin(stripe, intent)
    played.stripe.pay(ref)
    dispute = played.stripe.dispute(ref)["id"]
    played.stripe.decide(dispute, won=False)
    assert await tell(http, stripe, played.told(dispute, "charge.dispute.closed")) == 200
    await seen_to(stripe)
    assert await books(stripe) == {f"clearing:{stripe.account}": -6000, "receivable": 6000}
    assert await tell(http, stripe, played.told(ref)) == 200
    for _ in range(2):
        await seen_to(stripe)
    assert await books(stripe) == {"receivable": 6000, "revenue:pools": -6000}
    assert await state(intent) == "created"


async def test_a_dispute_that_was_entered_by_hand_before_stripe_tells_of_it_is_one_story(http, played, stripe):
    intent, ref = await paid(played, http, stripe, 6000)
    async with connection() as c:
        capture = await c.fetchval("SELECT id FROM parvis.capture WHERE intent = $1", intent.id)
    await returning.bank_took(capture, returning.Told(ledger.today(), "Disputed", new_id()))
    dispute = played.stripe.dispute(ref)["id"]
    for won in (None, True):
        if won:
            played.stripe.decide(dispute, won=True)
        sort = "charge.dispute.closed" if won else "charge.dispute.created"
        assert await tell(http, stripe, played.told(dispute, sort)) == 200
        await seen_to(stripe)
        where = f"clearing:{stripe.account}" if won else "receivable"
        assert await books(stripe) == {where: 6000, "revenue:pools": -6000}
    assert await state(intent) == "paid"


async def test_a_refund_that_failed_there_is_sent_again_as_another_one(http, played, stripe):
    intent, _ = await paid(played, http, stripe)
    refund = await _approved(intent)
    slow = _slow(played)
    assert await refund_sending.send(refund, stripe.provider) == "unknown"
    slow.undo()
    [made] = played.stripe.of(KEY, "refund")
    played.stripe.fail(made["id"])
    assert await tell(http, stripe, played.told(made["id"], "refund.failed")) == 200
    await seen_to(stripe)
    again = await refund_sending.retry(refund, new_id())
    assert await refund_sending.send(again, stripe.provider) == "done"
    assert (await refunds.refund_by_id(refund)).state == "cancelled"
    assert await books(stripe) == {}
