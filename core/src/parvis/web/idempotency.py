"""The same request sent twice is done once, and both get the same answer: an `Idempotency-Key`, or the very same form.

The key is a row written in the action's own transaction: it exists exactly if the action happened. A request that
was refused leaves no row, so that its retry is a new attempt. docs/decisions/0800 has the reasons.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Request

from parvis import clock, crypto
from parvis.db import Connection, transaction
from parvis.errors import Invalid, Refusal, Text
from parvis.web.forms import Raw

HEADER = "idempotency-key"
KEPT = timedelta(days=1)
_PURPOSE = "kept-answer"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class NotRepeatable(Invalid):
    """The key cannot be one, or came with another request before."""

    code = "idempotency-key"
    title = Text("This Idempotency-Key cannot be used for this request.")


@dataclass(frozen=True, slots=True)
class Done:
    """An answer as it can be given again: status, JSON, where the new thing is."""

    status: int
    body: bytes = b""
    location: str = ""


async def once(request: Request[Any, Any, Any], client: bytes, act: Callable[[], Awaitable[Done]]) -> Done:
    """Do `act`, or give the answer that the same key of the same `client` got before.

    Without a key it is simply done. Two at once: the second waits for the first. Raises NotRepeatable.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await act()
    if not _KEY.fullmatch(key):
        text = Text("An Idempotency-Key has 1 to 255 visible ASCII characters, a UUID for example.")
        raise NotRepeatable(Refusal("idempotency-key-invalid", text, HEADER))
    digest, asked = _digest(client, request.method.encode(), key.encode()), await _asked(request)
    return await _once(digest, asked, act)


async def once_sent(raw: Raw, client: bytes, act: Callable[[], Awaitable[Done]]) -> Done:
    """Do `act` for a form, or give the answer that the very same form of the same `client` got: a second click.

    The form needs a field that each page of it has anew.
    """
    sent = _digest(client, *(part.encode() for name, typed in sorted(raw.items()) for part in (name, *typed)))
    return await _once(sent, sent, act)


async def forget_old() -> int:
    """Forget answers kept for longer than a day, and how many there were."""
    async with transaction() as c:
        sql = "DELETE FROM parvis.kept_answer WHERE created < $1"
        return int((await c.execute(sql, clock.now() - KEPT)).rpartition(" ")[2])


async def _once(key: bytes, asked: bytes, act: Callable[[], Awaitable[Done]]) -> Done:
    async with transaction() as c:
        if await _claim(c, key, asked):
            done = await act()
            await _keep(c, key, done)
            return done
        return await _kept(c, key, asked)


async def _asked(request: Request[Any, Any, Any]) -> bytes:
    return _digest(request.url.path.encode(), request.url.query.encode(), await request.body())


async def _claim(c: Connection, key: bytes, asked: bytes) -> bool:
    # A second request with this key waits here until the first one commits or rolls back.
    sql = (
        "INSERT INTO parvis.kept_answer (key, request, created) VALUES ($1, $2, $3) "
        "ON CONFLICT (key) DO UPDATE SET request = excluded.request, created = excluded.created, status = 0 "
        "WHERE kept_answer.created < $4 RETURNING true"
    )
    return bool(await c.fetchval(sql, key, asked, clock.now(), clock.now() - KEPT))


async def _keep(c: Connection, key: bytes, done: Done) -> None:
    # The answer may hold a secret that is nowhere else in the clear.
    sealed = crypto.encrypt(done.body, _PURPOSE)
    sql = "UPDATE parvis.kept_answer SET status = $2, location = $3, body = $4 WHERE key = $1"
    await c.execute(sql, key, done.status, done.location, sealed)


async def _kept(c: Connection, key: bytes, asked: bytes) -> Done:
    row = await c.fetchrow("SELECT * FROM parvis.kept_answer WHERE key = $1", key)
    if row["request"] != asked:
        text = Text("This Idempotency-Key came with another request before. Please use a new one for each request.")
        raise NotRepeatable(Refusal("idempotency-key-reused", text, HEADER))
    return Done(row["status"], crypto.decrypt(row["body"], _PURPOSE), row["location"])


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
