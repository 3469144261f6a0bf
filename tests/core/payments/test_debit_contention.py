"""Many at once: an amount has one payment open, and who collects a batch and who is paid late stop neither.

Each with its control: without what is held to keep them apart, the same rush goes wrong.
"""

import asyncio
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest
from tests.core.payments.debiting import a_debiting_till, on, one, state

from parvis import clock, settings
from parvis.db import close_pool, new_id, open_pool, transaction
from parvis.errors import Conflict, Refused
from parvis.payments import attempts, claiming, intents
from parvis.payments.books import proofs
from parvis.payments.debits import batches, creditors, failing, lines, orders, queries, withdrawing
from parvis.payments.settling import Money, settle

MANY = 12
LIVE = "SELECT count(*) FROM parvis.payment_attempt WHERE state = 'live'"
STUCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
async def till(database: str):
    """A till that debits, and a pool as wide as a busy web process's."""
    await close_pool()
    await open_pool(database, size=MANY + 4)
    return await a_debiting_till()


async def rush(till, intent) -> Counter:
    """A dozen who want to keep the same amount for themselves."""

    async def claim() -> str:
        try:
            async with transaction() as c:
                await claiming.claim(
                    c, intent.id, creditors.key(till.till), new_id().hex, clock.now() + timedelta(days=1)
                )
        except (Refused, Conflict, asyncpg.UniqueViolationError) as error:
            return type(error).__name__
        return "claimed"

    return Counter(await asyncio.gather(*(claim() for _ in range(MANY))))


async def test_of_many_who_claim_an_amount_one_has_it(till):
    assert await rush(till, await till.bill()) == {"claimed": 1, "Refused": MANY - 1}
    assert await one(LIVE) == 1


@pytest.fixture
def unlocked(monkeypatch):
    """Claims without the intent's lock, all of which have seen that nobody pays before the first of them goes on."""
    looked, barrier = attempts.none_open, asyncio.Barrier(MANY)

    async def none_open(c, intent):
        await looked(c, intent)
        await barrier.wait()

    monkeypatch.setattr(intents, "locked", lambda _, intent: intents.intent(intent))
    monkeypatch.setattr(attempts, "none_open", none_open)


async def test_control_without_the_lock_the_index_keeps_the_others_out(till, unlocked):
    assert await rush(till, await till.bill()) == {"claimed": 1, "Refused": MANY - 1}
    assert await one(LIVE) == 1


async def test_control_without_lock_and_index_an_amount_is_debited_many_times(till, unlocked):
    await _as_owner("DROP INDEX parvis.payment_attempt_one_live")
    assert (await rush(till, await till.bill()))["claimed"] > 1
    assert await one(LIVE) > 1


async def collected_while_a_card_pays(till) -> list[object]:
    """A batch is collected while somebody holds one of its amounts, and then wants to enter something in the books."""
    for n in range(3):
        await till.due(1000 + n, f"payer{n}@example.org")
    made = await till.sent()
    on(made.day)
    second = (await queries.lines_of(made.id))[1].intent
    card = await asyncpg.connect(settings.current().database_owner_url)
    await card.execute("BEGIN")
    await card.execute("SELECT FROM parvis.intent WHERE id = $1 FOR NO KEY UPDATE", second)
    collecting = asyncio.create_task(batches.collect(made.id))
    while not await one(STUCK):
        await asyncio.sleep(0.01)
    books = card.execute("SELECT FROM parvis.ledger_head WHERE till = $1 FOR NO KEY UPDATE", till.till)
    answers = await asyncio.gather(_then(books, card), collecting, return_exceptions=True)
    await card.close()
    return answers


async def test_who_collects_and_who_is_paid_late_stop_neither(till):
    answers = await collected_while_a_card_pays(till)
    assert answers[1] == 3
    assert not isinstance(answers[0], Exception)


async def test_control_without_all_amounts_locked_first_the_database_stops_one_of_them(till, monkeypatch):
    monkeypatch.setattr(lines, "_INTENTS", "SELECT $1::uuid[], $2::uuid[]")
    answers = await collected_while_a_card_pays(till)
    assert any(isinstance(answer, Conflict | asyncpg.DeadlockDetectedError) for answer in answers)


async def test_a_late_card_payment_and_a_collection_of_the_same_bill_end_with_one_of_them_given_back(till):
    intent = await till.due()
    made = await till.sent()
    on(made.day)
    late = Money(till.shop.account, "late", 1000, clock.now(), None)
    await _dead_page(intent, till.shop.account)
    await asyncio.gather(batches.collect(made.id), settle(late), settle(late))
    assert await state(intent) == "paid"
    assert sorted(row for row in await one("SELECT array_agg(taken_as) FROM parvis.capture")) == ["extra", "paid"]
    assert await proofs.unbalanced() == []


async def test_revoking_and_taking_the_file_at_once_never_leaves_a_bill_both_in_it_and_free(till):
    for n in range(6):
        intent = await till.due(mail=f"payer{n}@example.org")
        made = await till.batch()
        line = await till.line(made)
        answers = await asyncio.gather(orders.take(made.id), withdrawing.revoke(line.mandate), return_exceptions=True)
        assert answers[1] is None
        kept = (await till.line(made)).state
        assert (kept, await state(intent), isinstance(answers[0], bytes)) in {
            ("dropped", "created", False),
            ("listed", "pending", True),
        }
        if kept == "listed":
            with pytest.raises(Refused):
                await batches.send(made.id)
        await batches.drop(made.id)


async def test_batches_are_given_up_and_sent_failed_and_collected_by_one_alone(till):
    await till.due()
    made = await till.batch()
    await orders.take(made.id)
    ended = await asyncio.gather(
        *(batches.send(made.id) for _ in range(4)), batches.drop(made.id), return_exceptions=True
    )
    assert [one for one in ended if one is not None and not isinstance(one, Refused)] == []
    assert ended.count(None) == 1
    if (await queries.batch_by_id(made.id)).state == "dropped":
        return
    line = await till.line(made)
    failed = await asyncio.gather(*(failing.fail(line.id, "AM04") for _ in range(6)), return_exceptions=True)
    assert sum(one == "rejected" for one in failed) == 1


async def _then(asked, card) -> None:
    try:
        await asked
    finally:
        await card.execute("ROLLBACK")


async def _dead_page(intent, account) -> None:
    sql = (
        "INSERT INTO parvis.payment_attempt (id, intent, account, provider_ref, state, created, resume_until, "
        "live_until) VALUES ($1, $2, $3, 'late', 'dead', $4, $4, $4) RETURNING id"
    )
    await one(sql, new_id(), intent.id, account, clock.now())


async def _as_owner(sql: str) -> None:
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute(sql)
    await owner.close()
