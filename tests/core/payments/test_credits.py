"""Credits: what was paid too much, or given back as one, is used on the next bill of its till, once; or paid out."""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.seeds import seeds

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import Refused
from parvis.identity import actions as identity
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.payments import attempts, dues, expiring, intents, payers, refund_sending, refunds, settling
from parvis.payments.books import ledger, proofs, receipting
from parvis.payments.credits import balances, paying_out, using
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.testing.payments import a_shop
from parvis.testing.people import ISSUER, a_person
from parvis.testing.visits import put_clock

LEA, PAUL = (Contact(Channel.MAIL, f"{name}@example.org") for name in ("lea", "paul"))
AGENT, MANAGER = new_id(), new_id()


@pytest.fixture
async def shop(database):
    return await a_shop(alone_up_to=100_000)


async def a_bill(shop, cents=5000, to=LEA, *, count=1, vat=0, **rest):
    person = rest.pop("person", None)
    charge = Charge(shop.till, "Cantine", "canteen", cents, vat)
    last = ledger.today() + timedelta(days=20)
    return await bills.write([charge], BillTo(contact=to, language="fr", person=person), last, AGENT, count, **rest)


async def pays(shop, intent, cents=None):
    shop.provider.pay(ref := await shop.opened(intent.id), cents)
    return await attempts.look(shop.provider, shop.account, ref)


async def overpaid(shop, by=1200, to=LEA, **rest):
    """A credit of so many cents, from a bill that was paid too much."""
    [due] = await a_bill(shop, 5000, to, use_credit=False, **rest)
    return await pays(shop, due, 5000 + by)


async def left(shop):
    """What is left of the till's credits; the books have as much, but for what bills that are not paid will use."""
    async with connection() as c:
        reserved = await c.fetchval(
            "SELECT coalesce(-sum(h.cents), 0)::bigint FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent "
            "WHERE h.credit IS NOT NULL AND i.state IN ('created', 'pending', 'expired') AND i.till = $1",
            shop.till,
        )
        asked = await c.fetchval(
            "SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r WHERE r.till = $1 AND r.state = 'requested' "
            "AND r.credit IS NOT NULL",
            shop.till,
        )
    found = sum(credit.left for credit in await balances.left_at(shop.till))
    assert found + reserved + asked == -ledger.balance_of(await ledger.balances(shop.till), "credit")
    assert await proofs.unbalanced() == await proofs.unlike_sums() == []
    return found


async def books(shop):
    return {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}


@given(st.lists(st.integers(0, 5000), max_size=6), st.lists(st.integers(0, 3000), max_size=4))
def test_credits_are_spread_over_the_first_amounts_and_no_cent_is_used_twice(owed, there):
    taken = using.spread(owed, there)
    for amount, of in zip(owed, taken, strict=True):
        assert 0 <= sum(of.values()) <= amount
        assert all(cents > 0 for cents in of.values())
    for number, cents in enumerate(there):
        assert sum(of.get(number, 0) for of in taken) <= cents
    assert sum(sum(of.values()) for of in taken) == min(sum(owed), sum(there))
    short = [sum(of.values()) < amount for amount, of in zip(owed, taken, strict=True)]
    assert short == sorted(short) or not any(short) or sum(owed) > sum(there)


async def test_what_was_paid_too_much_is_used_on_the_next_bill_of_the_till(shop):
    await overpaid(shop)
    assert await left(shop) == 1200
    [bill] = await a_bill(shop, vat=2000)
    assert (bill.cents, await left(shop)) == (3800, 0)
    [due] = await dues.dues_in(bill.basket)
    assert (due.labels, due.credit) == (("Cantine",), 1200)
    await pays(shop, bill)
    entry = (await ledger.entries(shop.till))[-2]
    lines = (("receivable", 3800), ("revenue:canteen", -4167), ("credit", 1200), ("vat", -833))
    assert (entry.kind, entry.lines) == ("charge", lines)
    assert await left(shop) == 0
    assert (await books(shop)).keys() == {f"clearing:{shop.account}", "revenue:canteen", "vat"}


async def test_the_invoice_says_what_is_deducted_and_what_is_left_to_pay(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop, vat=2000)
    [found] = await issuing.invoices_of([bill.basket])
    assert (found.cents, found.owed) == (5000, 3800)
    said = await read(invoicing.paper(found))
    day = ledger.today().strftime("%d/%m/%Y")
    for part in ("TVA sur 41,67 € HT 20,00 % 8,33 €", f"Avoir du {day} -12,00 €", "Net à payer 38,00 €"):
        assert part in said
    await pays(shop, bill)
    [receipt] = await receipting.given_in(bill.basket)
    said = await read(receipting.paper(receipt))
    assert f"Avoir du {day} -12,00 €" in said
    assert "Total reçu 38,00 €" in said


async def read(paper):
    return " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(await paper)).pages).split())


async def test_another_till_another_payer_and_a_bill_that_says_no_leave_it_alone(shop):
    await overpaid(shop)
    for asked in (
        await a_bill(await a_shop()),
        await a_bill(shop, to=PAUL),
        await a_bill(shop, use_credit=False),
    ):
        assert asked[0].cents == 5000
    assert await left(shop) == 1200


async def test_every_sign_on_of_an_account_has_its_credit(shop):
    kept, merged = await a_person(), await a_person()
    await overpaid(shop, to=PAUL, person=merged)
    async with connection() as c:
        await c.execute("UPDATE parvis.person SET merged_into = $1 WHERE id = $2", kept, merged)
    assert [credit.left for credit in await payers.credits_of(Actor(person=kept))] == [1200]
    assert (await a_bill(shop, person=kept))[0].cents == 3800


async def test_a_bill_that_is_covered_is_paid_at_once_and_taken_back_gives_the_credit_back(shop):
    await overpaid(shop, 6000)
    [bill] = await a_bill(shop)
    assert (bill.cents, bill.state, await left(shop)) == (0, "paid", 1000)
    await bills.take_back(bill.id)
    assert ((await intents.intent(bill.id)).state, await left(shop)) == ("cancelled", 6000)
    assert [paper.cents for paper in await issuing.invoices_of([bill.basket])] == [5000, 5000]


async def test_a_bill_that_is_cancelled_gives_it_back_and_one_that_is_late_keeps_it(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop)
    await bills.take_back(bill.id)
    assert await left(shop) == 1200
    [late] = await a_bill(shop)
    put_clock(late.expires_at + timedelta(hours=3))
    await expiring.expire_due(lambda _: shop.provider)
    assert ((await intents.intent(late.id)).state, await left(shop)) == ("expired", 0)
    await pays_late(shop, late)
    assert await left(shop) == 0


async def pays_late(shop, intent):
    return await settling.settle(settling.Money(shop.account, "late", intent.cents, clock.now()))


async def test_the_first_parts_of_a_bill_use_it(shop):
    await splitting.keep_rule(shop.till, Rule(3))
    await overpaid(shop, 4000)
    parts = await a_bill(shop, 9000, count=3)
    assert [(part.cents, part.state) for part in parts] == [(0, "paid"), (2000, "created"), (3000, "created")]
    [found] = await issuing.invoices_of([parts[0].basket])
    assert ([part.cents for part in found.parts], found.owed) == ([0, 2000, 3000], 5000)
    for part in parts[1:]:
        await pays(shop, part)
    assert await left(shop) == 0
    assert "receivable" not in await books(shop)


async def test_what_is_given_back_as_a_credit_is_one(shop):
    settled = await overpaid(shop, 0)
    refund = await refunds.request(settled.capture, 700, "Closed", AGENT, "credit")
    assert await left(shop) == 0
    await refund_sending.pay_by_hand(refund.id)
    assert await left(shop) == 700
    assert (await a_bill(shop, 500))[0].state == "paid"
    assert await left(shop) == 200


async def test_a_credit_is_paid_out_by_two_people_above_the_limit_and_never_twice(database):
    shop = await a_shop(alone_up_to=500)
    settled = await overpaid(shop)
    [credit] = await balances.left_at(shop.till)
    with pytest.raises(Refused, match="12,00 euros are left"):
        await paying_out.ask(credit.id, 1201, "Moves away", AGENT)
    asked = await paying_out.ask(credit.id, 1000, "Moves away", AGENT)
    assert (asked.state, (await balances.left_at(shop.till))[0].left) == ("requested", 200)
    await refunds.decide(asked.id, True, MANAGER)
    assert await refund_sending.send(asked.id, shop.provider) == "done"
    assert (await left(shop), (await books(shop))["revenue:canteen"]) == (200, -5000)
    with pytest.raises(Refused, match="52,00 euros are left"):
        await refunds.request(settled.capture, 5201, "Closed", AGENT)
    whole = await refunds.request(settled.capture, 5200, "Closed", AGENT)
    await refunds.decide(whole.id, True, MANAGER)
    await refund_sending.send(whole.id, shop.provider)
    assert (await left(shop), await books(shop)) == (0, {})


async def test_what_was_used_is_not_given_back_with_the_price(shop):
    settled = await overpaid(shop)
    [bill] = await a_bill(shop)
    with pytest.raises(Refused, match="50,00 euros are left"):
        await refunds.request(settled.capture, 5001, "Closed", AGENT)
    await bills.take_back(bill.id)
    await refunds.request(settled.capture, 6200, "Closed", AGENT)
    assert await left(shop) == 0
    assert (await a_bill(shop))[0].cents == 5000


async def test_with_the_last_of_the_money_the_credit_goes_back_too(shop):
    await overpaid(shop)
    [bill] = await a_bill(shop, vat=2000)
    settled = await pays(shop, bill)
    for cents, there in ((1000, 0), (2800, 1200)):
        refund = await refunds.request(settled.capture, cents, "Closed", AGENT)
        await refund_sending.send(refund.id, shop.provider)
        assert await left(shop) == there
    assert await books(shop) == {f"clearing:{shop.account}": 6200, "revenue:canteen": -5000, "credit": -1200}
    papers = await issuing.invoices_of([bill.basket])
    assert [(paper.sort, paper.cents) for paper in papers] == [("invoice", 5000), ("credit", 1000), ("credit", 4000)]


async def test_a_credit_that_is_owed_keeps_its_payer(shop):
    async with transaction():
        person = await identity.ensure_person(ISSUER, "lea", name="Léa", email="lea@example.org")
    actor = Actor(person=person)
    settled = await overpaid(shop, to=PAUL, person=person)
    assert await payers.under_way(actor) == 1
    assert await payers.erase(actor) == 0
    async with connection() as c:
        await c.execute("UPDATE parvis.basket SET created = created - interval '6 years'")
    assert await payers.forget_old() == 0
    [bill] = await a_bill(shop, to=PAUL)
    assert await payers.forget_old() == 0, "a bill that uses it may be cancelled"
    await pays(shop, bill)
    assert await payers.forget_old() == 1
    assert settled.capture


async def test_money_of_nobody_known_is_no_credit(shop):
    await settling.settle(settling.Money(shop.account, "stray", 900, clock.now()))
    assert await left(shop) == 0


async def race(shop):
    """Eight bills of one payer at once, whose transactions stay open for a while."""

    async def one():
        async with transaction():
            [bill] = await a_bill(shop, 1000)
            await asyncio.sleep(0.05)
        return 1000 - bill.cents

    return sum(await asyncio.gather(*(one() for _ in range(8))))


async def test_bills_written_at_once_never_use_the_same_credit(shop):
    await overpaid(shop, 2500)
    assert await race(shop) == 2500
    assert await left(shop) == 0


async def test_without_the_lock_they_do(shop, monkeypatch):
    monkeypatch.setattr(balances, "_LOCK", balances._LOCK.removesuffix(" FOR NO KEY UPDATE"))
    await overpaid(shop, 2500)
    assert await race(shop) > 2500


async def test_a_bill_and_a_payment_out_at_once_never_use_the_same_credit(shop):
    await overpaid(shop)
    [credit] = await balances.left_at(shop.till)

    async def pay_out():
        try:
            return (await paying_out.ask(credit.id, 1200, "Moves away", AGENT)).cents
        except Refused:
            return 0

    async def bill():
        return 5000 - (await a_bill(shop))[0].cents

    taken = await asyncio.gather(*(act() for act in (pay_out, bill, pay_out, bill)))
    assert sum(taken) == 1200
    assert await left(shop) == 0


class Walk:
    """A payer, what they are asked for, and what happens to it."""

    def __init__(self, shop, seed):
        self.shop, self.chance = shop, random.Random(seed)
        self.captures = []

    async def over(self):
        self.captures.append((await overpaid(self.shop, self.chance.randint(1, 3000))).capture)

    async def bill(self):
        await a_bill(self.shop, self.chance.randint(1, 6000))

    async def pay(self):
        for due in await dues.dues_to_take(self.shop.till):
            if due.cents >= 100 and self.chance.random() < 0.5:
                self.captures.append((await pays(self.shop, due_of(due))).capture)

    async def cancel(self):
        found = await dues.dues_at(self.shop.till, bills.PURPOSE)
        await bills.take_back(self.chance.choice(found).intent)

    async def pay_out(self):
        credit = self.chance.choice(await balances.left_at(self.shop.till))
        await paying_out.ask(credit.id, self.chance.randint(1, 3000), "Moves", AGENT)

    async def give_back(self):
        method = self.chance.choice(["credit", "mandate", None])
        await refunds.request(self.chance.choice(self.captures), self.chance.randint(1, 5000), "Back", AGENT, method)

    async def leave(self):
        async with connection() as c:
            rows = await c.fetch("SELECT id, method FROM parvis.refund WHERE state = 'approved'")
        for row in rows:
            act = self.chance.choice(["send", "withdraw", "wait"])
            if act == "withdraw":
                await refunds.withdraw(row["id"])
            elif act == "send" and row["method"] == "provider":
                await refund_sending.send(row["id"], self.shop.provider)
            elif act == "send":
                await refund_sending.pay_by_hand(row["id"])

    async def step(self):
        acts = (self.over, self.bill, self.bill, self.pay, self.cancel, self.pay_out, self.give_back, self.leave)
        with suppress(Refused, IndexError):
            await self.chance.choice(acts)()


def due_of(due):
    return SimpleNamespace(id=due.intent)


@pytest.mark.parametrize("seed", seeds(12))
async def test_whatever_happens_what_was_given_is_used_paid_out_or_left(shop, seed):
    walk = Walk(shop, seed)
    for _ in range(40):
        await walk.step()
        await left(shop)
        async with connection() as c:
            rows = await c.fetch(f"SELECT {balances.LEFT} AS left FROM parvis.credit k")
        assert all(row["left"] >= 0 for row in rows)
    assert await issuing.gaps(shop.till) == []
