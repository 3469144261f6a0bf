"""What is debited: a bill, a mandate, batches, and what the bank says of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
from tests.core.payments.model.known import shunned

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.errors import Conflict
from parvis.identity.contacts import Contact
from parvis.payments.books import ledger
from parvis.payments.debits import batches, creditors, failing, mandates, queries
from parvis.payments.debits.creditors import Creditor
from parvis.payments.debits.mandates import Given
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.payments.payers import payer

AGENT = new_id()
CREDITOR = Creditor(name="Régie des piscines", iban="DE89 3704 0044 0532 0130 00", identifier="DE98ZZZ09999999999")
IBAN = "FR7630006000011234567890189"
_DEBITS = (
    "SELECT d.id, d.batch, b.day, c.taken_as, (SELECT count(*) FROM parvis.refund r WHERE r.capture = c.id "
    "AND r.state = 'done') AS given_back FROM parvis.debit d JOIN parvis.debit_batch b ON b.id = d.batch "
    "LEFT JOIN parvis.capture c ON c.account = b.account AND c.provider_ref = d.reference "
    "WHERE b.till = $1 AND d.state = $2 AND b.state = $3 ORDER BY d.id"
)


class Debits:
    """What the payer's bank and the till's do with a bill."""

    async def a_bill(self) -> tuple[UUID, UUID]:
        """A bill of a month, at a till that debits; its basket and intent."""
        await creditors.keep(self.shop.till, CREDITOR)
        to = BillTo(contact=Contact(Channel.MAIL, f"{self.shop.till.hex[-12:]}@example.org"), language="fr")
        [due] = await bills.write(self.charges(1000), to, ledger.today() + timedelta(days=30), AGENT)
        return due.basket, due.id

    async def give_mandate(self, n: int) -> None:
        given = Given(name="Léa Keller", iban=IBAN, signed_on=ledger.today())
        await mandates.give(self.shop.till, await payer(self.basket), given)

    async def revoke_mandate(self, n: int) -> None:
        found = await mandates.of_payer(self.shop.till, await payer(self.basket))
        if found and not (shunned("A3") and await self.debits("listed", "made")):
            await mandates.revoke(found.id)

    async def make_batch(self, n: int) -> None:
        await batches.make(self.shop.till, queries.soonest(CREDITOR), AGENT)

    async def send_batch(self, n: int) -> None:
        await batches.send((await self.debit(n, "listed", "made"))["batch"])

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
        found = await self.debit(n, "collected", "collected")
        if (shunned("A5") and found["given_back"]) or (shunned("A14") and found["taken_as"] != "paid"):
            return
        await failing.fail(found["id"], "MD06")

    async def debits(self, state: str, batch: str) -> list[asyncpg.Record]:
        """The debits in a state, of batches in one."""
        async with connection() as c:
            return await c.fetch(_DEBITS, self.shop.till, state, batch)

    async def debit(self, n: int, state: str, batch: str) -> asyncpg.Record:
        if not (found := await self.debits(state, batch)):
            raise Conflict
        return found[n % len(found)]
