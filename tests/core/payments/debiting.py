"""A till that debits, its payers, its batches, and what its bank says."""

from datetime import timedelta

from parvis import settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.identity.contacts import Contact
from parvis.payments import intents, providers
from parvis.payments.books import ledger
from parvis.payments.debits import batches, creditors, mandates, orders, queries
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.mandates import Given
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.payers import payer
from parvis.payments.wallclock import bounds
from parvis.testing.payments import a_shop
from parvis.testing.visits import put_clock

IBAN = "FR7630006000011234567890189"
CREDITOR = Creditor(name="Régie de la cantine", iban="DE89 3704 0044 0532 0130 00", identifier="DE98ZZZ09999999999")


class Till:
    """A till that debits, and its payers."""

    def __init__(self, shop):
        self.shop, self.till, self.by = shop, shop.till, new_id()

    async def bills(self, cents=1000, mail="lea@example.org", days=5, parts=1, label="Cantine, novembre"):
        to = BillTo(contact=Contact(Channel.MAIL, mail), language="fr")
        charge = Charge(self.till, label, "canteen", cents)
        await splitting.keep_rule(self.till, splitting.Rule(12, 1))
        return await bills.write([charge], to, ledger.today() + timedelta(days=days), self.by, parts)

    async def bill(self, cents=1000, mail="lea@example.org", days=5, **rest):
        [intent] = await self.bills(cents, mail, days, **rest)
        return intent

    async def mandate(self, intent, iban=IBAN, by=None):
        given = Given(name="Léa Keller", iban=iban, signed_on=ledger.today())
        return await mandates.give(self.till, await payer(intent.basket), given, by)

    async def due(self, cents=1000, mail="lea@example.org"):
        intent = await self.bill(cents, mail)
        await self.mandate(intent)
        return intent

    async def ready(self):
        return await queries.ready(self.till, queries.soonest(CREDITOR))

    async def batch(self, asked=frozenset()):
        return await batches.make(self.till, queries.soonest(CREDITOR), self.by, asked)

    async def sent(self):
        made = await self.batch()
        await orders.take(made.id)
        await batches.send(made.id)
        return made

    async def collected(self):
        made = await self.sent()
        on(made.day)
        await batches.collect(made.id)
        return made

    def provider_of(self, account):
        return providers.Bank() if account == creditors.key(self.till) else self.shop.provider

    async def books(self):
        return {one.account: one.cents for one in await ledger.balances(self.till) if one.cents}

    async def line(self, batch):
        [line] = await queries.lines_of(batch.id)
        return line


async def a_debiting_till():
    found = Till(await a_shop())
    await creditors.keep(found.till, CREDITOR)
    return found


def on(day, hour=12):
    """Go to an hour of a day of the territory."""
    put_clock(bounds(day, settings.current().zone)[0] + timedelta(hours=hour))


async def state(intent):
    return (await intents.intent(intent.id)).state


async def one(sql, *values):
    async with connection() as c:
        return await c.fetchval(sql, *values)
