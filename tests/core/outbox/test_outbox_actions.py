import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from parvis import clock, outbox
from parvis.contract.values import Reaction
from parvis.db import connection, transaction
from parvis.errors import ConfigurationError
from parvis.events import DossierClosed, DossierOpened, Event
from parvis.outbox import leases, queries, subscriptions
from parvis.outbox.actions import CHANNEL, forget, replay
from parvis.outbox.rules import ATTEMPTS, LEASE
from parvis.outbox.subscriptions import Subscriptions

WORKER = uuid4()
EMITTER = uuid4()


async def _nothing(event: Event) -> None:
    return None


def reaction(key: str, kind: type[Event] = DossierOpened) -> Reaction:
    return Reaction(key=key, event=kind, handle=_nothing)


@pytest.fixture(autouse=True)
def subscribed() -> Iterator[None]:
    """Two core reactions, one plugin's; EMITTER alone enabled the plugin."""

    async def enabled(plugin: str, emitter: UUID) -> bool:
        return emitter == EMITTER

    before = subscriptions.current()
    subscriptions.use(
        Subscriptions((reaction("a.one"), reaction("b.two")), {"pool": (reaction("pool.three"),)}, enabled)
    )
    yield
    subscriptions.use(before)


def opened(emitter: UUID | None = None) -> DossierOpened:
    return DossierOpened(emitter=emitter, dossier=uuid4(), service="idcard")


async def recorded(event: Event | None = None) -> UUID:
    async with transaction():
        return await outbox.record(event or opened(uuid4()))


async def taken(limit: int = 10) -> list[leases.Leased]:
    return await leases.lease(WORKER, list(subscriptions.current().by_key), limit)


async def begun() -> leases.Begun:
    found = await leases.begin((await taken(1))[0])
    assert found
    return found


async def states() -> dict[str, str]:
    async with connection() as c:
        rows = await c.fetch("SELECT reaction, state FROM parvis.delivery")
    return {row["reaction"]: row["state"] for row in rows}


def later(by: timedelta) -> None:
    clock.move(by)


async def test_a_fact_outside_a_transaction_is_refused(database: str) -> None:
    with pytest.raises(outbox.OutsideTransaction):
        await outbox.record(opened())


async def test_a_fact_is_gone_with_its_transaction(database: str) -> None:
    async def fails() -> None:
        async with transaction():
            await outbox.record(opened())
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert await taken() == []


async def test_each_reaction_has_a_delivery_of_its_own(database: str) -> None:
    await recorded()
    assert await states() == {"a.one": "due", "b.two": "due"}


@pytest.mark.parametrize(("emitter", "reached"), [(EMITTER, True), (uuid4(), False), (None, True)])
async def test_a_plugin_reacts_only_where_it_is_enabled(database: str, emitter: UUID | None, reached: bool) -> None:
    await recorded(opened(emitter))
    assert ("pool.three" in await states()) is reached


async def test_an_event_nobody_waits_for_is_kept(database: str) -> None:
    await recorded(DossierClosed(dossier=uuid4(), service="idcard"))
    async with connection() as c:
        assert await c.fetchval("SELECT type FROM parvis.event") == "dossier.closed"
    assert await states() == {}


async def test_two_reactions_of_one_key_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"a\.one"):
        Subscriptions((reaction("a.one"),), {"pool": (reaction("a.one"),)})


async def test_the_commit_is_heard(database: str) -> None:
    heard = asyncio.Event()
    listener = await asyncpg.connect(database)
    try:
        await listener.add_listener(CHANNEL, lambda *_: heard.set())
        async with transaction():
            await outbox.record(opened())
            await listener.fetchval("SELECT 1")
            assert not heard.is_set()
        await asyncio.wait_for(heard.wait(), 5)
    finally:
        await listener.close()


async def test_the_event_comes_back_as_it_was(database: str) -> None:
    fact = opened(EMITTER)
    await recorded(fact)
    assert (await begun()).event() == fact


async def test_two_workers_never_take_the_same(database: str) -> None:
    for _ in range(20):
        await recorded()
    batches = await asyncio.gather(*(taken(7) for _ in range(8)))
    ids = [one.delivery for batch in batches for one in batch]
    assert len(ids) == len(set(ids)) == 40


async def test_a_lease_runs_out(database: str) -> None:
    await recorded()
    first = await taken()
    assert await taken() == []
    later(LEASE + timedelta(seconds=1))
    again = await taken()
    assert {one.delivery for one in again} == {one.delivery for one in first}
    assert await leases.begin(first[0]) is None


async def test_a_message_delivered_twice_begins_once(database: str) -> None:
    await recorded()
    one = (await taken())[0]
    results = await asyncio.gather(leases.begin(one), leases.begin(one))
    assert [found is not None for found in results].count(True) == 1


async def test_what_is_finished_is_not_taken_again(database: str) -> None:
    await recorded()
    for one in await taken():
        await leases.begin(one)
        await leases.finish(one)
    later(timedelta(days=1))
    assert await taken() == []


async def test_a_failure_waits_longer_each_time_then_dies(database: str) -> None:
    await recorded()
    waited = []
    for _ in range(ATTEMPTS):
        one = (await taken(1))[0]
        found = await leases.begin(one)
        assert found
        dead = await leases.fail(found, LookupError("secret"))
        async with connection() as c:
            due = await c.fetchval("SELECT due FROM parvis.delivery WHERE id = $1", one.delivery)
        waited.append(due - clock.now())
        async with transaction() as c:
            await c.execute(
                "UPDATE parvis.delivery SET due = $2 WHERE id = $1", one.delivery, clock.now() - timedelta(days=1)
            )
    assert dead
    assert waited[5] > waited[1] * 4
    shown = await queries.dead()
    assert [(info.attempts, info.error[:11], info.known) for info in shown] == [(ATTEMPTS, "LookupError", True)]


async def test_a_worker_that_dies_every_time_uses_its_attempts_up(database: str) -> None:
    await recorded()
    for _ in range(ATTEMPTS):
        for one in await taken():
            assert await leases.begin(one)
        later(LEASE + timedelta(seconds=1))
    assert await taken() == []
    assert set((await states()).values()) == {"dead"}


async def test_a_lost_message_uses_no_attempt_up(database: str) -> None:
    await recorded()
    for _ in range(ATTEMPTS + 1):
        assert len(await taken()) == 2
        later(LEASE + timedelta(seconds=1))
    assert len(await taken()) == 2


async def test_what_is_put_off_uses_no_attempt_up(database: str) -> None:
    await recorded()
    until = clock.now() + timedelta(hours=1)
    found = await begun()
    await leases.put_off(found.leased, until)
    await leases.put_off(found.leased, until)
    async with connection() as c:
        row = await c.fetchrow("SELECT attempts, due FROM parvis.delivery WHERE id = $1", found.leased.delivery)
    assert tuple(row) == (0, until)


async def test_a_worker_gives_back_what_it_did_not_begin(database: str) -> None:
    await recorded()
    leased = await taken()
    await leases.begin(leased[0])
    assert await leases.release(uuid4()) == 0
    assert await leases.release(WORKER) == 1
    assert [one.delivery for one in await taken()] == [leased[1].delivery]


async def test_the_dead_are_replayed(database: str) -> None:
    await recorded()
    async with transaction() as c:
        await c.execute("UPDATE parvis.delivery SET state = 'dead', attempts = $1, finished = due", ATTEMPTS)
    one, other = await queries.dead()
    assert await replay([one.id]) == 1
    assert [info.id for info in await queries.dead()] == [other.id]
    assert await replay("all") == 1
    assert len(await taken()) == 2


async def test_a_reaction_not_installed_waits_and_is_shown(database: str) -> None:
    await recorded(opened(EMITTER))
    known = subscriptions.current()
    subscriptions.use(Subscriptions(known.core))
    assert len(await taken()) == 2
    assert [(info.reaction, info.known) for info in await queries.unknown()] == [("pool.three", False)]
    assert (await queries.figures()).unknown == 1
    subscriptions.use(known)
    assert len(await taken()) == 1


async def test_an_event_type_not_installed_is_kept(database: str) -> None:
    await recorded()
    async with transaction() as c:
        await c.execute("UPDATE parvis.event SET type = 'gone.away'")
    with pytest.raises(leases.UnknownEvent):
        (await begun()).event()


async def test_figures(database: str) -> None:
    before = clock.now()
    await recorded()
    await begun()
    found = await queries.figures()
    assert (found.due, found.waiting, found.dead) == (1, 1, 0)
    assert found.oldest is not None
    assert before <= found.oldest <= clock.now()
    assert await leases.outstanding(WORKER) == 0


async def test_only_what_is_done_is_forgotten(database: str) -> None:
    await recorded()
    await recorded()
    first = await taken(3)
    for one in first:
        await leases.begin(one)
        await leases.finish(one)
    later(timedelta(days=60))
    assert await forget(clock.now() - timedelta(days=90)) == 0
    assert await forget(clock.now() - timedelta(days=30)) == 1
    assert sorted((await states()).values()) in (["done", "due"], ["due"])
