"""What a receipt says of VAT: what the books have of it, and nothing where the money goes back."""

from datetime import timedelta

import pytest

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import new_id
from parvis.identity.contacts import Contact
from parvis.payments import attempts, intents
from parvis.payments.books import ledger, receipting, receipts
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.testing.payments import a_seller, a_shop

TO = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")


@pytest.fixture
async def shop(database):
    shop = await a_shop(kind="own")
    await a_seller(shop.till)
    return shop


@pytest.fixture
def said(monkeypatch):
    """What papers say of VAT, in cents."""
    notes = []

    def drawn(sheet):
        vat = [note for note in sheet.notes if note.startswith("Dont TVA")]
        notes.extend(int("".join(filter(str.isdigit, note.rpartition(":")[2]))) for note in vat)
        return b""

    monkeypatch.setattr(receipting, "drawn", drawn)
    return notes


async def test_receipts_of_parts_name_the_vat_that_the_books_have(shop, said):
    await splitting.keep_rule(shop.till, splitting.Rule(12, 1))
    charge = Charge(shop.till, "Entrées", "pools", 1000, 2000)
    made = await bills.write([charge], TO, ledger.today() + timedelta(days=20), new_id(), 3)
    for part in made:
        shop.provider.pay(await shop.opened(part.id))
        await attempts.look_at(part.id, shop.provider)
    for one in await receipting.given_in(made[0].basket):
        await receipting.paper(one)
    assert (len(said), sum(said)) == (3, -ledger.balance_of(await ledger.balances(shop.till), "vat"))


async def test_the_receipt_of_money_that_goes_back_names_no_vat(shop, said):
    charge = Charge(shop.till, "Entrées", "pools", 1000, 2000)
    [due] = await intents.demand([charge], clock.now() + timedelta(days=1))
    ref = await shop.opened(due.id)
    await intents.cancel(due.id)
    shop.provider.pay(ref)
    settled = await attempts.look(shop.provider, shop.account, ref)
    await receipting.paper(await receipting.given((await receipts.receipt_for(settled.capture)).id))
    assert (settled.taken_as, said) == ("vain", [])
