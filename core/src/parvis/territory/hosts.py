"""Host names of emitters: another way to their pages, which stay part of the territory's portal."""

from __future__ import annotations

import re
from uuid import UUID

import asyncpg

from parvis.db import connection, transaction
from parvis.errors import Conflict, Invalid, Refusal, Text

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{4,253}}\Z){_LABEL}(?:\.{_LABEL})+")


async def emitter_at(host: str) -> str | None:
    """The slug of the emitter whose host name this is, in any case and without its port; None for nobody's."""
    async with connection() as c:
        found: str | None = await c.fetchval("SELECT slug FROM parvis.emitter WHERE host = $1", host.lower())
    return found


async def host_of(emitter: UUID) -> str | None:
    """An emitter's own host name, if it has one."""
    async with connection() as c:
        found: str | None = await c.fetchval("SELECT host FROM parvis.emitter WHERE id = $1", emitter)
    return found


async def set_host(emitter: UUID, host: str | None) -> None:
    """Give an emitter a host name of its own, or take it away. Raises Invalid, Conflict for another's."""
    if host is not None and not _HOST.fullmatch(host):
        text = Text("Write a host name in small letters, without https:// and port: rdv.example.fr")
        raise Invalid(Refusal("host", text, "host"))
    try:
        async with transaction() as c:
            await c.execute("UPDATE parvis.emitter SET host = $2 WHERE id = $1", emitter, host)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(Text("Another emitter has this host name.")) from error
