"""Under which emitter's own host name a request came; the composition root finds it out, pages ask here."""

from __future__ import annotations

from litestar.types import Scope

_KEY = "parvis.house"


def enter(scope: Scope, slug: str) -> None:
    """Note that a request came under the host name of the emitter of this slug."""
    scope["state"][_KEY] = slug


def house_of(scope: Scope) -> str | None:
    """The slug of the emitter whose host name a request came under; None under the portal's own."""
    found = scope["state"].get(_KEY)
    return found if isinstance(found, str) else None
