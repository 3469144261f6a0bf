"""Disputes that are told before their payment is noticed, or of what somebody entered from the bank's papers already:
one story, whatever comes first."""

import asyncio
from datetime import timedelta

import pytest
from tests.core.payments.test_disputes import paid, told
from tests.core.payments.test_refunds import books

from parvis import clock
from parvis.db import connection, new_id
from parvis.errors import Conflict, Refused
from parvis.payments import attempts, disputes, disputing, intents, purposes, refunds, returning, settling, stranded
from parvis.payments.books import ledger
from parvis.payments.statements import reconciling
from parvis.testing.payments import Shop, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(kind="own")


async def by_hand(capture) -> None:
    """The accountant enters what the bank's papers say."""
    await returning.bank_took(capture, returning.Told(ledger.today(), "Card's holder disputes", new_id()))


async def unnoticed(shop: Shop, cents: int = 6000):
    """A payment that was made at the provider, and that nobody here has heard of; its attempt and reference."""
    due = await shop.due(cents, purpose="pools")
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    async with connection() as c:
        attempt = await c.fetchval("SELECT id FROM parvis.payment_attempt WHERE intent = $1", due.id)
    return due, ref, attempt


async def gone(_) -> None:
    raise Conflict


async def test_a_dispute_of_what_was_entered_by_hand_is_entered_once(shop):
    due, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    before = await books(shop)
    assert [await disputing.disputed(shop.account, "dp_1", 6000, attempt) for _ in range(2)] == [True, False]
    assert await books(shop) == before == {"receivable": 6000, "revenue:pools": -6000}
    assert [await disputing.dispute_closed(shop.account, "dp_1", won=False) for _ in range(2)] == [True, False]
    assert (await books(shop), await told()) == (before, 1)
    assert (await intents.intent(due.id)).state == "created"
    [found] = await disputes.disputes_of(settled.capture)
    assert (found.state, found.cents) == ("lost", 6000)


async def test_what_was_entered_by_hand_and_is_won_pays_the_amount_again(shop):
    due, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    assert [await disputing.dispute_closed(shop.account, "dp_1", won=True) for _ in range(2)] == [True, False]
    assert await books(shop) == {f"clearing:{shop.account}": 6000, "revenue:pools": -6000}
    assert (await intents.intent(due.id)).state == "paid"
    today = ledger.today()
    rows = await shop.provider.rows(shop.account, today)
    assert await reconciling.reconcile(shop.account, today, rows) == []


async def test_what_was_entered_by_hand_paid_again_and_then_won_is_given_back(shop):
    due, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    shop.provider.pay(ref := await shop.opened(due.id))
    await attempts.look(shop.provider, shop.account, ref)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=True)
    clearing = f"clearing:{shop.account}"
    assert await books(shop) == {clearing: 12_000, "revenue:pools": -6000, "refund_due": -6000}
    async with connection() as c:
        sql = "SELECT r.cents, r.state, r.method FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture "
        rows = await c.fetch(sql + "WHERE c.intent = $1", due.id)
    # The provider cannot give back what came by a dispute: it knows no such payment.
    assert [tuple(row) for row in rows] == [(6000, "approved", "mandate")]


async def test_a_second_dispute_beyond_what_was_entered_by_hand_is_another_one(shop):
    _, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    await disputing.disputed(shop.account, "dp_1", 4000, attempt)
    assert (await books(shop)).get("disputed", 0) == 0
    await disputing.disputed(shop.account, "dp_2", 5000, attempt)
    assert await books(shop) == {
        f"clearing:{shop.account}": -3000,
        "disputed": 3000,
        "receivable": 6000,
        "revenue:pools": -6000,
    }
    await disputing.dispute_closed(shop.account, "dp_2", won=False)
    assert (await books(shop))["receivable"] == 9000


async def test_a_dispute_of_less_than_was_entered_by_hand_is_a_difference_for_somebody(shop):
    _, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    for _ in range(2):
        await disputing.disputed(shop.account, "dp_1", 4000, attempt)
    [found] = await reconciling.open_differences(shop.till)
    assert (found.kind, found.sort, found.provider_ref) == ("dispute", "amount", "dp_1")
    assert (found.ours, found.theirs) == (6000, 4000)


async def test_a_part_of_what_was_entered_by_hand_that_is_won_waits_for_somebody_and_leaves_the_rest_owed(shop):
    due, settled, attempt = await paid(shop)
    await by_hand(settled.capture)
    await disputing.disputed(shop.account, "dp_1", 4000, attempt)
    for _ in range(2):
        await disputing.dispute_closed(shop.account, "dp_1", won=True)
    # The bank took a part, or somebody was wrong: nothing goes out by a rule, and nobody is told that nothing is owed.
    assert await books(shop) == {
        "receivable": 6000,
        "revenue:pools": -6000,
        f"clearing:{shop.account}": 4000,
        "suspense": -4000,
    }
    assert (await intents.intent(due.id)).state == "created"
    [one] = await stranded.stranded(shop.till)
    assert (one.taken_as, one.idle) == ("unknown", 4000)
    assert await refunds.refunds_of(one.capture) == []
    [found] = await reconciling.open_differences(shop.till)
    assert (found.sort, found.provider_ref) == ("amount", "dp_1")


async def test_a_dispute_that_is_told_first_is_not_entered_by_hand_too(shop):
    _, settled, attempt = await paid(shop)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    with pytest.raises(Refused, match="entered this already"):
        await by_hand(settled.capture)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    with pytest.raises(Refused, match="entered this already"):
        await by_hand(settled.capture)


@pytest.mark.parametrize("hand_first", [True, False])
async def test_both_at_once_are_one_story_whoever_is_first(shop, hand_first):
    _, settled, attempt = await paid(shop)
    both = [by_hand(settled.capture), disputing.disputed(shop.account, "dp_1", 6000, attempt)]
    await asyncio.gather(*(both if hand_first else both[::-1]), return_exceptions=True)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert await books(shop) == {"receivable": 6000, "revenue:pools": -6000}


@pytest.mark.parametrize("decided", [None, True, False])
async def test_a_dispute_that_waits_finds_its_payment_once_that_is_noticed(shop, decided):
    due, ref, attempt = await unnoticed(shop)
    assert [await disputing.disputed(shop.account, "dp_1", 6000, attempt) for _ in range(2)] == [True, False]
    if decided is not None:
        await disputing.dispute_closed(shop.account, "dp_1", won=decided)
    settled = await attempts.look(shop.provider, shop.account, ref)
    await attempts.look(shop.provider, shop.account, ref)
    [found] = await disputes.disputes_of(settled.capture)
    assert found.state == {None: "open", True: "won", False: "lost"}[decided]
    if decided is None:
        with pytest.raises(Refused, match="0,00 euros are left"):
            await refunds.request(settled.capture, 1, "Closed", new_id())
        await disputing.dispute_closed(shop.account, "dp_1", won=False)
    lost = decided is not True
    where = "receivable" if lost else f"clearing:{shop.account}"
    assert await books(shop) == {where: 6000, "revenue:pools": -6000}
    assert (await intents.intent(due.id)).state == ("created" if lost else "paid")
    assert await told() == lost


@pytest.mark.parametrize("cents", [2000, 6000])
async def test_money_in_vain_whose_dispute_waited_is_not_given_back_besides(shop, cents):
    _, ref, attempt = await unnoticed(shop)
    purposes.use({"pools": gone})
    await disputing.disputed(shop.account, "dp_1", cents, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    settled = await attempts.look(shop.provider, shop.account, ref)
    purposes.use({})
    assert settled.taken_as == "vain"
    assert [one.state for one in await refunds.refunds_of(settled.capture)] == ["cancelled"]
    left = 6000 - cents
    rest = {f"clearing:{shop.account}": left, "refund_due": -left}
    assert await books(shop) == {account: amount for account, amount in rest.items() if amount}
    assert [one.idle for one in await stranded.stranded(shop.till)] == ([left] if left else [])


async def test_a_part_that_is_lost_before_its_payment_is_noticed_is_owed_and_told_once(shop):
    due, ref, attempt = await unnoticed(shop)
    await disputing.disputed(shop.account, "dp_1", 2000, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert await told() == 0
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {f"clearing:{shop.account}": 4000, "receivable": 2000, "revenue:pools": -6000}
    assert ((await intents.intent(due.id)).state, await told()) == ("paid", 1)


@pytest.mark.parametrize("money_first", [True, False])
async def test_a_dispute_and_its_payment_at_the_same_moment_find_each_other(shop, money_first):
    due, ref, attempt = await unnoticed(shop)
    both = [attempts.look(shop.provider, shop.account, ref), disputing.disputed(shop.account, "dp_1", 6000, attempt)]
    await asyncio.gather(*(both if money_first else both[::-1]))
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.dispute WHERE capture IS NOT NULL") == 1
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    assert (await intents.intent(due.id)).state == "created"


async def test_without_the_amounts_lock_they_would_miss_each_other(shop, monkeypatch):
    _, ref, attempt = await unnoticed(shop)
    looked, taken, post = asyncio.Event(), asyncio.Event(), ledger.post

    async def slowly(till, kind, source, lines):
        if kind == "dispute":
            looked.set()
            await taken.wait()
        return await post(till, kind, source, lines)

    async def unlocked(*_):
        return None

    monkeypatch.setattr(disputing, "_hold", unlocked)
    monkeypatch.setattr(ledger, "post", slowly)
    entering = asyncio.create_task(disputing.disputed(shop.account, "dp_1", 6000, attempt))
    await looked.wait()
    await attempts.look(shop.provider, shop.account, ref)
    taken.set()
    await entering
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.dispute WHERE capture IS NULL") == 1


async def test_whoever_dies_while_it_is_attached_leaves_both_as_they_were(shop, monkeypatch):
    _, ref, attempt = await unnoticed(shop)
    await disputing.disputed(shop.account, "dp_1", 6000, attempt)
    await disputing.dispute_closed(shop.account, "dp_1", won=False)
    before = await books(shop)

    async def dies(*_):
        raise ConnectionResetError

    monkeypatch.setattr(settling, "record", dies)
    with pytest.raises(ConnectionResetError):
        await attempts.look(shop.provider, shop.account, ref)
    monkeypatch.undo()
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.dispute WHERE capture IS NULL") == 1
    assert await books(shop) == before
    await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop) == {"receivable": 6000, "revenue:pools": -6000}


async def test_a_dispute_of_a_payment_that_nobody_finds_is_a_difference_after_two_days(shop):
    await disputing.disputed(shop.account, "dp_1", 6000, new_id())
    assert await reconciling.note_waiting(shop.account) == 0
    clock.move(timedelta(days=3))
    for _ in range(2):
        await reconciling.note_waiting(shop.account)
    [found] = await reconciling.open_differences(shop.till)
    assert (found.kind, found.sort, found.provider_ref, found.ours) == ("dispute", "waiting", "dp_1", 6000)
