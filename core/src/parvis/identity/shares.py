"""A client's share: how much one visitor may ask for, as the person signed in, else as a program at an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar.connection import ASGIConnection

from parvis import settings
from parvis.identity.guards import actor_of
from parvis.web import limits
from parvis.web.limits import Limit

_Connection = ASGIConnection[Any, Any, Any, Any]


def count_claim(request: _Connection) -> None:
    """Count an hour that is claimed, an attempt at finding a request, or a code that is sent. Raises TooMany."""
    times = settings.current().limit_claims
    limits.take(request, Limit("claims", times, timedelta(minutes=10)), actor_of(request).person)


def count_unproved(request: _Connection) -> None:
    """Count an hour that is claimed without the calculation its emitter asks for. Raises TooMany."""
    times = settings.current().limit_unproved
    limits.take(request, Limit("unproved", times, timedelta(minutes=10)), actor_of(request).person)


def count_code(request: _Connection) -> None:
    """Count a code that is sent, which may cost money. Raises TooMany."""
    times = settings.current().limit_client_codes
    limits.take(request, Limit("codes", times, timedelta(hours=1)), actor_of(request).person)
