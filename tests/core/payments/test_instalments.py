"""Instalments: parts that add up, each paid by itself until its day, as the till's rule lets there be."""

import asyncio
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.core.payments.tariff_examples import swimming

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.errors import Invalid, Refused
from parvis.identity.contacts import Contact
from parvis.payments import attempts, dues, expiring, intents
from parvis.payments.books import ledger, postings, proofs
from parvis.payments.books.postings import Sale
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.payments.money import taxes
from parvis.payments.tariffs import catalogue, explaining, quotes
from parvis.payments.tariffs.pricing import Ask
from parvis.testing.payments import a_shop
from parvis.testing.visits import put_clock

TILL = UUID(int=1)
TO = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
lines = st.lists(st.integers(1, 10**7), min_size=1, max_size=6)


@given(lines, st.integers(2, 12))
def test_parts_add_up_differ_by_a_cent_and_no_line_loses_any(cents, count):
    charges = [Charge(TILL, str(n), f"product-{n}", amount) for n, amount in enumerate(cents)]
    parts = splitting.split(charges, count)
    sums = [sum(charge.cents for charge in part) for part in parts]
    assert (len(parts), sum(sums)) == (count, sum(cents))
    assert max(sums) - min(sums) <= 1
    assert sums == sorted(sums, reverse=True)
    for charge in charges:
        pieces = [one for part in parts for one in part if one.revenue == charge.revenue]
        assert sum(piece.cents for piece in pieces) == charge.cents
        assert all(piece.cents > 0 for piece in pieces)


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from((0, 210, 550, 1000, 2000))), min_size=1),
    st.integers(2, 12),
)
def test_the_vat_of_the_parts_in_the_books_is_that_of_the_invoice(lines, count):
    charges = [Charge(TILL, "x", "pools", cents, bp) for cents, bp in lines]
    seen, entered = dict[int, int](), 0
    for part in splitting.split(charges, count):
        sales = [Sale(one.revenue, one.cents, one.vat_bp, seen.get(one.vat_bp, 0)) for one in part]
        vat = -dict(postings.charged(sales)).get(postings.VAT, 0)
        assert vat >= 0
        entered += vat
        for one in part:
            seen[one.vat_bp] = seen.get(one.vat_bp, 0) + one.cents
    assert entered == sum(tax.vat for tax in taxes(lines))


@given(st.dates(date(2020, 1, 1), date(2099, 1, 1)), st.integers(2, 12))
def test_each_part_is_due_in_a_month_of_its_own(first, count):
    days = splitting.monthly(first, count)
    months = [day.year * 12 + day.month for day in days]
    assert months == list(range(months[0], months[0] + count))
    assert all(day.day == first.day or (day + timedelta(days=1)).day == 1 for day in days)


@pytest.mark.parametrize(
    ("total", "count", "rule", "code"),
    [
        (1000, 1, Rule(), None),
        (1000, 2, Rule(), "parts"),
        (1000, 3, Rule(3), None),
        (1000, 4, Rule(3), "parts"),
        (1000, 0, Rule(3), "parts"),
        (1000, 3, Rule(3, 333), None),
        (1000, 3, Rule(3, 334), "parts-small"),
        (2, 3, Rule(3), "parts-small"),
    ],
)
def test_the_rule_says_how_many_and_how_small(total, count, rule, code):
    wrong = splitting.fault(total, count, rule)
    assert (wrong and wrong.code) == code


def test_a_label_leaves_room_for_the_number_of_its_part():
    [(first,), _] = splitting.split([Charge(TILL, "x" * 200, "canteen", 500)], 2)
    assert (len(first.label), first.label[-5:]) == (200, "(1/2)")


@pytest.fixture
async def shop(database):
    shop = await a_shop()
    await splitting.keep_rule(shop.till, Rule(12, 100))
    return shop


async def in_parts(shop, cents=10_000, count=3, *, charge=None, days=10):
    charges = [charge or Charge(shop.till, "Cantine", "canteen", cents, 2000)]
    return await bills.write(charges, TO, ledger.today() + timedelta(days=days), new_id(), count)


async def pays(shop, intent):
    shop.provider.pay(ref := await shop.opened(intent.id))
    return await attempts.look(shop.provider, shop.account, ref)


async def test_each_part_is_an_amount_of_its_own_paid_in_any_order(shop):
    first, second, third = await in_parts(shop)
    assert [one.cents for one in (first, second, third)] == [3334, 3333, 3333]
    assert first.expires_at < second.expires_at < third.expires_at
    await pays(shop, third)
    await pays(shop, first)
    states = [(due.part, due.state, due.paid) for due in await dues.dues_in(first.basket)]
    assert states == [(1, "paid", 3334), (2, "created", 0), (3, "paid", 3333)]
    assert await proofs.unbalanced() == []
    assert ledger.balance_of(await ledger.balances(shop.till), "receivable") == 0


async def test_only_the_part_whose_day_is_over_is_given_up(shop):
    first, second, _ = await in_parts(shop)
    put_clock(first.expires_at + timedelta(hours=1))
    await expiring.expire_due(lambda _: shop.provider)
    assert [(await intents.intent(one.id)).state for one in (first, second)] == ["expired", "created"]
    await pays(shop, second)
    assert clock.now() < second.expires_at


async def test_the_bill_is_one_invoice_with_its_days_and_each_part_is_taken_back_by_itself(shop):
    first, second, _ = await in_parts(shop)
    await pays(shop, first)
    await bills.take_back(second.id)
    given, credit = await issuing.invoices_of([first.basket])
    assert (given.cents, credit.cents, credit.corrects) == (10_000, 3333, given.id)
    said = " ".join(PdfReader(BytesIO(await invoicing.paper(given))).pages[0].extract_text().split())
    assert "À payer en 3 fois" in said
    for part in given.parts:
        assert part.last_day.strftime("%d/%m/%Y") in said
    assert [
        [paper.sort for paper in issuing.about([given, credit], due)] for due in await dues.dues_in(first.basket)
    ] == [
        ["invoice"],
        ["credit"],
        [],
    ]


async def test_the_vat_of_all_parts_is_that_of_the_invoice_whether_they_are_paid_or_taken_back(shop):
    first, second, third = await in_parts(shop, 1000)
    await pays(shop, first)
    await pays(shop, third)
    await bills.take_back(second.id)
    invoice, note = await issuing.invoices_of([first.basket])
    assert [tax.vat for tax in (*invoice.taxes, *note.taxes)] == [167, 55]
    assert ledger.balance_of(await ledger.balances(shop.till), "vat") == -(167 - 55)


async def test_a_whole_plan_is_taken_back_in_one_step_but_what_is_paid(shop):
    first, second, third = await in_parts(shop)
    await pays(shop, second)
    assert [part.id for part in await bills.take_back_plan(first.id)] == [first.id, third.id]
    states = [(await intents.intent(part.id)).state for part in (first, second, third)]
    assert states == ["cancelled", "paid", "cancelled"]
    papers = await issuing.invoices_of([first.basket])
    assert [(paper.sort, paper.intent) for paper in papers[1:]] == [("credit", first.id), ("credit", third.id)]
    with pytest.raises(Refused, match="paid or taken back"):
        await bills.take_back_plan(second.id)


async def test_a_plan_that_is_taken_back_while_it_is_paid_is_one_or_the_other(shop):
    parts = await in_parts(shop)
    refs = [await shop.opened(part.id) for part in parts]
    for ref in refs:
        shop.provider.pay(ref)
    looks = (attempts.look(shop.provider, shop.account, ref) for ref in reversed(refs))
    await asyncio.gather(*looks, bills.take_back_plan(parts[0].id), return_exceptions=True)
    noted = {paper.intent for paper in await issuing.invoices_of([parts[0].basket]) if paper.sort == "credit"}
    for part in parts:
        state = (await intents.intent(part.id)).state
        assert state == ("to_refund" if part.id in noted else "paid") or (state == "cancelled" and part.id in noted)
    assert await proofs.unbalanced() == []


async def test_a_basket_over_two_tills_is_in_parts_at_each(shop):
    other = await a_shop()
    both = [Charge(shop.till, "Cantine", "canteen", 1000), Charge(other.till, "Bassin", "pools", 500)]
    with pytest.raises(Invalid, match="at once"):
        await bills.write(both, TO, ledger.today(), new_id(), 2)
    await splitting.keep_rule(other.till, Rule(2))
    made = await bills.write(both, TO, ledger.today(), new_id(), 2)
    parts = {till: [one.cents for one in made if one.till == till] for till in (shop.till, other.till)}
    assert parts == {shop.till: [500, 500], other.till: [250, 250]}
    assert {paper.cents for paper in await issuing.invoices_of([made[0].basket])} == {1000, 500}


async def test_a_price_by_a_tariff_is_explained_whole_and_once(shop):
    emitter = (await ledger.till_by_id(shop.till)).emitter
    await catalogue.save(emitter, "swimming", [swimming()], name="Lessons")
    ask = Ask({"zone": "town", "age": 7, "quotient": 400}, rank=2)
    quote = quotes.quote(await catalogue.tariff_of(emitter, "swimming"), date(2026, 11, 10), ask)
    made = await in_parts(shop, count=2, charge=Charge.quoted(quote, shop.till, "Lessons", "swimming"))
    [explained] = await explaining.explained_in(made[0].basket)
    assert (explained.intent, explained.cents) == (made[0].id, quote.price.cents)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.asked_price") == 1


async def test_nobody_can_write_a_part_twice(shop):
    first, *_ = await in_parts(shop)
    sql = (
        "INSERT INTO parvis.intent (id, basket, till, version, part, cents, state, expires_at, created) "
        "SELECT $2, basket, till, version, part, cents, state, expires_at, created FROM parvis.intent WHERE id = $1"
    )
    async with connection() as c:
        with pytest.raises(asyncpg.UniqueViolationError):
            await c.execute(sql, first.id, new_id())


@pytest.mark.parametrize("rule", [Rule(0), Rule(13), Rule(3, 0)])
async def test_a_rule_that_is_none_is_refused(shop, rule):
    with pytest.raises(Invalid):
        await splitting.keep_rule(shop.till, rule)
    assert await splitting.rule_of(shop.till) == Rule(12, 100)
