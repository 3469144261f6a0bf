"""Telling those who watch a day: a notification that leaves with the commit of what changed on it.

The change feed numbers what searches need, as soon as no older transaction runs; people who look at the same list
want to know at once, and read the day again when they do not know what they missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from parvis.db import connection

CHANNEL = "parvis_days"
_TELL = (
    "SELECT pg_notify($1, d.calendar || ' ' || b.day) FROM parvis.booking b JOIN parvis.desk d ON d.id = b.desk "
    "WHERE b.id = ANY ($2)"
)


async def tell(bookings: Iterable[UUID]) -> None:
    """Tell that something about these bookings changed, on the days they have now, once the caller commits."""
    async with connection() as c:
        await c.execute(_TELL, CHANNEL, list(bookings))


async def tell_day(calendar: UUID, day: date) -> None:
    """Tell that something changed on a calendar's local day, once the caller commits."""
    async with connection() as c:
        await c.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{calendar} {day}")


async def tell_days(calendar: UUID, days: Iterable[date]) -> None:
    """Tell that something changed on several local days of a calendar, once the caller commits."""
    sql = "SELECT pg_notify($1, $2 || ' ' || day) FROM unnest($3::date[]) AS told (day)"
    async with connection() as c:
        await c.execute(sql, CHANNEL, str(calendar), list(days))


def read(payload: str) -> tuple[UUID, date]:
    """The calendar and its local day that a notification names.

    >>> read("00000000-0000-0000-0000-000000000007 2027-01-04")
    (UUID('00000000-0000-0000-0000-000000000007'), datetime.date(2027, 1, 4))
    """
    calendar, _, day = payload.partition(" ")
    return UUID(calendar), date.fromisoformat(day)
