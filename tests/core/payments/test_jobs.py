"""What the worker does by itself: it looks on a plan, sends refunds once, reads statements of days that are over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.db import connection, new_id
from parvis.payments import attempts, expiring, intents, jobs, polling, refunds
from parvis.payments.accounts import add_account
from parvis.payments.providers import every
from parvis.payments.rules import next_look
from parvis.payments.statements import reconciling
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock

PARIS = ZoneInfo("Europe/Paris")


@given(st.integers(0, 4 * 365 * 24 * 60))
def test_looks_come_ever_later_and_end_the_next_morning(minutes_later):
    created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes_later)
    planned = [next_look(created, looked, PARIS) for looked in range(12)]
    minutes = [(at - created).total_seconds() / 60 for at in planned[:9]]
    assert minutes == [1, 3, 6, 10, 15, 20, 30, 60, 120]
    morning = planned[9].astimezone(PARIS)
    assert (morning.hour, morning.minute) == (7, 0)
    assert morning.date() == created.astimezone(PARIS).date() + timedelta(days=1)
    assert planned[10:] == [None, None]


async def test_what_nobody_told_of_is_found(payable):
    shop, now = await payable.shop(), clock.now()
    due = await shop.due()
    shop.provider.pay(await shop.opened(due.id))
    assert await polling.look_due(await every()) == 0
    put_clock(now + timedelta(seconds=61))
    assert await polling.look_due(await every()) == 1
    assert (await intents.intent(due.id)).state == "paid"
    assert await polling.look_due(await every()) == 0


async def test_a_provider_whose_plugin_is_gone_gives_no_answer_and_stops_nobody(payable, database):
    shop, now = await payable.shop(), clock.now()
    due = await shop.due(minutes=3)
    shop.provider.pay(await shop.opened(due.id))
    async with connection() as c:
        await c.execute("UPDATE parvis.provider_account SET provider = 'gone.away' WHERE key = $1", shop.account)
    other = await payable.shop()
    paid = await other.due()
    shop.provider.pay(await other.opened(paid.id))
    put_clock(now + timedelta(minutes=4))
    assert await polling.look_due(await every()) == 1
    assert (await intents.intent(due.id)).state == "pending"
    async with connection() as c:
        await c.execute("UPDATE parvis.provider_account SET provider = 'pay.sandbox' WHERE key = $1", shop.account)
    put_clock(now + timedelta(minutes=10))
    assert await polling.look_due(await every()) == 1


async def test_an_approved_refund_leaves_once_and_one_without_an_answer_is_asked_about_again(payable):
    shop = await payable.shop(alone_up_to=5000)
    _, settled = await shop.paid(1000)
    refund = (await refunds.request(settled.capture, 400, "Closed", new_id())).id
    shop.provider.answer_lost = True
    assert await jobs.send_refunds(await every()) == 1
    assert (await refunds.refund_by_id(refund)).state == "unknown"
    assert await jobs.send_refunds(await every()) == await jobs.ask_again(await every()) == 0
    shop.provider.answer_lost = False
    put_clock(clock.now() + timedelta(minutes=11))
    assert await jobs.ask_again(await every()) == 1
    assert (await refunds.refund_by_id(refund)).state == "done"
    assert len(shop.provider.refunds) == 1


async def test_a_sender_that_died_before_its_answer_is_asked_for_again(payable):
    shop = await payable.shop(alone_up_to=5000)
    _, settled = await shop.paid(1000)
    refund = (await refunds.request(settled.capture, 400, "Closed", new_id())).id
    async with connection() as c:
        await c.execute("UPDATE parvis.refund SET state = 'sent' WHERE id = $1", refund)
    put_clock(clock.now() + timedelta(minutes=11))
    assert await jobs.ask_again(await every()) == 1
    assert (await refunds.refund_by_id(refund)).state == "done"


async def test_days_that_are_over_are_reconciled_each_once_after_a_day_away(payable):
    put_clock(datetime(2027, 1, 4, 12, tzinfo=UTC))
    shop = await payable.shop()
    await shop.paid(1000)
    put_clock(datetime(2027, 1, 5, 2, tzinfo=UTC))
    assert await jobs.reconcile() == 0
    assert await reconciling.open_differences(shop.till) == []
    put_clock(datetime(2027, 1, 5, 6, tzinfo=UTC))
    shop.provider.down = True
    assert await jobs.reconcile() == 0
    shop.provider.down = False
    put_clock(datetime(2027, 1, 8, 6, tzinfo=UTC))
    assert await jobs.reconcile() == 4
    assert await jobs.reconcile() == 0
    assert await reconciling.open_differences(shop.till) == []


async def test_a_till_with_two_ways_to_pay_asks_each_about_its_own(payable):
    shop, now = await payable.shop(), clock.now()
    other = Sandbox()
    await add_account("other", shop.till, "gone.away")
    due = await shop.due(minutes=30)
    await shop.opened(due.id)
    page = await attempts.begin(
        (await shop.due()).id, lambda _: other, "other", label="x", mail="a@b.fr", back="https://x.invalid"
    )
    assert await attempts.look_at(due.id, other, "other") is None
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.payment_attempt WHERE state = 'live'") == 2
    put_clock(now + timedelta(minutes=31))
    shop.provider.payments.clear()
    assert await expiring.expire_due(await every()) == 1
    assert page.url.startswith("https://sandbox.invalid")
