"""Hearing what PostgreSQL is told to notify. The address goes past a pooler, which keeps no session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg

_PATIENCE_SECONDS = 10


async def hear(url: str, channel: str, told: Callable[[str], None], began: Callable[[], None]) -> None:
    """Call `told` with the payload of each notification, until the connection ends.

    `began` is called once it listens: what was notified before that has to be looked up. Raises OSError or
    asyncpg's errors if the database does not answer.
    """
    closed = asyncio.Event()
    connection = await asyncpg.connect(url, timeout=_PATIENCE_SECONDS)
    try:
        connection.add_termination_listener(lambda _: closed.set())
        await connection.add_listener(channel, lambda _connection, _process, _channel, payload: told(payload))
        began()
        await closed.wait()
    finally:
        connection.terminate()
