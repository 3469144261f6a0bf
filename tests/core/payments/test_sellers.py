"""Who sells: what the law wants on invoices is asked for and checked, and what was given is not changed."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.errors import Invalid
from parvis.identity.contacts import Contact
from parvis.payments import payers
from parvis.payments.attempts import look
from parvis.payments.books import ledger, receipting
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, sellers
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.sellers import Seller
from parvis.testing.payments import a_shop

WHOLE = Seller(address="1 rue X\n68100 Mulhouse", siret="73282932000074", vat_number="FR44732829320")
EXEMPT = Seller(address="1 rue X", siret="73282932000074", vat_exempt=True)


@given(st.text("0123456789", min_size=13, max_size=13))
def test_of_ten_last_figures_one_makes_a_siret_and_no_neighbour_of_it_is_one(start):
    found = [start + last for last in "0123456789" if sellers.is_siret(start + last)]
    assert len(found) == 1
    for place in range(14):
        other = str((int(found[0][place]) + 1) % 10)
        assert not sellers.is_siret(found[0][:place] + other + found[0][place + 1 :])


@pytest.mark.parametrize(
    ("seller", "kind", "wrong"),
    [
        (WHOLE, "own", []),
        (EXEMPT, "own", []),
        (Seller(), "regie", []),
        (Seller(), "own", ["address", "siret", "vat_number"]),
        (Seller(address="x", siret="73282932000074"), "own", ["vat_number"]),
        (Seller(siret="73282932000075"), "regie", ["siret"]),
        (Seller(siret="7328293200007"), "mandate", ["siret"]),
        (Seller(siret="73282932000074", vat_number="FR45732829320"), "regie", ["vat_number"]),
        (Seller(vat_number="FR4473282932"), "regie", ["vat_number"]),
        (Seller(vat_number="DE811128135"), "regie", []),
        (Seller(vat_number="FR44732829320", vat_exempt=True), "regie", ["vat_number"]),
    ],
)
def test_what_the_law_wants_is_there_and_right(seller, kind, wrong):
    assert [one.field for one in sellers.faults(seller, kind)] == wrong


async def a_bill(shop, vat=0, **to):
    whom = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr", **to)
    [due] = await bills.write([Charge(shop.till, "Cours", "pools", 1200, vat)], whom, ledger.today(), new_id())
    return due


async def read(paper):
    return " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(await paper)).pages).split())


async def test_papers_say_who_sells_and_one_that_was_given_stays(database):
    shop = await a_shop(kind="own")
    till = await ledger.till_by_id(shop.till)
    with pytest.raises(Invalid):
        await sellers.keep_seller(till, Seller())
    await sellers.keep_seller(till, EXEMPT)
    due = await a_bill(shop)
    shop.provider.pay(ref := await shop.opened(due.id))
    await look(shop.provider, shop.account, ref)
    [receipt] = await receipting.given_in(due.basket)
    [found] = await issuing.invoices_of([due.basket])
    for said in (await read(receipting.paper(receipt)), await read(invoicing.paper(found))):
        assert "SIRET 732 829 320 00074 TVA non applicable, art. 293 B du CGI." in said
        assert "Sans TVA" not in said
    await sellers.keep_seller(till, WHOLE)
    assert "art. 293 B" in await read(invoicing.paper(found))


async def test_the_buyer_stands_on_the_invoice_is_sealed_and_forgotten_with_the_payer(database):
    due = await a_bill(await a_shop(), buyer="SARL Klein\n2 rue Y")
    [found] = await issuing.invoices_of([due.basket])
    assert "Client : SARL Klein, 2 rue Y" in await read(invoicing.paper(found))
    async with connection() as c:
        assert b"Klein" not in await c.fetchval("SELECT buyer FROM parvis.basket WHERE id = $1", due.basket)
        await bills.take_back(due.id)
        await c.execute("UPDATE parvis.basket SET created = created - interval '6 years'")
    await payers.forget_old()
    assert (await payers.payer(due.basket)).buyer == ""
    assert "Client : plus conservé" in await read(invoicing.paper(found))


async def test_no_service_writes_a_bill_of_somebody_who_has_not_said_who_sells(database):
    shop = await a_shop(kind="own")
    with pytest.raises(Invalid, match="the seller’s address and numbers"):
        await a_bill(shop)
    await sellers.keep_seller(await ledger.till_by_id(shop.till), EXEMPT)
    with pytest.raises(Invalid, match="sells without VAT"):
        await a_bill(shop, vat=2000)
    assert await a_bill(shop)
    assert await issuing.gaps(shop.till) == []
