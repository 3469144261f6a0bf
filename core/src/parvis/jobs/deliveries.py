"""Running one delivery: count the attempt, call the reaction, say how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from parvis import clock, logging
from parvis.db import OUTAGE
from parvis.outbox import leases, subscriptions
from parvis.outbox.leases import Begun, Leased
from parvis.outbox.rules import HANDLING, LEASE, Later, trace

log = structlog.get_logger()
_ELSEWHERE = timedelta(minutes=1)
_SETTLING_SECONDS = (0.1, 0.3, 1, 3, 5)


async def deliver(leased: Leased, lasting: timedelta = LEASE) -> None:
    """Run a leased delivery. A message that comes late, twice, or without a database is let go: the outbox knows."""
    try:
        begun = await leases.begin(leased, lasting)
    except OUTAGE as error:
        log.warning("delivery.not-begun", error=trace(error))
        return
    if begun is not None:
        logging.correlate(begun.correlation or str(leased.delivery))
        await _run(begun)


async def _run(begun: Begun) -> None:
    reaction = subscriptions.current().by_key.get(begun.reaction)
    if reaction is None:
        # A worker of another version took it; one that knows the reaction will come.
        await _settle(lambda: leases.put_off(begun.leased, clock.now() + _ELSEWHERE))
        return
    try:
        async with asyncio.timeout(HANDLING.total_seconds()):
            await reaction.handle(begun.event())
    except Later as later:
        until = later.at
        await _settle(lambda: leases.put_off(begun.leased, until))
    except asyncio.CancelledError:
        await asyncio.shield(_settle(lambda: leases.put_off(begun.leased, clock.now())))
        raise
    except Exception as error:
        await _failed(begun, error)
    else:
        await _settle(lambda: leases.finish(begun.leased))


async def _failed(begun: Begun, error: Exception) -> None:
    dead = False

    async def fail() -> None:
        nonlocal dead
        dead = await leases.fail(begun, error)

    await _settle(fail)
    tell = log.error if dead else log.warning
    tell("delivery.dead" if dead else "delivery.failed", reaction=begun.reaction, error=trace(error))


async def _settle(write: Callable[[], Awaitable[None]]) -> None:
    """Write how it ended, patiently: what cannot be written is run again once its lease is over."""
    for seconds in _SETTLING_SECONDS:
        try:
            await write()
            return
        except OUTAGE:
            await asyncio.sleep(seconds)
    log.warning("delivery.not-settled")
