"""The connection pool and `transaction()`, shared by Piccolo and asyncpg.

Piccolo's own transaction leaks a connection when COMMIT fails and joins silently when nested; ours gives the
connection back whatever happens, and nests as savepoints.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from parvis.errors import Text, Unavailable

os.environ.setdefault("PICCOLO_CONF", "parvis.db.piccolo_conf")

from parvis.db.piccolo_conf import DB

_GONE = Text("The database does not answer.")
_CONNECT_SECONDS = 10
_JSON_TYPES = ("json", "jsonb")
Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy
OUTAGE = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    Unavailable,
    TimeoutError,
)
"""What a database that is gone, starting or overloaded raises."""
Isolation = Literal["read_committed", "repeatable_read", "serializable"]


@dataclass(frozen=True, slots=True)
class _Running:
    """What Piccolo looks for in its context variable: the connection its queries join."""

    connection: Connection


async def open_pool(dsn: str, size: int = 10) -> None:
    """Open the process's pool in the running event loop. Raises Unavailable if the database does not answer."""
    # No floor: a connection is opened by whoever asks for it, also after an outage.
    pool = await asyncpg.create_pool(
        dsn, min_size=0, max_size=size, connect=_connect, init=_prepare, reset=_leave_as_is, command_timeout=30
    )
    try:
        async with pool.acquire():
            DB.pool = pool
    except (OSError, asyncpg.PostgresError, Unavailable) as error:
        pool.terminate()
        raise Unavailable(_GONE) from error


async def close_pool() -> None:
    """Close the pool, waiting for what is running; safe to call twice."""
    pool, DB.pool = DB.pool, None
    if pool is not None:
        await pool.close()


def in_transaction() -> bool:
    """Whether the caller runs inside `transaction()`."""
    return DB.current_transaction.get() is not None


@asynccontextmanager
async def transaction(isolation: Isolation = "read_committed", readonly: bool = False) -> AsyncIterator[Connection]:
    """All or nothing: commits at the end, rolls back on any error. Inside another one it is a savepoint."""
    running = DB.current_transaction.get()
    if running is not None:
        async with running.connection.transaction():
            yield running.connection
        return
    async with (
        _acquired() as connection,
        connection.transaction(isolation=isolation, readonly=readonly),
        joined(connection),
    ):
        yield connection


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """A connection for reading: the running transaction's, else one from the pool."""
    running = DB.current_transaction.get()
    if running is not None:
        yield running.connection
        return
    async with _acquired() as fresh:
        yield fresh


@asynccontextmanager
async def joined(connection: Connection) -> AsyncIterator[None]:
    """Let Piccolo's queries and nested transactions run on `connection`, which is in a transaction."""
    token = DB.current_transaction.set(cast("Any", _Running(connection)))
    try:
        yield
    finally:
        DB.current_transaction.reset(token)


@asynccontextmanager
async def _acquired() -> AsyncIterator[Connection]:
    """A connection from the pool. One whose protocol broke is thrown away, for nothing would mend it."""
    async with _pool().acquire() as fresh:
        try:
            yield fresh
        except asyncpg.InternalClientError as error:
            fresh.terminate()
            raise Unavailable(_GONE) from error


def _pool() -> asyncpg.Pool:
    if DB.pool is None:
        raise Unavailable("The database pool is not open.")
    return DB.pool


async def _connect(*address: Any, **options: Any) -> asyncpg.Connection:
    """A new connection for the pool. Raises Unavailable: whoever asked for one can only try again later."""
    try:
        return await asyncpg.connect(*address, timeout=_CONNECT_SECONDS, **options)
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(_GONE) from error


async def _leave_as_is(_: Any) -> None:
    """Nothing to reset: no session-level lock or setting is ever taken, and a reset halves a hot statement's rate."""


async def _prepare(connection: Connection) -> None:
    for name in _JSON_TYPES:
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_encode, decoder=msgspec.json.decode, format="text"
        )


def _encode(value: Any) -> str:
    # Piccolo hands over text that is JSON already.
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
