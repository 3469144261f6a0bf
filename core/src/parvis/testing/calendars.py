"""Factories of calendars: a test names only what it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars import feed, grids, planning
from parvis.calendars.openings import Weekly
from parvis.db import connection, new_id
from parvis.territory.actions import add_emitter, add_place


@dataclass(frozen=True, slots=True)
class SomeCalendar:
    """A calendar that is open, with its desks, its place and a working day on which everything is free."""

    id: UUID
    place: UUID
    emitter: UUID
    desks: tuple[UUID, ...]
    day: date
    zone: ZoneInfo

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        """The instant (UTC) of a wall-clock time on the working day, or `days` later."""
        return datetime.combine(self.day + timedelta(days=days), time(hour, minute), self.zone).astimezone(UTC)


def every_day(opens: time = time(9), closes: time = time(12), **rest: object) -> list[Weekly]:
    """The same opening on all seven days."""
    return [Weekly(weekday, opens, closes, **rest) for weekday in range(1, 8)]  # type: ignore[arg-type]


async def a_place(
    *, latitude: float = 47.75, longitude: float = 7.33, accessible: bool = True, name: str = ""
) -> tuple[UUID, UUID]:
    """A place and its emitter."""
    slug = f"town-{new_id().hex[-12:]}"
    emitter = await add_emitter(slug, name or slug, "municipality", latitude=latitude, longitude=longitude)
    place = await add_place(
        slug,
        emitter,
        name or slug,
        address="1 rue de la Mairie",
        postcode="68100",
        city=name or slug,
        latitude=latitude,
        longitude=longitude,
        accessible=accessible,
    )
    return place, emitter


async def a_calendar(
    *,
    desks: int = 1,
    service: str = "idcard",
    weekly: Sequence[Weekly] | None = None,
    minutes: tuple[int, int] = (20, 15),
    zone: str = "Europe/Paris",
    horizon_days: int = 10,
    place: tuple[UUID, UUID] | None = None,
    **rest: object,
) -> SomeCalendar:
    """A calendar with the kind `deposit`, open from 9 to 12 every day, public holidays too, unless said otherwise.

    Nothing is kept for the counter, and whoever books needs an application number.
    """
    place_id, emitter = place or await a_place()
    rest = {"public_holidays": "", "school_zone": "", "counter_percent": 0} | rest
    calendar = await planning.add_calendar(place_id, service, zone=zone, horizon_days=horizon_days, **rest)  # type: ignore[arg-type]
    await planning.offer(calendar, "deposit", *minutes, number=True)
    rules = every_day() if weekly is None else weekly
    made = [await planning.add_desk(calendar, f"Desk {number + 1}", rules) for number in range(desks)]
    await grids.open_days(calendar)
    day = clock.now().astimezone(ZoneInfo(zone)).date() + timedelta(days=5)
    return SomeCalendar(calendar, place_id, emitter, tuple(made), day, ZoneInfo(zone))


async def numbered() -> None:
    """Wait until the feed has numbered every change: a transaction in any database of the cluster holds it back."""
    while True:
        await feed.advance()
        async with connection() as c:
            if not await c.fetchval("SELECT EXISTS (SELECT FROM parvis.slot_change_waiting)"):
                return
        await asyncio.sleep(0.01)
