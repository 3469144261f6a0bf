"""What every route of the API has: open to everyone, and the limits per client."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request

from parvis import settings
from parvis.identity import guards
from parvis.web import limits
from parvis.web.exchange import Operation, described
from parvis.web.limits import Limit

_AnyRequest = Request[Any, Any, Any]


def offered(operation: Operation) -> dict[str, Any]:
    """What to hand to a route's decorator: anybody may call it, with what it takes and gives."""
    return {"guards": [guards.public()], **described(operation, guards.declared("everyone"))}


def count(request: _AnyRequest) -> None:
    """Count a request against its client's share. Raises TooMany."""
    now = settings.current()
    limits.take(request, Limit("api", now.limit_requests, timedelta(minutes=1)), guards.actor_of(request).person)


def client(request: _AnyRequest) -> bytes:
    """Whose idempotency keys these are: the person's, the token's, else the program's at its address."""
    if (person := guards.actor_of(request).person) is not None:
        return person.bytes
    token = request.headers.get("authorization")
    return token.encode() if token else limits.client_digest(request)
