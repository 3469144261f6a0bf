"""A process killed after PayFiP opened a payment and before its address was kept: nobody has it, nothing is lost."""

import asyncio
import signal
import sys
from datetime import timedelta

import httpx
import pytest
from tests.paying import payment_services
from tests.plugins.payments.conftest import NUMBER, Till

from parvis import clock, settings
from parvis.db import connection
from parvis.errors import Refused
from parvis.payments import attempts, intents, polling
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.books import ledger, proofs
from parvis.testing.payments import a_till
from parvis.testing.visits import put_clock
from parvis_payments.environment import Environment
from parvis_payments.keys import PAYFIP
from parvis_payments.payfip.provider import Payfip, PayfipAccount
from parvis_payments.simulator.bank import Bank

# Opens a payment as a web process does, and is killed the moment PayFiP has answered.
OPENER = """
import asyncio, os, signal, sys
from pathlib import Path
from uuid import UUID
from parvis import clock, crypto, settings
from parvis.db import open_pool
from parvis.payments import attempts
from parvis.settings import Settings
from parvis_payments.environment import Environment
from parvis_payments.payfip.provider import Payfip

data, database, address, intent, account = sys.argv[1:]

class Killed(Payfip):
    async def start(self, account, order):
        await Payfip.start(self, account, order)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    settings.use(Settings(env="test", data=Path(data)))
    settings.provide(Environment(payfip=address))
    crypto.use(crypto.load_keys(settings.current()))
    clock.follow(Path(data) / "clock")
    await open_pool(database)
    await attempts.begin(UUID(intent), lambda _: Killed(), account, label="x", mail="a@b.fr", back="https://x.invalid")

asyncio.run(main())
"""


@pytest.fixture
async def till(database, tmp_path):
    """A till at the simulated PayFiP, which is a process of its own and outlives ours."""
    async with payment_services(tmp_path / "payfip") as address:
        settings.provide(Environment(payfip=f"{address}/tpa"))
        found = await a_till()
        await add_account("payfip-1", found, PAYFIP, "mandate")
        await keep_details("payfip-1", PayfipAccount(number=NUMBER))
        yield Till(found, "payfip-1", Payfip())
    settings.provide(Environment())


async def open_and_be_killed(intent, database):
    own = settings.current()
    words = (str(own.data), database, settings.provided(Environment).payfip, str(intent), "payfip-1")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", OPENER, *words)
    assert await process.wait() == -signal.SIGKILL


async def states():
    async with connection() as c:
        return [row["state"] for row in await c.fetch("SELECT state FROM parvis.payment_attempt ORDER BY id")]


def opened(tmp_path):
    return Bank(tmp_path / "payfip" / "payfip.json").payments


async def begin(till, intent):
    order = {"label": "x", "mail": "a@b.fr", "back": "https://x.invalid"}
    page = await attempts.begin(intent.id, lambda _: till.provider, till.account, **order)
    return page.url.rpartition("=")[2]


async def pay(idop):
    address = settings.provided(Environment).payfip
    async with httpx.AsyncClient(timeout=20) as http:
        answer = await http.post(f"{address}/paiementws.web", params={"idop": idop}, data={"resultrans": "P0"})
    assert answer.status_code == 303


async def test_nobody_has_the_lost_page_and_the_next_one_is_paid_once(till, database, tmp_path):
    intent = await till.due(minutes=90)
    await open_and_be_killed(intent.id, database)
    now = clock.now()
    [lost] = opened(tmp_path)
    assert await states() == ["creating"]
    with pytest.raises(Refused, match="is being opened"):
        await begin(till, intent)
    put_clock(now + timedelta(minutes=2, seconds=1))
    idop = await begin(till, intent)
    assert (idop != lost, await states()) == (True, ["lost", "live"])
    await pay(idop)
    put_clock(now + timedelta(minutes=4))
    assert await polling.look_due(lambda _: till.provider) == 1
    assert (await intents.intent(intent.id)).state == "paid"
    # Nobody could pay the other one; if somebody did all the same, its own reference says for what: it goes back.
    await pay(lost)
    settled = await attempts.look(till.provider, till.account, lost)
    assert (settled.taken_as, await states()) == ("extra", ["paid", "paid"])
    balances = {one.account: one.cents for one in await ledger.balances(till.till) if one.cents}
    assert balances == {"clearing:payfip-1": 2000, "revenue:pools": -1000, "refund_due": -1000}
    assert await proofs.unbalanced() == []


async def test_the_worker_frees_the_way_for_what_is_not_begun_by_a_click(till, database):
    intent = await till.due(minutes=90)
    await open_and_be_killed(intent.id, database)
    now = clock.now()
    put_clock(now + timedelta(minutes=2, seconds=1))
    assert await attempts.lose_unanswered() == 1
    assert await states() == ["lost"]
