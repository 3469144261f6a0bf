import pytest

from parvis.db import connection, in_transaction, transaction
from parvis.territory import actions, queries
from parvis.territory.tables import Emitter

POINT = {"latitude": 47.75, "longitude": 7.33}


async def test_a_piccolo_query_sees_what_asyncpg_wrote_in_the_same_transaction(database):
    async with transaction():
        await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
        assert await Emitter.count() == 1
    assert not in_transaction()


async def test_an_error_rolls_everything_back(database):
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
            1 / 0  # noqa: B018
    assert await queries.emitters() == []


async def test_a_nested_transaction_is_a_savepoint(database):
    async with transaction():
        await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                await actions.add_emitter("mulhouse", "Mulhouse", "municipality", **POINT)
                1 / 0  # noqa: B018
    assert [found.slug for found in await queries.emitters()] == ["illzach"]


async def test_connections_come_back_after_errors(database):
    for _ in range(30):
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                1 / 0  # noqa: B018
    async with connection() as c:
        assert await c.fetchval("SELECT 1") == 1
