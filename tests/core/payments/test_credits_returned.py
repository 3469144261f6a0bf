"""Credits and credit notes where money goes another way than it was sent: refunds come back, banks take back."""

from contextlib import suppress
from datetime import timedelta

import pytest
from tests.core.payments.test_credits import AGENT, Walk, a_bill, books, overpaid, pays
from tests.seeds import seeds

from parvis import clock
from parvis.contract.payments import Sent
from parvis.db import connection
from parvis.errors import ParvisError, Refused
from parvis.payments import disputing, intents, refund_sending, refunds, returning
from parvis.payments.books import ledger, proofs
from parvis.payments.counter import by_hand
from parvis.payments.credits import balances, paying_out
from parvis.payments.invoices import bills, issuing, reminders, unpaid
from parvis.testing.payments import a_drawer, a_shop
from parvis.testing.visits import put_clock


@pytest.fixture
async def shop(database):
    return await a_shop(alone_up_to=100_000)


async def agrees(shop):
    """What is left of the till's credits, below nothing where what had gone was taken back; the books say the same."""
    async with connection() as c:
        sql = f"SELECT coalesce(sum({balances._LEFT}), 0)::bigint FROM parvis.credit k WHERE k.till = $1"
        found = await c.fetchval(sql, shop.till)
        reserved = await c.fetchval(
            "SELECT coalesce(-sum(h.cents), 0)::bigint FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent "
            "WHERE h.credit IS NOT NULL AND i.till = $1 AND i.state IN ('created', 'pending', 'expired', 'passed_on') "
            "AND NOT EXISTS (SELECT FROM parvis.capture m JOIN parvis.ledger_entry e ON e.source = m.id "
            "WHERE m.intent = i.id AND e.kind IN ('charge', 'take-up'))",
            shop.till,
        )
        sql = "SELECT coalesce(sum(cents), 0)::bigint FROM parvis.refund WHERE till = $1 AND state = 'requested' "
        asked = await c.fetchval(sql + "AND credit IS NOT NULL", shop.till)
    assert found + reserved + asked == -ledger.balance_of(await ledger.balances(shop.till), "credit")
    assert await proofs.unbalanced() == await proofs.unlike_sums() == []
    return found


async def bank_takes(shop, capture):
    async with connection() as c:
        ref = await c.fetchval("SELECT provider_ref FROM parvis.capture WHERE id = $1", capture)
    await returning.take_back(shop.account, ref, clock.now() + timedelta(days=15))


async def sent(shop, capture, cents, method="provider"):
    refund = await refunds.request(capture, cents, "Closed", AGENT, method)
    if method == "provider":
        await refund_sending.send(refund.id, shop.provider)
    else:
        await refund_sending.pay_by_hand(refund.id)
    return refund


async def again(refund):
    """A refund comes back, and is paid once more by hand."""
    await refund_sending.finish(refund.id, Sent.FAILED)
    late = (await refunds.refunds_of(refund.capture))[-1]
    await refund_sending.retry(late.id, AGENT)
    await refund_sending.pay_by_hand(late.id)
    return await refunds.refund_by_id(late.id)


async def test_a_refund_that_came_back_and_left_again_has_one_credit_note_and_restores_a_credit_once(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop, vat=2000)
    settled = await pays(shop, bill)
    first = await sent(shop, settled.capture, 1000, "mandate")
    last = await sent(shop, settled.capture, 2800, "mandate")
    for refund in (first, last):
        assert (await again(refund)).state == "done"
        assert await agrees(shop) == 1200
    papers = await issuing.invoices_of([bill.basket])
    assert [(paper.sort, paper.cents) for paper in papers] == [("invoice", 5000), ("credit", 1000), ("credit", 4000)]
    assert await books(shop) == {
        f"clearing:{shop.account}": 10_000,
        "paid_over": -3800,
        "revenue:canteen": -5000,
        "credit": -1200,
    }


async def test_what_comes_back_and_is_asked_for_less_is_noted_once(shop):
    [bill] = await a_bill(shop)
    settled = await pays(shop, bill)
    refund = await sent(shop, settled.capture, 3000, "mandate")
    await refund_sending.finish(refund.id, Sent.FAILED)
    await refunds.withdraw((await refunds.refunds_of(settled.capture))[-1].id)
    for cents, notes in ((2000, [3000]), (2500, [3000, 1500])):
        await sent(shop, settled.capture, cents, "mandate")
        papers = await issuing.invoices_of([bill.basket])
        assert [paper.cents for paper in papers if paper.sort == "credit"] == notes


async def test_a_credit_that_was_paid_out_and_came_back_waits_to_be_paid_out_again(shop):
    settled = await overpaid(shop)
    [credit] = await balances.left_at(shop.till)
    refund = await paying_out.ask(credit.id, 1200, "Moves away", AGENT)
    await refund_sending.send(refund.id, shop.provider)
    await refund_sending.finish(refund.id, Sent.FAILED)
    late = (await refunds.refunds_of(settled.capture))[-1]
    assert (late.state, late.credit, await agrees(shop)) == ("failed", credit.id, 0)
    await refunds.withdraw(late.id)
    assert await agrees(shop) == 1200
    assert [paper.sort for paper in await issuing.invoices_of([credit.basket])] == ["invoice"]


async def test_what_the_bank_takes_back_is_no_credit_any_more(shop):
    settled = await overpaid(shop)
    await bank_takes(shop, settled.capture)
    assert (await agrees(shop), await balances.left_at(shop.till)) == (0, [])
    assert await books(shop) == {"receivable": 5000, "revenue:canteen": -5000}


async def test_a_credit_that_was_used_and_taken_back_is_not_shown_below_nothing(shop):
    settled = await overpaid(shop)
    [credit] = await balances.left_at(shop.till)
    await pays(shop, (await a_bill(shop))[0])
    await bank_takes(shop, settled.capture)
    assert (await agrees(shop), (await balances.credit_by_id(credit.id)).left) == (-1200, 0)
    with pytest.raises(Refused):
        await paying_out.ask(credit.id, 1, "Moves away", AGENT)


async def test_what_had_left_before_the_bank_took_it_back_and_comes_back_is_no_credit(shop):
    settled = await overpaid(shop)
    refund = await sent(shop, settled.capture, 6200)
    await bank_takes(shop, settled.capture)
    assert await agrees(shop) == 0
    await refund_sending.finish(refund.id, Sent.FAILED)
    assert await agrees(shop) == 0
    assert await books(shop) == {"receivable": 5000, "revenue:canteen": -5000}


async def test_a_bill_whose_money_was_taken_back_and_that_is_cancelled_gives_its_credit_back(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop, vat=2000)
    settled = await pays(shop, bill)
    await bank_takes(shop, settled.capture)
    assert await agrees(shop) == 0
    await bills.take_back(bill.id)
    assert await agrees(shop) == 1200
    assert await books(shop) == {f"clearing:{shop.account}": 6200, "revenue:canteen": -5000, "credit": -1200}


async def test_what_was_given_back_and_taken_back_restores_its_credit_once(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop)
    settled = await pays(shop, bill)
    await sent(shop, settled.capture, 3800)
    await bank_takes(shop, settled.capture)
    assert await agrees(shop) == 1200
    await bills.take_back(bill.id)
    assert await agrees(shop) == 1200
    papers = await issuing.invoices_of([bill.basket])
    assert [(paper.sort, paper.cents) for paper in papers] == [("invoice", 5000), ("credit", 5000)]


async def test_what_the_public_accountant_collects_keeps_the_credit_it_used_and_is_not_reminded_of(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop)
    put_clock(bill.expires_at + timedelta(days=8))
    assert [one.intent for one in await reminders.due_now()] == [bill.id]
    await intents.expire(bill.id)
    given, kept = await unpaid.pass_on(shop.till, [bill.id], "L 1", AGENT)
    assert (given.cents, kept) == (3800, [])
    assert [one.labels for one in await unpaid.passed(shop.till)] == [["Cantine"]]
    assert (await reminders.due_now(), await agrees(shop)) == ([], 0)


class Returns(Walk):
    """The same, and money comes back: to us from payers' banks, and from us by these."""

    async def returned(self):
        await bank_takes(self.shop, self.chance.choice(self.captures))

    async def bounced(self):
        async with connection() as c:
            rows = await c.fetch(
                "SELECT id FROM parvis.refund WHERE state = 'done' AND method IN ('provider', 'mandate') ORDER BY id"
            )
        await refund_sending.finish(self.chance.choice(rows)["id"], Sent.FAILED)

    async def sent_again(self):
        async with connection() as c:
            rows = await c.fetch("SELECT id FROM parvis.refund WHERE state = 'failed' ORDER BY id")
        await refund_sending.retry(self.chance.choice(rows)["id"], AGENT)

    async def step(self):
        act = self.chance.choice([super().step] * 5 + [self.leave, self.returned, self.bounced, self.sent_again])
        with suppress(ParvisError, IndexError):
            await act()


@pytest.mark.parametrize("seed", seeds(12))
async def test_whatever_comes_back_the_books_and_the_credits_agree(shop, seed):
    walk = Returns(shop, seed)
    for _ in range(40):
        await walk.step()
        await agrees(shop)
    async with connection() as c:
        sql = (
            "SELECT i.id FROM parvis.invoice i JOIN parvis.invoice n ON n.corrects = i.id "
            "GROUP BY i.id HAVING sum(n.cents) > i.cents"
        )
        assert await c.fetch(sql) == []


async def test_while_a_bank_disputes_the_money_nothing_of_its_credit_is_used_or_paid_out(shop):
    settled = await overpaid(shop)
    [credit] = await balances.left_at(shop.till)
    async with connection() as c:
        sql = "SELECT a.id FROM parvis.payment_attempt a JOIN parvis.capture m ON m.intent = a.intent WHERE m.id = $1"
        attempt = await c.fetchval(sql, settled.capture)
    await disputing.disputed(shop.account, "dp", 6200, attempt)
    assert await balances.left_at(shop.till) == []
    with pytest.raises(Refused, match="0,00 euros are left"):
        await paying_out.ask(credit.id, credit.cents, "Moves away", AGENT)
    await disputing.dispute_closed(shop.account, "dp", won=True)
    assert [one.left for one in await balances.left_at(shop.till)] == [credit.cents]
    assert await agrees(shop) == credit.cents


async def test_a_taking_that_was_reversed_before_takes_nothing_of_a_credit(shop):
    drawer = await a_drawer(shop.till)
    [due] = await a_bill(shop)
    taking = await drawer.takes(due.id, cash=5000)
    await by_hand.take_back(taking.id, drawer.by, "Mistaken")
    settled = await pays(shop, due, 6200)
    await sent(shop, settled.capture, 2000)
    assert await agrees(shop) == 1200


async def restored(shop):
    """A credit that paid a part of a bill and is one again, of money that has all gone back through its provider."""
    await overpaid(shop)
    [bill] = await a_bill(shop)
    settled = await pays(shop, bill)
    await sent(shop, settled.capture, 3800)
    [credit] = await balances.left_at(shop.till)
    assert (credit.capture, credit.left) == (settled.capture, 1200)
    return credit


async def test_a_restored_credit_is_paid_out_in_a_way_that_can_work(shop):
    credit = await restored(shop)
    assert await paying_out.way(credit) == "mandate"
    asked = await paying_out.ask(credit.id, 1200, "Moves away", AGENT)
    assert (asked.method, asked.state) == ("mandate", "approved")
    await refund_sending.pay_by_hand(asked.id)
    assert await agrees(shop) == 0


async def test_a_credit_whose_money_is_still_at_the_provider_leaves_through_it(shop):
    await overpaid(shop)
    [credit] = await balances.left_at(shop.till)
    assert await paying_out.way(credit) == "provider"
    asked = await paying_out.ask(credit.id, 1200, "Moves away", AGENT)
    assert asked.method == "provider"
    assert await refund_sending.send(asked.id, shop.provider) == "done"


async def test_a_list_of_credits_goes_on_and_its_total_is_of_all(shop):
    for cents in (100, 200, 300):
        await overpaid(shop, cents)
    first = await balances.left_at(shop.till, 2)
    rest = await balances.left_at(shop.till, 2, first[-1].id)
    assert [one.left for one in (*first, *rest)] == [100, 200, 300]
    assert await balances.total_at(shop.till) == 600
