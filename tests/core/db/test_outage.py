"""A database that cannot be reached: whoever asks is told to come back later, whatever the system says of it."""

import asyncpg
import pytest

from parvis.db import connection, transaction
from parvis.db.piccolo_conf import DB
from parvis.errors import Unavailable
from parvis.territory.tables import Emitter


async def _by_connection():
    async with connection() as c:
        await c.fetchval("SELECT 1")


async def _by_transaction():
    async with transaction() as c:
        await c.fetchval("SELECT 1")


async def _by_piccolo():
    await Emitter.count()


@pytest.mark.parametrize("ask", [_by_connection, _by_transaction, _by_piccolo])
@pytest.mark.parametrize(
    "address",
    ["postgresql://p@/none?host=/nowhere", "postgresql://p@127.0.0.1:1/none", "postgresql://p@nowhere.invalid/none"],
)
async def test_it_is_unavailable(database, ask, address):
    assert isinstance(DB.pool, asyncpg.Pool)
    DB.pool.set_connect_args(address)
    await DB.pool.expire_connections()
    with pytest.raises(Unavailable, match="does not answer"):
        await ask()


async def test_it_works_again_once_it_is_back(database):
    assert isinstance(DB.pool, asyncpg.Pool)
    DB.pool.set_connect_args("postgresql://p@/none?host=/nowhere")
    await DB.pool.expire_connections()
    with pytest.raises(Unavailable):
        await _by_connection()
    DB.pool.set_connect_args(database)
    await _by_connection()


@pytest.mark.parametrize("ask", [connection, transaction])
async def test_a_connection_whose_protocol_broke_is_used_by_nobody_again(database, ask):
    with pytest.raises(Unavailable, match="does not answer"):
        async with ask() as c:
            broken = await c.fetchval("SELECT pg_backend_pid()")
            raise asyncpg.InternalClientError("cannot switch to state 15")
    async with connection() as c:
        assert await c.fetchval("SELECT pg_backend_pid()") != broken
