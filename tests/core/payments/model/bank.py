"""What is debited: bills, a mandate, batches, and what the bank says of them."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
from tests.core.payments.model.providers import provider_of

from parvis import clock
from parvis.db import connection, new_id
from parvis.errors import Conflict
from parvis.payments import intents
from parvis.payments.books import ledger
from parvis.payments.debits import (
    batches,
    failing,
    inquiring,
    mandates,
    openings,
    orders,
    rules,
    withdrawing,
)
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.mandates import Given
from parvis.payments.invoices import unpaid
from parvis.payments.payers import payer

AGENT = new_id()
CREDITOR = Creditor(name="Régie des piscines", iban="DE89 3704 0044 0532 0130 00", identifier="DE98ZZZ09999999999")
IBAN = "FR7630006000011234567890189"
_DEBITS = (
    "SELECT d.id, d.intent, d.batch, b.day FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch "
    "WHERE b.till = $1 AND d.state = $2 AND b.state = $3 ORDER BY d.id"
)


class Debits:
    """What the payer's bank and the till's do with bills."""

    async def give_mandate(self, n: int) -> None:
        given = Given(name="Léa Keller", iban=IBAN, signed_on=ledger.today())
        await mandates.give(self.shop.till, await payer(self.basket), given)

    async def revoke_mandate(self, n: int) -> None:
        found = await mandates.of_payer(self.shop.till, await payer(self.basket))
        if found is None:
            raise Conflict
        await withdrawing.revoke(found.id)

    async def make_batch(self, n: int) -> None:
        """For the first day on which the bank collects and the bill is due."""
        due = (await intents.intent(self.intent)).expires_at.date()
        day = rules.collection_day(max(due, ledger.today()), CREDITOR.lead, openings.is_open)
        asked = await inquiring.ask(self.shop.till, day, provider_of)
        await batches.make(self.shop.till, day, AGENT, asked)

    async def take_file(self, n: int) -> None:
        await orders.take((await self.debit(n, "listed", "made"))["batch"])

    async def send_batch(self, n: int) -> None:
        """The bank has the file; of every other time the former one, if something was taken back since."""
        await batches.send((await self.debit(n, "listed", "made"))["batch"], former=bool(n % 2))

    async def drop_batch(self, n: int) -> None:
        await batches.drop((await self.debit(n, "listed", "made"))["batch"])

    async def collect(self, n: int) -> None:
        """The day has come."""
        found = await self.debit(n, "listed", "sent")
        clock.move(max(timedelta(days=(found["day"] - ledger.today()).days), timedelta()))
        await batches.collect(found["batch"])

    async def reject_debit(self, n: int) -> None:
        await failing.fail((await self.debit(n, "listed", "sent"))["id"], "AM04")

    async def return_debit(self, n: int) -> None:
        await failing.fail((await self.debit(n, "collected", "collected"))["id"], "MD06")

    async def pass_on(self, n: int) -> None:
        """The public accountant collects the bill from now on."""
        given, _ = await unpaid.pass_on(self.shop.till, [self.intent], "B 12", AGENT)
        if not given.bills:
            raise Conflict

    async def recall(self, n: int) -> None:
        await unpaid.recall(self.shop.till, self.intent, AGENT)

    async def debits(self, state: str, batch: str) -> list[asyncpg.Record]:
        """The debits in a state, of batches in one."""
        async with connection() as c:
            return await c.fetch(_DEBITS, self.shop.till, state, batch)

    async def debit(self, n: int, state: str, batch: str) -> asyncpg.Record:
        if not (found := await self.debits(state, batch)):
            raise Conflict
        return found[n % len(found)]
