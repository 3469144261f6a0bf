"""How many invitations one manager may send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request

from parvis.identity.guards import actor_of
from parvis.web import limits
from parvis.web.limits import Limit

_INVITATIONS = Limit("invitations", 100, timedelta(hours=1))


def count_invitation(request: Request[Any, Any, Any]) -> None:
    """Count a mail that a manager makes us send to an address that nobody proved. Raises TooMany."""
    limits.take(request, _INVITATIONS, actor_of(request).person)
