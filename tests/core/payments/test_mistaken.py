"""A payment that was entered as taken back by mistake: undone, everything is as it was, and it can be entered again."""

import asyncio
from datetime import timedelta

import pytest
from tests.core.payments.test_credits import overpaid
from tests.core.payments.test_disputes import paid
from tests.core.payments.test_disputes_any_order import by_hand
from tests.core.payments.test_refunds import AGENT, MANAGER, books
from tests.core.payments.test_returns import asked

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import connection
from parvis.errors import Conflict, Invalid, NotFound, Refused
from parvis.payments import (
    attempts,
    disputing,
    intents,
    mistaken,
    purposes,
    refund_sending,
    refunds,
    returning,
    stranded,
)
from parvis.payments.books import ledger
from parvis.payments.credits import balances
from parvis.payments.debits.tables import CaptureReturn
from parvis.payments.invoices import bills, unpaid
from parvis.payments.statements import reconciling
from parvis.testing.payments import Shop, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(alone_up_to=200)


async def undo(capture) -> None:
    await mistaken.undo(capture, "The other payment of that day", MANAGER)


async def told(sort: str) -> int:
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = $1", sort)


async def gone(_) -> None:
    raise Conflict


async def test_it_is_paid_again_and_can_be_entered_and_undone_as_often_as_somebody_errs(shop):
    due, settled, _ = await paid(shop)
    before = await books(shop)
    for times in (1, 2, 3):
        await by_hand(settled.capture)
        assert (await intents.intent(due.id)).state == "created"
        await undo(settled.capture)
        assert (await books(shop), (await intents.intent(due.id)).state) == (before, "paid")
        assert (await returning.returned(settled.capture), await told("payment.stands")) == (None, times)
        with pytest.raises(NotFound):
            await undo(settled.capture)
    assert len(await CaptureReturn.select()) == 3
    # It is a payment like any other.
    await refund_sending.send((await asked(settled.capture, 6000)).id, shop.provider)
    assert await books(shop) == {}


async def test_who_errs_says_why(shop):
    _, settled, _ = await paid(shop)
    await by_hand(settled.capture)
    for why in ("", "x" * 201):
        with pytest.raises(Invalid, match="at most 200"):
            await mistaken.undo(settled.capture, why, MANAGER)


async def test_what_was_paid_above_the_price_is_a_credit_again(shop):
    settled = await overpaid(shop)
    before = await books(shop)
    await by_hand(settled.capture)
    assert await balances.total_at(shop.till) == 0
    await undo(settled.capture)
    assert (await books(shop), await balances.total_at(shop.till)) == (before, 1200)


@pytest.mark.parametrize("came_back", [False, True])
async def test_what_had_left_before_has_left_after_it_unless_it_came_back_meanwhile(shop, came_back):
    due, settled = await shop.paid(1000)
    refund = await asked(settled.capture, 400)
    await refund_sending.send(refund.id, shop.provider)
    await by_hand(settled.capture)
    if came_back:
        await refund_sending.finish(refund.id, Sent.FAILED)
    await undo(settled.capture)
    left = 1000 if came_back else 600
    assert await books(shop) == {f"clearing:{shop.account}": left, "revenue:pools": -left}
    assert (await intents.intent(due.id)).state == "paid"


async def test_what_was_owed_at_a_past_day_stays_so(shop):
    settled = await overpaid(shop, 0)
    first = ledger.today()
    clock.move(timedelta(days=1))
    await by_hand(settled.capture)
    clock.move(timedelta(days=1))
    await undo(settled.capture)
    owed = [(await unpaid.total(shop.till, first + timedelta(days=days))).cents for days in (0, 1, 2)]
    assert owed == [0, 5000, 0]


@pytest.mark.parametrize("told_by", ["a bank", "a provider"])
async def test_what_a_bank_or_a_provider_says_itself_stays(shop, told_by):
    _, settled, attempt = await paid(shop)
    if told_by == "a bank":
        async with connection() as c:
            ref = await c.fetchval("SELECT provider_ref FROM parvis.capture WHERE id = $1", settled.capture)
        await returning.take_back(shop.account, ref, clock.now() + timedelta(days=15))
    else:
        await by_hand(settled.capture)
        await disputing.disputed(shop.account, "dp", 4000, attempt)
        await disputing.dispute_closed(shop.account, "dp", won=True)
    before = await books(shop)
    with pytest.raises(Refused, match="says itself"):
        await undo(settled.capture)
    assert await books(shop) == before


@pytest.mark.parametrize("since", ["paid again", "no longer asked for", "place gone"])
async def test_where_something_was_done_since_the_money_comes_in_again_and_goes_back(shop, since):
    due = await shop.due(1000, purpose="pools")
    shop.provider.pay(ref := await shop.opened(due.id))
    settled = await attempts.look(shop.provider, shop.account, ref)
    await by_hand(settled.capture)
    if since == "paid again":
        shop.provider.pay(ref := await shop.opened(due.id))
        await attempts.look(shop.provider, shop.account, ref)
    elif since == "no longer asked for":
        await intents.cancel(due.id)
    else:
        purposes.use({"pools": gone})
    await undo(settled.capture)
    purposes.use({})
    with pytest.raises(NotFound):
        await undo(settled.capture)
    async with connection() as c:
        sql = (
            "SELECT r.id, r.cents, r.method, c.taken_as FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture"
        )
        [back] = await c.fetch(sql)
    taken_as = "extra" if since == "paid again" else "vain"
    # The provider knows no such payment: it is not asked to give it back, nor is it looked for in what it lists.
    assert tuple(back)[1:] == (1000, "mandate", taken_as)
    rows = await shop.provider.rows(shop.account, ledger.today())
    assert await reconciling.reconcile(shop.account, ledger.today(), rows) == []
    kept = 1000 if since == "paid again" else 0
    sold = {f"clearing:{shop.account}": 1000 + kept, "revenue:pools": -kept, "refund_due": -1000}
    assert await books(shop) == {account: cents for account, cents in sold.items() if cents}
    await refund_sending.pay_by_hand(back["id"])
    assert (await intents.intent(due.id)).state == ("paid" if kept else "refunded")
    assert (await told("payment.stands"), (await returning.returned(settled.capture)).by is not None) == (1, True)


async def test_money_in_vain_is_to_be_given_back_again_and_waits_for_somebody(shop):
    due = await shop.due(1000, purpose="pools")
    shop.provider.pay(ref := await shop.opened(due.id))
    purposes.use({"pools": gone})
    settled = await attempts.look(shop.provider, shop.account, ref)
    purposes.use({})
    await by_hand(settled.capture)
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "cancelled")
    await undo(settled.capture)
    assert await books(shop) == {f"clearing:{shop.account}": 1000, "refund_due": -1000}
    assert (await intents.intent(due.id)).state == "to_refund"
    assert [(one.capture, one.idle) for one in await stranded.stranded(shop.till)] == [(settled.capture, 1000)]


async def test_two_who_undo_it_at_once_undo_it_once(shop):
    _, settled, _ = await paid(shop)
    before = await books(shop)
    await by_hand(settled.capture)
    said = await asyncio.gather(*(undo(settled.capture) for _ in range(4)), return_exceptions=True)
    assert sum(one is None for one in said) == 1
    assert (await books(shop), await told("payment.stands")) == (before, 1)


async def test_a_bill_that_was_given_away_since_comes_back_first(shop):
    settled = await overpaid(shop, 0)
    async with connection() as c:
        intent = await c.fetchval("SELECT intent FROM parvis.capture WHERE id = $1", settled.capture)
    await by_hand(settled.capture)
    clock.move(timedelta(days=40))
    assert (await unpaid.pass_on(shop.till, [intent], "B 12", AGENT))[0].bills == 1
    with pytest.raises(Refused, match="the public accountant collects it"):
        await undo(settled.capture)
    await unpaid.recall(shop.till, intent, AGENT)
    await undo(settled.capture)
    assert (await intents.intent(intent)).state == "paid"
    with pytest.raises(Refused):
        await bills.take_back(intent)
    assert (await refunds.refunds_of(settled.capture)) == []
