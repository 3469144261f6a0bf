"""What answers on the portal's port while the portal is being prepared: alive, and not ready because of what."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec

_LONGEST_REQUEST = 16 * 1024
_PATIENCE = 5
_PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Parvis démarre</title><h1>Parvis démarre</h1>
<p>La démonstration se prépare. Cette page se recharge toute seule.</p></html>"""


@dataclass(slots=True)
class Waiting:
    """What the portal still waits for, in words for an operator."""

    missing: str = "the database"


@asynccontextmanager
async def answering(listener: socket.socket) -> AsyncIterator[Waiting]:
    """Answer health checks on `listener` until the block ends; then connections queue for whoever serves next."""
    waiting = Waiting()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(answer(request, waiting.missing))
                await writer.drain()
        writer.close()

    # A copy, so that closing the server leaves the socket itself open for the portal.
    server = await asyncio.start_server(handle, sock=listener.dup(), limit=_LONGEST_REQUEST)
    async with server:
        yield waiting


def answer(request: bytes, missing: str) -> bytes:
    """The response to a request while `missing` is not there yet.

    >>> answer(b"GET /health/live HTTP/1.1\\r\\n\\r\\n", "the database").split(b"\\r\\n")[0]
    b'HTTP/1.1 200 OK'
    """
    target = [*request.split(b" ", 2), b""][1].split(b"?")[0]
    if target == b"/health/live":
        return _response("200 OK", "application/json", b'{"status":"alive"}')
    if target.startswith((b"/health", b"/api")):
        problem = {
            "type": "about:blank",
            "title": "The service is not available for a moment.",
            "status": 503,
            "code": "unavailable",
            "detail": f"Not ready yet: {missing}.",
            "missing": [missing],
        }
        return _response("503 Service Unavailable", "application/problem+json", msgspec.json.encode(problem))
    return _response("503 Service Unavailable", "text/html; charset=utf-8", _PAGE.encode())


def _response(status: str, media_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
