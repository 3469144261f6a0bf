"""A process of its own that claims hours until it is killed, and says what was acknowledged. Not a test."""

import asyncio
import sys
from datetime import datetime, timedelta
from uuid import UUID

from parvis import settings
from parvis.calendars import actions
from parvis.db import close_pool, open_pool
from parvis.settings import Settings


async def claim(url: str, calendar: UUID, first: datetime) -> None:
    """Hold, confirm, cancel or leave every hour in turn; one line for each answer, as soon as it is there."""
    await open_pool(url, size=4)
    await asyncio.gather(*(one(calendar, first + n * timedelta(minutes=20), n) for n in range(60)))
    await close_pool()


async def one(calendar: UUID, start: datetime, number: int) -> None:
    held = await actions.hold(calendar, "deposit", start)
    say("held", held.id)
    if number % 3:
        await actions.confirm(held.id, held.secret)
        say("confirmed", held.id)
    if number % 3 == 2:
        await actions.cancel(held.id)
        say("cancelled", held.id)


def say(what: str, booking: UUID) -> None:
    """A line in one write, so that a kill leaves no half of it."""
    sys.stdout.write(f"{what} {booking}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    settings.use(Settings(env="test"))
    asyncio.run(claim(sys.argv[1], UUID(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
