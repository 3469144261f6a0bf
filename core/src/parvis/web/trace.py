"""A correlation id for every request, in its logs, its answer's `X-Request-ID` and on its error pages."""

from __future__ import annotations

import re
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from parvis.crypto import new_secret
from parvis.logging import correlate

_KEY = "parvis_correlation"
_GIVEN = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def correlation_id(scope: Any) -> str:
    """The id of this request: a proxy's `X-Request-ID` if it is well formed, else a new one."""
    state = scope.setdefault("state", {})
    if _KEY not in state:
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        state[_KEY] = given.decode() if _GIVEN.fullmatch(given) else new_secret()[:16]
    return str(state[_KEY])


def traced(app: ASGIApp) -> ASGIApp:
    """Middleware: every line logged while a request is handled carries its id."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        correlate(correlation_id(scope))
        await app(scope, receive, send)

    return handle
