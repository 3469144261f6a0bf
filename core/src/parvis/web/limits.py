"""How often one client may do something: a bucket in the memory of each process, generous, never by address alone.

A process that starts anew forgets its buckets, which only ever lets somebody do more. docs/decisions/0801 says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection

from parvis import clock, settings
from parvis.errors import Text, TooMany

# A library's readers and a whole town hall share one address: it counts only against many times a person's share.
_SHARING = 25
_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times within a span of time, refilled evenly."""

    name: str
    times: int
    within: timedelta

    @property
    def step(self) -> float:
        """Seconds after which one more is allowed."""
        return self.within.total_seconds() / self.times


@dataclass(slots=True)
class Buckets:
    """When each client's bucket will be full again (GCRA: one number a client). Atomic, as nothing awaits inside."""

    full_at: dict[Hashable, float] = field(default_factory=dict)

    def take(self, key: Hashable, limit: Limit, now: datetime, share: int = 1) -> float:
        """Take one; seconds to wait if there is none, 0.0 if it was let through. `share` makes the bucket larger.

        >>> from datetime import UTC
        >>> buckets, noon = Buckets(), datetime(2027, 1, 4, 12, tzinfo=UTC)
        >>> [buckets.take("me", Limit("holds", 2, timedelta(minutes=1)), noon) for _ in range(3)]
        [0.0, 0.0, 30.0]
        """
        at, step = now.timestamp(), limit.step / share
        full = max(self.full_at.get((limit.name, key), at), at) + step
        wait = full - at - limit.within.total_seconds()
        if wait > 1e-6:
            return wait
        if len(self.full_at) >= _KEPT:
            self._forget(at)
        self.full_at[limit.name, key] = full
        return 0.0

    def _forget(self, at: float) -> None:
        waiting = {key: full for key, full in self.full_at.items() if full > at}
        self.full_at = waiting if len(waiting) < _KEPT else {}


_buckets = Buckets()


def take(request: ASGIConnection[Any, Any, Any, Any], limit: Limit, person: UUID | None = None) -> None:
    """Count a request against its client's limit. Raises TooMany, with the seconds to wait."""
    if not settings.current().limits:
        return
    now, address = clock.now(), _network(request)
    wait = _buckets.take(person or _client(request, address), limit, now)
    wait = wait or _buckets.take(address, limit, now, share=_SHARING)
    if wait:
        raise too_many(Text("Please try again at {hour}."), wait)


def too_many(text: Text, wait: float) -> TooMany:
    """The error that says from when on it works again: `{hour}` in the sentence, so many seconds from now."""
    return TooMany(Text(text.msgid, {**text.params, "hour": _hour_after(wait)}), int(wait) + 1)


def _hour_after(seconds: float) -> time:
    """The minute on the territory's clocks by which so many seconds are over."""
    return (clock.now() + timedelta(seconds=seconds, minutes=1)).astimezone(settings.current().zone).time()


def forget() -> None:
    """Forget every client: a test begins anew."""
    _buckets.full_at.clear()


def client_digest(request: ASGIConnection[Any, Any, Any, Any]) -> bytes:
    """What tells one anonymous client from another: its network and what its program says of itself."""
    return _client(request, _network(request))


def _client(request: ASGIConnection[Any, Any, Any, Any], address: str) -> bytes:
    told = (request.headers.get(name, "") for name in ("user-agent", "accept-language"))
    return hashlib.sha256("\n".join((address, *told)).encode()).digest()


def _network(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    host = request.client.host if request.client else ""
    # A household's IPv6 has 64 bits of addresses to choose from.
    if ":" in host:
        try:
            return str(ip_network((ip_address(host.partition("%")[0]), 64), strict=False))
        except ValueError:
            return host
    return host
