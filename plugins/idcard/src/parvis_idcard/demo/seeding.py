"""Opens the demo's stations, publishes the service, and takes a part of the hours, those of the last weeks too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from parvis import clock
from parvis.calendars import grids, planning
from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.calendars.rules import instant_of
from parvis.calendars.timetables import Plan
from parvis.db import transaction
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis.territory.queries import EmitterInfo, PlaceInfo
from parvis_idcard.demo.endings import ending
from parvis_idcard.demo.parties import Homes, party
from parvis_idcard.demo.visits import COLLECTING, Visit, share_taken, visits
from parvis_idcard.demo.writing import Booked, write
from parvis_idcard.queries import PLUGIN
from parvis_idcard.rules import COLLECTION, DEPOSIT, KINDS
from parvis_idcard.stations import STATIONS, Station, weekly

PAST_DAYS = 35
_SEED = 20_261_124
_HORIZON_DAYS = 190
_TERRITORY = "m2a"


async def seed() -> None:
    """Open the stations of the town halls that are there, publish the service, and take a part of the hours."""
    halls = {place.slug: place for place in await queries.places()}
    towns = {town.id: town for town in await queries.emitters("municipality")}
    async with transaction():
        whole = await queries.emitter_by_slug(_TERRITORY)
        await _offer(whole.id)
        for station in STATIONS:
            if station.place in halls:
                hall = halls[station.place]
                await _offer(hall.emitter)
                plan = await grids.plan_of(await _open(hall, station))
                await write(list(_booked(plan, station, _homes(hall, towns))), hall)


async def _offer(emitter: UUID) -> None:
    await territory.enable_plugin(emitter, PLUGIN)
    await territory.publish(emitter, PLUGIN)


async def _open(hall: PlaceInfo, station: Station) -> UUID:
    calendar = await planning.add_calendar(
        hall.id, PLUGIN, horizon_days=_HORIZON_DAYS, opens_weekday=station.opens_weekday, opens_at=station.opens_at
    )
    await planning.offer(calendar, DEPOSIT, station.first, station.further, number=True)
    await planning.offer(calendar, COLLECTION, *COLLECTING)
    for kind in KINDS:
        if not kind.online:
            await planning.offer(calendar, kind.key, kind.first, kind.further, online=False)
    for number, hours in enumerate(station.desks, start=1):
        await planning.add_desk(calendar, f"Station {number}", weekly(hours))
    today = (await grids.plan_of(calendar)).today
    await grids.open_days(calendar, since=today - timedelta(days=PAST_DAYS))
    return calendar


def _homes(hall: PlaceInfo, towns: Mapping[UUID, EmitterInfo]) -> Homes:
    others = [(town.insee, town.population) for town in towns.values() if town.insee and town.id != hall.emitter]
    return Homes(towns[hall.emitter].insee, [insee for insee, _ in others], [population for _, population in others])


def _booked(plan: Plan, station: Station, homes: Homes) -> Iterator[Booked]:
    """What is taken at a town hall, desk by desk and day by day."""
    for number, desk in enumerate(plan.openings):
        for ahead in range(-PAST_DAYS, (plan.last - plan.today).days + 1):
            # Of the desk and the day alone, so that a change elsewhere changes nothing here.
            random = Random(f"{_SEED} {station.place} {number} {ahead}")  # noqa: S311 - the same everywhere
            day = plan.today + timedelta(days=ahead)
            for visit in visits(plan.grid(desk, day).grid, station, share_taken(ahead), random):
                start = instant_of(day, visit.cell, plan.openings[desk].zone)
                yield _one(desk, day, start, visit, ahead, homes, random)


def _one(desk: UUID, day: date, start: datetime, visit: Visit, ahead: int, homes: Homes, random: Random) -> Booked:
    now, end = clock.now(), start + timedelta(minutes=visit.cells * CELL_MINUTES)
    opened = min(start, now) - timedelta(days=random.uniform(0.1, 20), minutes=abs(ahead))
    # Numbers are declared as soon as the worker runs, so only those of visits that are still to come.
    come = party(visit.people, visit.kind == DEPOSIT and ahead > 0, homes, random)
    # Drawn whatever the hour is, so that the rest of the day does not depend on it.
    ended = ending(opened, start, end, random)
    return Booked(desk, day, start, end, visit, come, opened, ended if end <= now else None)
