"""Web process and worker killed while residents pay at the simulated PayFiP, and an agent takes the same bills by hand.

Everybody ends with their bill paid; nothing is collected twice: what PayFiP has, the till has, once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.faults.persistent import PATIENCE, Sender, Taker, killing
from tests.faults.serving import WEB, WORKER, Instance, instance_of
from tests.paying import payment_services
from tests.seeds import seeds

from parvis import clock, settings
from parvis.contract.values import Channel, Role
from parvis.db import connection, new_id
from parvis.identity.contacts import Contact
from parvis.payments import intents, payers
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.books import ledger, proofs, receipts
from parvis.payments.counter import acts
from parvis.payments.counter.counting import BY_HAND, Act
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter, enable_plugin
from parvis.testing.payments import a_till
from parvis.testing.people import a_person, a_session

pytestmark = pytest.mark.fault
payfip = pytest.importorskip("parvis_payments.payfip.provider")
bank = pytest.importorskip("parvis_payments.simulator.bank")
PAYERS, CENTS = 8, 3150
KILLED = (WEB, WEB, WORKER)
# A payment whose opener died is given up after two minutes.
GIVEN_UP = timedelta(minutes=2, seconds=5)


@dataclass
class Payer:
    """A resident who goes on until the page says that it is paid; refused or broken off sometimes."""

    browser: Sender
    bill: str
    chance: random.Random

    async def pay(self, intent: object) -> None:
        # Some think it over, so that the agent may be first.
        for _ in range(self.chance.choice((0, 1, 8))):
            await self._page()
        while "Merci" not in (await self._page()).text:
            begun = await self.browser.ask("POST", self._at("/pay"), data={"intent": str(intent)})
            if begun.status_code == httpx.codes.SEE_OTHER and "/tpa/" in begun.headers["location"]:
                await self._at_payfip(begun.headers["location"])

    async def _page(self) -> httpx.Response:
        shown = await self.browser.ask("GET", self._at() + "&back=yes")
        assert shown.status_code == httpx.codes.OK, shown.text
        return shown

    async def _at_payfip(self, address: str) -> None:
        act = self.chance.choice(("P", "P2", "P0", "V", "R", "A"))
        page = await self.browser.ask("GET", address)
        if page.status_code == httpx.codes.OK:
            await self.browser.ask("POST", address, data={"resultrans": act})

    def _at(self, part: str = "") -> str:
        base, _, key = self.bill.partition("?")
        return f"{base}{part}?{key}"


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[str]:
    """Where the simulated PayFiP answers."""
    async with payment_services(tmp_path / "payfip") as address:
        yield f"{address}/tpa"


@pytest.fixture
async def running(database: str, simulated: str) -> AsyncIterator[Instance]:
    now = replace(settings.current(), limits=False)
    with instance_of(now, PARVIS_PAYMENTS_PAYFIP=simulated) as found:
        found.environ = {**found.environ, "PARVIS_PUBLIC_URL": found.url}
        settings.use(replace(now, public_url=found.url))
        found.start(WEB, WORKER)
        yield found


@pytest.mark.parametrize("seed", seeds())
async def test_everybody_has_paid_and_nothing_is_collected_twice(running: Instance, tmp_path: Path, seed: int) -> None:
    till, slug = await _a_till()
    owed = [await _billed(till, n) for n in range(PAYERS)]
    answered, chance = list[int](), random.Random(seed)
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
        taker = await _a_taker(http, answered, till, slug)
        work = asyncio.gather(
            _takes_some(taker, owed, random.Random(f"{seed} taker")),
            *(
                Payer(Sender(http, {}, answered), bill, random.Random(f"{seed} {n}")).pay(due.id)
                for n, (due, bill) in enumerate(owed)
            ),
        )
        await killing(running, chance, KILLED, answered, work, 2 * PAYERS, lambda: clock.move(GIVEN_UP))
        async with asyncio.timeout(PATIENCE):
            await work
    await _collected_once(till, [due for due, _ in owed], tmp_path)


async def _collected_once(till: object, owed: list[intents.Intent], folder: Path) -> None:
    sql = (
        "SELECT i.state, count(c.id) AS came, bool_or(a.provider = 'offline') AS by_hand FROM parvis.intent i "
        "JOIN parvis.capture c ON c.intent = i.id JOIN parvis.provider_account a ON a.key = c.account "
        "WHERE i.id = ANY ($1) GROUP BY i.id"
    )
    async with connection() as c:
        rows = await c.fetch(sql, [due.id for due in owed])
    assert [(row["state"], row["came"]) for row in rows] == [("paid", 1)] * PAYERS
    by_hand = sum(row["by_hand"] for row in rows)
    there = bank.Bank(folder / "payfip" / "payfip.json").payments.values()
    paid = [kept for kept in there if kept.result in bank.PAID]
    assert len(paid) == PAYERS - by_hand, "PayFiP has money that the till has not, or the other way round"
    balances = {one.account: one.cents for one in await ledger.balances(till) if one.cents}
    expected = {"clearing:payfip-1": CENTS * len(paid), "cash": CENTS * by_hand, "revenue:pools": -CENTS * PAYERS}
    assert balances == {account: cents for account, cents in expected.items() if cents}
    assert [*await proofs.unlike_sums(), *await proofs.unbalanced(), *await proofs.unnumbered()] == []
    assert await receipts.gaps(till) == []
    print(f"{len(paid)} of {PAYERS} paid at PayFiP, {by_hand} by hand, {len(there)} payments opened")


async def _a_till() -> tuple[object, str]:
    """A till at PayFiP with a counter."""
    await add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    till = await a_till()
    emitter = (await ledger.till_by_id(till)).emitter
    await enable_plugin(emitter, "payments")
    await add_account("payfip-1", till, "payments.payfip", "mandate")
    await keep_details("payfip-1", payfip.PayfipAccount(number="007700"))
    await acts.keep_act(till, Act("n° 1", frozenset(BY_HAND), frozenset({"pools"})), emitter)
    return till, (await territory.emitter(emitter)).slug


async def _billed(till: object, number: int) -> tuple[intents.Intent, str]:
    to = BillTo(contact=Contact(Channel.MAIL, f"reader{number}@example.org"), language="fr")
    charge = Charge(till, "Carte de dix entrées", "pools", CENTS)
    [due] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(due.basket, clock.now() + timedelta(days=1))
    return due, f"/my/payments/{due.basket}?key={key}"


async def _a_taker(http: httpx.AsyncClient, answered: list[int], till: object, slug: str) -> Taker:
    person = await a_person(Role.ACCOUNTANT, (await ledger.till_by_id(till)).emitter)
    taker = Taker(Sender(http, await a_session(person), answered), f"/office/{slug}/counter/{till}")
    await taker.open("50,00")
    return taker


async def _takes_some(taker: Taker, owed: list[tuple[intents.Intent, str]], chance: random.Random) -> None:
    """Try each bill by hand once, whoever is paying it."""
    for due, _ in chance.sample(owed, len(owed)):
        await taker.take(due.id, due.cents)
