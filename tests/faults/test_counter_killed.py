"""The web process killed while agents take money, take it back and close: each is done whole, once, or not at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from tests.faults.persistent import PATIENCE, Sender, Taker, killing
from tests.faults.serving import WEB, Instance, instance_of
from tests.seeds import seeds

from parvis import clock, settings
from parvis.contract.values import Role
from parvis.db import connection
from parvis.payments import intents
from parvis.payments.books import ledger, proofs, receipts
from parvis.payments.counter import acts, till_sessions
from parvis.payments.counter.counting import BY_HAND, Act
from parvis.payments.intents import Charge
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter
from parvis.testing.payments import a_till
from parvis.testing.people import a_person, a_session

pytestmark = pytest.mark.fault
TAKERS, BILLS, FLOAT = 4, 6, 50_00
KILLED = (WEB,) * 3


@dataclass
class Counter:
    """A till with a counter, and its emitter."""

    till: UUID
    emitter: UUID
    slug: str

    async def taker(self, http: httpx.AsyncClient, answered: list[int]) -> Taker:
        cookies = await a_session(await a_person(Role.ACCOUNTANT, self.emitter))
        return Taker(Sender(http, cookies, answered), f"/office/{self.slug}/counter/{self.till}")

    async def bills(self, count: int) -> list[intents.Intent]:
        until = clock.now() + timedelta(days=20)
        charges = [Charge(self.till, "Ten entries", "pools", 500 + 100 * n) for n in range(count)]
        return [(await intents.demand([charge], until, purpose="bill"))[0] for charge in charges]


@pytest.fixture
async def counter(database: str) -> Counter:
    await add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    till = await a_till()
    emitter = (await ledger.till_by_id(till)).emitter
    act = Act("n° 1", frozenset(BY_HAND), frozenset({"pools"}))
    await acts.keep_act(till, act, emitter)
    return Counter(till, emitter, (await territory.emitter(emitter)).slug)


@pytest.fixture
async def running(counter: Counter) -> AsyncIterator[Instance]:
    now = replace(settings.current(), limits=False)
    settings.use(now)
    with instance_of(now) as found:
        found.start(WEB)
        yield found


@pytest.mark.parametrize("seed", seeds())
async def test_whatever_was_answered_is_whole(running: Instance, counter: Counter, seed: int) -> None:
    chance, answered = random.Random(seed), list[int]()
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
        takers = [await counter.taker(http, answered) for _ in range(TAKERS)]
        owed = [await counter.bills(BILLS) for _ in takers]
        day = asyncio.gather(
            *(
                _day(taker, bills, random.Random(f"{seed} {n}"))
                for n, (taker, bills) in enumerate(zip(takers, owed, strict=True))
            )
        )
        await killing(running, chance, KILLED, answered, day, TAKERS * BILLS // 2)
        await day
    await _each_once(owed)
    await _books_fit(counter, sum(due.cents for bills in owed for due in bills))


async def _day(taker: Taker, bills: list[intents.Intent], chance: random.Random) -> None:
    """A session from its opening to its count: each bill taken, some taken back and taken again."""
    await taker.open("50,00")
    for due in bills:
        taking = await taker.take(due.id, due.cents)
        assert taking
        if chance.random() < 0.3:
            await taker.take_back(taking)
            assert await taker.take(due.id, due.cents)
    lies = FLOAT + sum(due.cents for due in bills)
    closed = await taker.browser.ask("POST", f"{taker.base}/close", data={"act": "close", "n100": str(lies // 100)})
    assert closed.status_code == httpx.codes.SEE_OTHER, closed.text


async def _each_once(owed: list[list[intents.Intent]]) -> None:
    sql = (
        "SELECT i.state, count(c.id) FILTER (WHERE f.id IS NULL) AS kept, count(c.id) AS came, "
        "count(t.id) AS takings, count(b.taking) AS back, count(f.id) AS given, count(r.id) AS receipts "
        "FROM parvis.intent i JOIN parvis.capture c ON c.intent = i.id "
        "LEFT JOIN parvis.refund f ON f.capture = c.id AND f.method = 'counter' "
        "LEFT JOIN parvis.till_taking t ON t.capture = c.id LEFT JOIN parvis.till_taking_back b ON b.taking = t.id "
        "LEFT JOIN parvis.receipt r ON r.source = c.id WHERE i.id = ANY ($1) GROUP BY i.id"
    )
    every = [due.id for bills in owed for due in bills]
    async with connection() as c:
        rows = await c.fetch(sql, every)
    assert len(rows) == len(every)
    for row in rows:
        assert (row["state"], row["kept"]) == ("paid", 1)
        assert row["came"] == row["takings"] == row["receipts"]
        assert row["back"] == row["given"] == row["came"] - 1


async def _books_fit(counter: Counter, total: int) -> None:
    assert await proofs.unlike_sums() == []
    assert await proofs.unbalanced() == []
    assert await proofs.unnumbered() == []
    assert await receipts.gaps(counter.till) == []
    balances = {one.account: one.cents for one in await ledger.balances(counter.till) if one.cents}
    assert balances == {"cash": total, "revenue:pools": -total}
    found = await till_sessions.sessions_at(counter.till)
    assert [(one.is_open, one.difference) for one in found] == [(False, 0)] * TAKERS
    sql = "SELECT count(*) = max(number) FROM parvis.till_taking GROUP BY session"
    async with connection() as c:
        assert [row[0] for row in await c.fetch(sql)] == [True] * TAKERS
