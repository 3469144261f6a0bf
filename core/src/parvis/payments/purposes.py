"""Who gives what was paid for: a service says how its place is taken, inside the transaction that takes the money."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from parvis.db import transaction
from parvis.errors import ParvisError
from parvis.payments.intents import Intent

# Takes the place for good; raises any ParvisError if it is gone.
Take: TypeAlias = Callable[[Intent], Awaitable[object]]
_known: dict[str, Take] = {}


def use(known: Mapping[str, Take]) -> None:
    """Say who gives what, by a basket's purpose; what nobody gives (an invoice) only has to be paid."""
    _known.clear()
    _known.update(known)


def gives(purpose: str) -> bool:
    """Whether a service gives something for it, more than a bill that is paid."""
    return purpose in _known


async def taken(intent: Intent) -> bool:
    """Whether what was paid for is given, in the caller's transaction; if not, nothing is left of the try."""
    take = _known.get(intent.purpose)
    if take is None:
        return True
    try:
        async with transaction():
            await take(intent)
    except ParvisError:
        return False
    return True
