"""A town hall whose till takes cards, for tests: the `shop`, the form of a bill, what was written and told."""

from datetime import timedelta
from typing import Annotated

import pytest
from msgspec import Struct

from parvis import plugins
from parvis.contract.values import Asked, Channel, PaymentProvider
from parvis.db import connection, new_id
from parvis.errors import Refusal, Text
from parvis.identity.contacts import Contact
from parvis.messages.sealing import unseal
from parvis.payments import dues
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.territory.actions import enable_plugin
from parvis.testing.payments import a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox


class Details(Struct, frozen=True):
    number: Annotated[str, Asked(label=Text("Client number"))] = ""
    key: Annotated[str, Asked(label=Text("Key"), secret=True)] = ""


async def known_there(told):
    """What the provider itself says of a number: it knows every one but 13."""
    return () if told.number != "13" else (Refusal("number", Text("Nobody's number."), "number"),)


@pytest.fixture
async def shop(office):
    before, provider = plugins.current(), Sandbox()
    brought = PaymentProvider(
        key="pay.card",
        name=Text("Card"),
        provider=provider,
        account=Details,
        fault=lambda told: () if told.number else (Refusal("number", Text("Which number?"), "number"),),
        checked=known_there,
        notified="/told",
    )
    plugins.use(a_plugin(key="pay", providers=(brought,)))
    await enable_plugin(office.calendar.emitter, "pay")
    yield await a_shop(provider, "pay.card", emitter=office.calendar.emitter)
    plugins.use(before)


BILL = {"label": "Cantine", "activity": "Cantine scolaire", "cents": "12,50", "mail": "lea@example.org"}


def bill(shop, **other):
    day = (ledger.today() + timedelta(days=10)).isoformat()
    return {"till": str(shop.till), "last_day": day, **BILL, **other}


async def written(shop):
    return await dues.dues_at(shop.till, bills.PURPOSE)


async def letters():
    async with connection() as c:
        rows = await c.fetch("SELECT template, sealed FROM parvis.message ORDER BY queued_at")
    return [(row["template"], unseal(row["sealed"])) for row in rows if row["template"].startswith("office/")]


async def in_credit(shop, cents=500):
    """Léa has paid a bill too much by so many cents."""
    to = BillTo(contact=Contact(Channel.MAIL, BILL["mail"]), language="fr")
    charge = Charge(shop.till, "Bassin", "pools", 1000)
    [due] = await bills.write([charge], to, ledger.today(), new_id())
    shop.provider.pay(ref := await shop.opened(due.id), 1000 + cents)
    await look(shop.provider, shop.account, ref)
