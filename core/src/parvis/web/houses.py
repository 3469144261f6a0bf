"""Under which emitter's own host name a request came; the composition root finds it out, pages ask here."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

_KEY = "parvis.house"


def enter(scope: MutableMapping[str, Any], slug: str) -> None:
    """Note that a request came under the host name of the emitter of this slug."""
    scope[_KEY] = slug


def house_of(scope: Mapping[str, Any]) -> str | None:
    """The slug of the emitter whose host name a request came under; None under the portal's own."""
    found = scope.get(_KEY)
    return found if isinstance(found, str) else None
