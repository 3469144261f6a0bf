"""Who gives what was paid for: a service says how its place is taken, inside the transaction that takes the money."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

import asyncpg
import structlog

from parvis import clock
from parvis.db import transaction
from parvis.errors import ParvisError, Unavailable
from parvis.outbox.rules import trace
from parvis.payments.intents import Intent

log = structlog.get_logger()
# Takes the place for good; raises any ParvisError if it is gone.
Take: TypeAlias = Callable[[Intent], Awaitable[object]]
_known: dict[str, Take] = {}
# A database that is away, stopped us or was too busy: the next try may well succeed.
_PASSING = (
    OSError,
    Unavailable,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
)
# So long after its time to pay nothing is kept for it any more, and the money is taken all the same.
_RETRIED = timedelta(hours=2)


def use(known: Mapping[str, Take]) -> None:
    """Say who gives what, by a basket's purpose; what nobody gives (an invoice) only has to be paid."""
    _known.clear()
    _known.update(known)


def gives(purpose: str) -> bool:
    """Whether a service gives something for it, more than a bill that is paid."""
    return purpose in _known


async def taken(intent: Intent) -> bool:
    """Whether what was paid for is given, in the caller's transaction; if not, nothing is left of the try.

    A giver that fails gives nothing, and costs nobody their money. Raises what the database says when a later try may
    succeed, until two hours after the time to pay.
    """
    take = _known.get(intent.purpose)
    if take is None:
        return True
    try:
        async with transaction():
            await take(intent)
    except Exception as failure:
        if isinstance(failure, _PASSING) and clock.now() < intent.expires_at + _RETRIED:
            raise
        if not isinstance(failure, ParvisError):
            log.error("payments.not-given", purpose=intent.purpose, intent=str(intent.id), error=trace(failure))
        return False
    return True
