"""Bills of several amounts are taken back, and baskets changed, while one of them is paid: neither stops the other.

With its control: without all amounts locked first, the database stops one of the two.
"""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from tests.core.payments.debiting import one

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.db import close_pool, new_id, open_pool, transaction
from parvis.errors import Conflict
from parvis.identity.contacts import Contact
from parvis.payments import attempts, intents, returning
from parvis.payments.books import ledger, proofs
from parvis.payments.intents import Charge, Part
from parvis.payments.invoices import bills, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.testing.payments import a_shop

TO = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
STUCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
STOPPED = (Conflict, asyncpg.DeadlockDetectedError)
AMOUNT = "SELECT FROM parvis.intent WHERE id = $1 FOR NO KEY UPDATE"
BOOKS = "SELECT FROM parvis.ledger_head WHERE till = $1 FOR NO KEY UPDATE"
NOTES = "SELECT FROM parvis.invoice_counter WHERE till = $1 FOR NO KEY UPDATE"


@pytest.fixture
async def shop(database: str):
    await close_pool()
    await open_pool(database, size=8)
    found = await a_shop()
    await splitting.keep_rule(found.till, Rule(12))
    return found


async def plan(shop):
    """A bill in two parts."""
    charge = Charge(shop.till, "Cantine", "canteen", 10_000)
    return await bills.write([charge], TO, ledger.today() + timedelta(days=20), new_id(), 2)


async def basket(shop):
    """What a service sells, asked for in two parts."""
    until = clock.now() + timedelta(days=20)
    return await intents.demand_parts([Part([Charge(shop.till, "Bassin", "pools", 5000)], until) for _ in range(2)])


async def paid_and_taken_back(shop, part):
    """Its sale stays in the books, which have to be written when it is no longer asked for."""
    shop.provider.pay(ref := await shop.opened(part.id))
    await attempts.look(shop.provider, shop.account, ref)
    await returning.take_back(shop.account, ref, clock.now() + timedelta(days=15))


async def meanwhile(act, first, then):
    """What becomes of an act while somebody who has taken one row wants another: of both, in this order."""
    other = await asyncpg.connect(settings.current().database_owner_url)
    await other.execute("BEGIN")
    await other.execute(*first)
    acting = asyncio.create_task(act)
    while not acting.done() and not await one(STUCK):
        await asyncio.sleep(0.01)

    async def goes_on() -> None:
        try:
            await other.execute(*then)
        finally:
            await other.execute("ROLLBACK")

    answers = await asyncio.gather(acting, goes_on(), return_exceptions=True)
    await other.close()
    return answers


async def plan_taken_back(shop):
    first, second = await plan(shop)
    await paid_and_taken_back(shop, first)
    return await meanwhile(bills.take_back_plan(first.id), (AMOUNT, second.id), (BOOKS, shop.till))


async def basket_changed(shop):
    first, second = await basket(shop)
    await paid_and_taken_back(shop, first)
    again = intents.demand(
        [Charge(shop.till, "Bassin", "pools", 700)], clock.now() + timedelta(days=20), basket=first.basket
    )
    return await meanwhile(again, (AMOUNT, second.id), (BOOKS, shop.till))


RUSHES = pytest.mark.parametrize("rush", [plan_taken_back, basket_changed])


@RUSHES
async def test_who_takes_back_or_changes_and_who_pays_a_part_stop_neither(shop, rush):
    answers = await rush(shop)
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert await proofs.unbalanced() == await proofs.unlike_sums() == []


@RUSHES
async def test_control_without_all_amounts_locked_first_the_database_stops_one_of_them(shop, rush, monkeypatch):
    monkeypatch.setattr(intents, "_LOCK", "SELECT $1::uuid[]")
    assert any(isinstance(answer, STOPPED) for answer in await rush(shop))


async def test_a_plans_credit_notes_are_numbered_once_its_books_are_written(shop):
    first, second = await plan(shop)
    third, _ = await plan(shop)
    await bills.take_back(third.id)
    await paid_and_taken_back(shop, second)
    answers = await meanwhile(bills.take_back_plan(first.id), (BOOKS, shop.till), (NOTES, shop.till))
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    noted = {paper.intent for paper in await issuing.invoices_of([first.basket]) if paper.sort == "credit"}
    assert noted == {first.id, second.id}


async def test_amounts_are_locked_in_the_order_of_their_ids_whoever_asks(shop):
    first, second = await plan(shop)

    async def backwards():
        async with transaction() as c:
            await intents.lock(c, [second.id, first.id])

    # Who waits for the lower one does not have the higher one yet.
    answers = await meanwhile(backwards(), (AMOUNT, first.id), (AMOUNT, second.id))
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
