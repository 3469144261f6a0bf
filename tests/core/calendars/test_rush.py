"""What waits together is claimed together, in the order of arrival, and answered each for itself."""

import asyncio
from collections import Counter
from datetime import time, timedelta

import pytest

from parvis.calendars import actions, proofs
from parvis.calendars.slots import UnknownSlot
from parvis.db import close_pool, connection, open_pool
from parvis.testing.calendars import a_calendar, every_day

pytestmark = pytest.mark.usefixtures("database")


async def transactions() -> int:
    async with connection() as c:
        return await c.fetchval("SELECT count(DISTINCT xmin::text) FROM parvis.booking")


async def test_a_rush_shares_transactions_and_sells_what_there_is():
    calendar = await a_calendar(desks=3, weekly=every_day(time(8), time(16)))
    starts = [calendar.at(8) + n * timedelta(minutes=20) for n in range(24)]
    answers = await asyncio.gather(
        *(actions.hold(calendar.id, "deposit", starts[n % 24]) for n in range(24 * 20)), return_exceptions=True
    )
    assert Counter(type(answer).__name__ for answer in answers) == {"Hold": 72, "SlotFull": 24 * 17}
    assert await transactions() < 36
    assert await proofs.unlike_bookings() == []


async def test_those_who_came_first_are_served_first():
    calendar = await a_calendar(weekly=every_day(time(8), time(16)))
    starts = [calendar.at(8) + n * timedelta(minutes=20) for n in range(24)]
    answers = await asyncio.gather(
        *(actions.hold(calendar.id, "deposit", start) for _ in range(5) for start in starts), return_exceptions=True
    )
    assert [isinstance(answer, actions.Hold) for answer in answers] == [True] * 24 + [False] * 96


async def test_each_gets_the_answer_to_its_own_question():
    calendar = await a_calendar(desks=2)
    asked = [("deposit", calendar.at(9)), ("wedding", calendar.at(9)), ("deposit", calendar.at(3))] * 10
    answers = await asyncio.gather(*(actions.hold(calendar.id, *one) for one in asked), return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert Counter(kinds[0::3]) == {actions.Hold: 2, actions.SlotFull: 8}
    assert set(kinds[1::3]) == {UnknownSlot}
    assert set(kinds[2::3]) == {actions.SlotFull}


async def test_a_failed_batch_fails_those_in_it_and_the_next_goes_on(database: str):
    calendar = await a_calendar(desks=2)
    claims = [asyncio.create_task(actions.hold(calendar.id, "deposit", calendar.at(9))) for _ in range(3)]
    # More people than a column holds: the statement itself fails.
    claims += [asyncio.create_task(actions.hold(calendar.id, "deposit", calendar.at(9), 70_000)) for _ in range(30)]
    answers = await asyncio.wait_for(asyncio.gather(*claims, return_exceptions=True), 20)
    assert sum(isinstance(answer, actions.Hold) for answer in answers) <= 2
    assert any(not isinstance(answer, (actions.Hold, actions.SlotFull)) for answer in answers)
    await actions.hold(calendar.id, "deposit", calendar.at(10))
    assert await proofs.unlike_bookings() == []


async def test_without_a_database_everybody_is_told(database: str):
    calendar = await a_calendar()
    await close_pool()
    answers = await asyncio.wait_for(
        asyncio.gather(
            *(actions.hold(calendar.id, "deposit", calendar.at(9)) for _ in range(20)), return_exceptions=True
        ),
        20,
    )
    assert all(isinstance(answer, Exception) for answer in answers)
    await open_pool(database)
    await actions.hold(calendar.id, "deposit", calendar.at(9))


async def test_who_leaves_the_queue_takes_nothing_with_him():
    calendar = await a_calendar()
    waiting = [asyncio.create_task(actions.hold(calendar.id, "deposit", calendar.at(9))) for _ in range(50)]
    await asyncio.sleep(0)
    for task in waiting[20:]:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(answer, actions.Hold) for answer in answers) == 1
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[20:])
