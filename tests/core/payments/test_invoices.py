"""Invoices: numbered without a gap, once for each bill, as they were given; what is taken back has its credit note."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.seeds import seeds

from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, Refused
from parvis.identity import actions as identity
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.payments import dues, intents, payers, refund_sending, refunds
from parvis.payments.attempts import look
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import Sale
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.money import taxes, unit_without_tax
from parvis.testing.payments import a_seller, a_shop
from parvis.testing.people import ISSUER

MAIL = Contact(Channel.MAIL, "lea@example.org")
sold = st.lists(st.tuples(st.integers(1, 10**7), st.sampled_from((0, 550, 1000, 2000))), min_size=1, max_size=12)


async def a_bill(*charges, days=30, person=None):
    to = BillTo(contact=MAIL, language="fr", person=person)
    return await bills.write(charges, to, ledger.today() + timedelta(days=days), new_id())


async def paper_of(found):
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(await invoicing.paper(found))).pages)
    return " ".join(text.split())


@given(sold)
def test_the_paper_has_the_vat_of_the_books_and_each_base_with_its_vat_is_the_price(lines):
    found = taxes(lines)
    assert sum(tax.base + tax.vat for tax in found) == sum(cents for cents, _ in lines)
    assert [tax.bp for tax in found] == sorted({bp for _, bp in lines})
    entered = dict(postings.charged([Sale("pools", cents, bp) for cents, bp in lines]))
    assert sum(tax.vat for tax in found) == -entered.get(postings.VAT, 0)


async def test_each_bill_has_the_next_number_of_its_till(database):
    one, other = await a_shop(), await a_shop()
    for _ in range(2):
        await a_bill(Charge(one.till, "Cantine", "canteen", 1500))
    both = await a_bill(Charge(one.till, "Cantine", "canteen", 100), Charge(other.till, "Bassin", "pools", 200))
    year = ledger.today().year
    papers = {paper.till: paper for paper in await issuing.invoices_of([both[0].basket])}
    assert papers[one.till].name == f"F{year}-000003"
    assert (papers[other.till].name, papers[other.till].cents) == (f"F{year}-000001", 200)


async def test_numbers_have_no_gap_whatever_is_tried_at_once_and_rolled_back(database):
    shop = await a_shop()

    async def attempt(n):
        try:
            async with transaction():
                await a_bill(Charge(shop.till, "Cantine", "canteen", 1500))
                if n % 3 == 0:
                    raise NotFound
        except NotFound:
            return

    await asyncio.gather(*(attempt(n) for n in range(12)))
    async with connection() as c:
        numbers = await c.fetch("SELECT number FROM parvis.invoice WHERE till = $1 ORDER BY number", shop.till)
    assert [row["number"] for row in numbers] == list(range(1, 9))
    assert await issuing.gaps(shop.till) == []


async def test_the_paper_says_who_asks_whom_for_what_with_which_vat(database):
    shop = await a_shop(kind="own")
    await a_seller(shop.till)
    async with transaction():
        person = await identity.ensure_person(ISSUER, "lea", name="Léa Martin", email="lea@example.org")
    lines = (Charge(shop.till, "Cours", "pools", 1200, 2000), Charge(shop.till, "Livre", "shop", 1055, 550))
    [bill] = await a_bill(*lines, person=person)
    [found] = await issuing.invoices_of([bill.basket])
    said = await paper_of(found)
    for part in ("Facture", found.name, "Léa Martin, lea@example.org", "Cours 1 10,00 € 20,00 % 12,00 €"):
        assert part in said
    for part in ("Total HT 20,00 €", "TVA sur 10,00 € HT 20,00 % 2,00 €", "TVA sur 10,00 € HT 5,50 % 0,55 €"):
        assert part in said
    assert "Total TTC à payer 22,55 €" in said
    assert found.last_day.strftime("%d/%m/%Y") in said


async def test_what_is_counted_has_its_number_and_the_price_of_one_without_vat(database):
    shop = await a_shop(kind="own")
    await a_seller(shop.till)
    meals = Charge(shop.till, "Repas", "canteen", 14 * 320, 550, quantity=14)
    [bill] = await a_bill(meals, Charge(shop.till, "Livre", "shop", 1055))
    [found] = await issuing.invoices_of([bill.basket])
    assert [(line.quantity, line.cents) for line in found.lines] == [(14, 4480), (1, 1055)]
    said = await paper_of(found)
    for part in ("Repas 14 3,0332 € 5,50 % 44,80 €", "Livre 1 10,55 € – 10,55 €", "Total HT 53,01 €"):
        assert part in said
    [due] = await dues.dues_at(shop.till, bills.PURPOSE)
    assert due.labels == ("Repas × 14", "Livre")
    await bills.take_back(bill.id)
    *_, credit = await issuing.invoices_of([bill.basket])
    assert "Repas 14 3,0332 € 5,50 % -44,80 €" in await paper_of(credit)


async def test_who_charges_no_vat_has_neither_its_columns_nor_its_words(database):
    shop = await a_shop()
    [bill] = await a_bill(Charge(shop.till, "Repas", "canteen", 1234 * 320, quantity=1234))
    [found] = await issuing.invoices_of([bill.basket])
    said = await paper_of(found)
    for part in ("Objet Quantité Prix unitaire Montant Repas 1 234 3,20 € 3 948,80 €", "Total à payer 3 948,80 €"):
        assert part in said
    assert not {"HT", "TTC", "–"} & set(said.partition("Objet")[2].split())
    await bills.take_back(bill.id)
    *_, credit = await issuing.invoices_of([bill.basket])
    assert "Total à déduire -3 948,80 €" in await paper_of(credit)


async def test_what_is_refunded_of_what_is_counted_is_an_amount_and_so_is_a_part_of_it(database):
    shop = await a_shop(alone_up_to=10_000)
    [bill] = await a_bill(Charge(shop.till, "Repas", "canteen", 14 * 320, quantity=14))
    await refunded(shop, await pays(shop, bill), 1000)
    *_, note = await issuing.invoices_of([bill.basket])
    assert [(line.quantity, line.cents) for line in note.lines] == [(1, 1000)]
    first, _ = splitting.split([Charge(shop.till, "Repas", "canteen", 14 * 320, quantity=14)], 2)
    assert [(one.quantity, one.cents) for one in first] == [(1, 2240)]


@pytest.mark.parametrize(("quantity", "cents"), [(0, 0), (-1, 100), (3, 100)])
def test_a_price_is_that_of_so_many(quantity, cents):
    with pytest.raises(ValueError, match="cannot cost"):
        Charge(new_id(), "Repas", "canteen", cents, quantity=quantity)


@given(st.integers(1, 10**5), st.integers(1, 9_999), st.sampled_from((210, 550, 1000, 2000)))
def test_the_price_of_one_as_shown_comes_to_the_price_of_all(cents, quantity, bp):
    shown = Decimal(unit_without_tax(cents, bp).replace(",", "."))
    [tax] = taxes([(cents * quantity, bp)])
    # Half of the last figure that is shown for each, and half a cent.
    assert abs(shown * quantity * 100 - tax.base) <= Decimal("0.005") * quantity + Decimal("0.5")


async def test_what_the_till_says_later_does_not_change_what_was_given(database):
    shop = await a_shop()
    till = await ledger.till_by_id(shop.till)
    await ledger.open_till(till.emitter, till.slug, till.name, mentions="SIRET 1")
    [bill] = await a_bill(Charge(shop.till, "Cantine", "canteen", 1500))
    await ledger.open_till(till.emitter, till.slug, till.name, mentions="SIRET 2")
    [found] = await issuing.invoices_of([bill.basket])
    said = await paper_of(found)
    assert "SIRET 1" in said
    assert "article 256 B" in said
    async with connection() as c:
        with pytest.raises(asyncpg.PostgresError):
            await c.execute("UPDATE parvis.invoice SET cents = 1")


async def test_a_bill_that_is_taken_back_has_one_credit_note_that_names_its_invoice(database):
    shop = await a_shop()
    [bill] = await a_bill(Charge(shop.till, "Cantine", "canteen", 1500))
    await bills.take_back(bill.id)
    with pytest.raises(Refused):
        await bills.take_back(bill.id)
    given, credit = await issuing.invoices_of([bill.basket])
    assert (credit.sort, credit.corrects, credit.cents) == ("credit", given.id, 1500)
    assert credit.name == f"A{ledger.today().year}-000001"
    said = await paper_of(credit)
    assert f"la facture {given.name}" in said
    assert "Total à déduire -15,00 €" in said


async def test_what_is_paid_is_not_taken_back_and_has_no_credit_note(database):
    shop = await a_shop()
    [bill] = await a_bill(Charge(shop.till, "Cantine", "canteen", 1500))
    shop.provider.pay(ref := await shop.opened(bill.id))
    await look(shop.provider, shop.account, ref)
    with pytest.raises(Refused):
        await bills.take_back(bill.id)
    assert [one.sort for one in await issuing.invoices_of([bill.basket])] == ["invoice"]


async def refunded(shop, settled, cents, method="mandate"):
    refund = await refunds.request(settled.capture, cents, "Closed", new_id(), method)
    await refund_sending.pay_by_hand(refund.id)
    return refund


async def pays(shop, bill):
    shop.provider.pay(ref := await shop.opened(bill.id))
    return await look(shop.provider, shop.account, ref)


async def test_what_is_refunded_of_a_bill_has_a_credit_note_once_it_has_left(database):
    shop = await a_shop(alone_up_to=10_000)
    [bill] = await a_bill(Charge(shop.till, "Cours", "pools", 1200, 2000), Charge(shop.till, "Livre", "shop", 800))
    settled = await pays(shop, bill)
    refund = await refunds.request(settled.capture, 1000, "Closed", new_id(), "mandate")
    await refunds.withdraw(refund.id)
    refund = await refunds.request(settled.capture, 1000, "Closed", new_id(), "mandate")
    assert [one.sort for one in await issuing.invoices_of([bill.basket])] == ["invoice"]
    await refund_sending.pay_by_hand(refund.id)
    given, note = await issuing.invoices_of([bill.basket])
    assert (note.corrects, note.refund, note.cents, note.name[0]) == (given.id, refund.id, 1000, "A")
    assert [(line.label, line.cents) for line in note.lines] == [("Cours", 600), ("Livre", 400)]
    said = await paper_of(note)
    for part in (f"la facture {given.name}", "remboursé", "TVA sur -5,00 € HT 20,00 % -1,00 €"):
        assert part in said
    assert "Total TTC à déduire -10,00 €" in said
    async with transaction() as c:
        assert await issuing.give_back(c, bill, refund.id, 1000) is None


@pytest.mark.parametrize("seed", seeds(20))
async def test_all_credit_notes_of_a_bill_have_its_vat_and_the_books_none_left(database, seed):
    chance = random.Random(seed)
    shop = await a_shop(alone_up_to=10**9)
    charges = [
        Charge(shop.till, f"Line {n}", "pools", chance.randint(100, 3000), chance.choice([0, 210, 550, 1000, 2000]))
        for n in range(chance.randint(1, 4))
    ]
    [bill] = await a_bill(*charges)
    settled, rest = await pays(shop, bill), bill.cents
    while rest:
        cents = min(rest, chance.randint(1, 1500))
        await refunded(shop, settled, cents)
        rest -= cents
    given, *notes = await issuing.invoices_of([bill.basket])
    assert sum(note.cents for note in notes) == given.cents
    for tax in given.taxes:
        of_rate = [one for note in notes for one in note.taxes if one.bp == tax.bp]
        assert (sum(one.vat for one in of_rate), sum(one.base for one in of_rate)) == (tax.vat, tax.base)
    assert {one.account for one in await ledger.balances(shop.till) if one.cents} == {
        "paid_over",
        f"clearing:{shop.account}",
    }
    assert await issuing.gaps(shop.till) == []


async def test_what_no_sale_was_has_no_credit_note(database):
    shop = await a_shop(alone_up_to=10_000)
    [bill] = await a_bill(Charge(shop.till, "Cantine", "canteen", 1500))
    ref = await shop.opened(bill.id)
    await intents.cancel(bill.id)
    shop.provider.pay(ref)
    vain = await look(shop.provider, shop.account, ref)
    [back] = await refunds.refunds_of(vain.capture)
    await refund_sending.send(back.id, shop.provider)
    assert [one.sort for one in await issuing.invoices_of([bill.basket])] == ["invoice"]


async def test_a_bill_from_before_bills_had_numbers_is_taken_back_as_it_was(database):
    due = await (await a_shop()).due(1500, purpose=bills.PURPOSE)
    await bills.take_back(due.id)
    assert (await intents.intent(due.id)).state == "cancelled"
    assert await issuing.invoices_of([due.basket]) == []


async def test_a_payer_who_is_forgotten_is_on_no_invoice(database):
    [bill] = await a_bill(Charge((await a_shop()).till, "Cantine", "canteen", 1500))
    await bills.take_back(bill.id)
    async with connection() as c:
        await c.execute("UPDATE parvis.basket SET created = created - interval '6 years'")
    await payers.forget_old()
    for found in await issuing.invoices_of([bill.basket]):
        assert "Client : plus conservé" in await paper_of(found)
    assert await payers.dues(Actor()) == []
