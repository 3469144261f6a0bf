"""The demo's appointments: seven town halls open for half a year, the next weeks partly taken, today's list full.

People and their visits are invented by generators with a fixed seed, relative to today; days near are fuller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from parvis import clock, crypto
from parvis.calendars import grids, planning
from parvis.calendars import imports as calendars
from parvis.calendars.bitmaps import cells_of, fitting, marks
from parvis.calendars.imports import Taken
from parvis.calendars.rules import cells_needed, instant_of
from parvis.db import new_id, transaction
from parvis.dossiers import imports as dossiers
from parvis.dossiers.imports import Former
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis.territory.queries import PlaceInfo
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.queries import DETAILS, PLUGIN
from parvis_idcard.rules import COLLECTION, DEPOSIT, KINDS, Age, Paper, Situation
from parvis_idcard.stations import STATIONS, Station, weekly

_SEED = 20_261_124
_HORIZON_DAYS = 190
_COLLECTING = (10, 5)
_COLLECTIONS = 0.25
_TERRITORY = "m2a"
# How much of a day is taken, by its distance from today in days: a wait of one to six days, as the territory has now.
_TAKEN = ((0, 0.97), (1, 0.93), (2, 0.88), (4, 0.8), (7, 0.62), (14, 0.4), (28, 0.18), (56, 0.06), (84, 0.02))
_GIVEN = (
    "Amina Antoine Camille Chloé Clara David Élise Emma Enzo Fatma Gabriel Hugo Inès Jeanne Jules Julien Karim Laura "
    "Léa Léo Lina Louis Lucas Manon Marie Martin Mehdi Nathan Nina Noé Paul Rose Sarah Théo Thomas Yanis Zoé"
)
_FAMILY = (
    "Arnold Baumann Bauer Benali Burger Diallo Ehret Fernandez Fischer Fuchs Girard Haas Hamm Heitz Jung Kaya Keller "
    "Klein Koenig Lang Litzler Martin Meyer Muller Nguyen Petit Richard Ritter Roth Schmitt Simon Stoll Sutter Walter "
    "Weber Wolf Yilmaz Zimmermann"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """An invented visit: where it lies in a desk's day, what for, who comes."""

    cell: int
    cells: int
    kind: str
    people: int
    paper: Paper | None


@dataclass(frozen=True, slots=True)
class _Booked:
    taken: Taken
    visit: Visit
    names: tuple[tuple[str, str], ...]


async def seed() -> None:
    """Open the stations of the town halls that are there, publish the service, and take a part of the hours."""
    halls = {place.slug: place for place in await queries.places()}
    async with transaction():
        whole = await queries.emitter_by_slug(_TERRITORY)
        await _offer(whole.id)
        for station in STATIONS:
            if station.place in halls:
                await _offer(halls[station.place].emitter)
                await _fill(halls[station.place], station, await _open(halls[station.place], station))


def share_taken(days_ahead: int) -> float:
    """How much of a day is taken, 0 to 1, falling with its distance from today.

    >>> [share_taken(days) for days in (0, 3, 400)]
    [0.97, 0.88, 0.0]
    """
    if days_ahead > 2 * _TAKEN[-1][0]:
        return 0.0
    return next(share for since, share in reversed(_TAKEN) if days_ahead >= since)


def visits(grid: int, station: Station, share: float, random: Random) -> Iterator[Visit]:
    """Invented visits that take about `share` of a desk's day, none overlapping, each at a start people can choose."""
    step = cells_needed(station.first, 0, 1)
    done = 0
    for start in cells_of(marks(grid, step)):
        if start < done or random.random() >= share:
            continue
        collecting = random.random() < _COLLECTIONS
        for visit in _collections(grid, start, step) if collecting else _deposit(grid, start, station, random):
            done = visit.cell + visit.cells
            yield visit


def _deposit(grid: int, start: int, station: Station, random: Random) -> list[Visit]:
    people = random.choices((1, 2, 3, 4), (76, 17, 5, 2))[0]
    paper = random.choices(tuple(Paper), (55, 35, 10))[0]
    cells = cells_needed(station.first, station.further, people)
    if start not in cells_of(fitting(grid, cells)):
        people, cells = 1, cells_needed(station.first, station.further, 1)
    if start not in cells_of(fitting(grid, cells)):
        return []
    return [Visit(start, cells, DEPOSIT, people, paper)]


def _collections(grid: int, start: int, step: int) -> list[Visit]:
    """As many people collecting as fit into the time of a deposit."""
    cells = cells_needed(*_COLLECTING, 1)
    fit = fitting(grid, cells)
    starts = range(start, start + step - cells + 1, cells)
    return [Visit(at, cells, COLLECTION, 1, None) for at in starts if at in cells_of(fit)]


async def _offer(emitter: UUID) -> None:
    await territory.enable_plugin(emitter, PLUGIN)
    await territory.publish(emitter, PLUGIN)


async def _open(hall: PlaceInfo, station: Station) -> UUID:
    calendar = await planning.add_calendar(
        hall.id, PLUGIN, horizon_days=_HORIZON_DAYS, opens_weekday=station.opens_weekday, opens_at=station.opens_at
    )
    await planning.offer(calendar, DEPOSIT, station.first, station.further, number=True)
    await planning.offer(calendar, COLLECTION, *_COLLECTING)
    for kind in KINDS:
        if not kind.online:
            await planning.offer(calendar, kind.key, kind.first, kind.further, online=False)
    for number, hours in enumerate(station.desks, start=1):
        await planning.add_desk(calendar, f"Station {number}", weekly(hours))
    await grids.open_days(calendar)
    return calendar


async def _fill(hall: PlaceInfo, station: Station, calendar: UUID) -> None:
    plan = await grids.plan_of(calendar)
    booked = []
    for number, desk in enumerate(plan.openings):
        for ahead in range((plan.last - plan.today).days + 1):
            # Of the desk and the day alone, so that a change elsewhere changes nothing here.
            random = Random(f"{_SEED} {station.place} {number} {ahead}")  # noqa: S311 - the same everywhere
            day = plan.today + timedelta(days=ahead)
            grid = plan.grid(desk, day).grid
            zone = plan.openings[desk].zone
            booked += [
                _booked(desk, day, instant_of(day, visit.cell, zone), visit, ahead, random)
                for visit in visits(grid, station, share_taken(ahead), random)
            ]
    await calendars.bring_in([found.taken for found in booked])
    await dossiers.bring_in([_former(found, hall) for found in booked])
    await _write(booked)


def _booked(desk: UUID, day: date, start: datetime, visit: Visit, ahead: int, random: Random) -> _Booked:
    created = clock.now() - timedelta(days=random.uniform(0.1, 20), minutes=ahead)
    family = random.choice(_FAMILY.split())
    names = tuple((random.choice(_GIVEN.split()), family) for _ in range(visit.people))
    taken = Taken(
        id=new_id(),
        desk=desk,
        day=day,
        cell=visit.cell,
        cells=visit.cells,
        start=start,
        kind=visit.kind,
        people=visit.people,
        dossier=new_id(),
        created=created,
    )
    return _Booked(taken, visit, names)


def _former(booked: _Booked, hall: PlaceInfo) -> Former:
    return Former(
        id=booked.taken.dossier,
        service=PLUGIN,
        emitter=hall.emitter,
        booking=booked.taken.id,
        names=tuple(f"{given} {family}" for given, family in booked.names),
        place=hall.name,
        start=booked.taken.start,
        opened=booked.taken.created,
        kept_days=Settings().kept_days,
    )


async def _write(booked: Sequence[_Booked]) -> None:
    visits = [(found.taken.dossier, found.visit.kind, found.visit.paper, found.taken.created) for found in booked]
    people = [
        (new_id(), found.taken.dossier, position, _age(position), Situation.RENEWAL, _sealed(*name), None, True)
        for found in booked
        for position, name in enumerate(found.names)
    ]
    columns = ("id", "dossier", "position", "age", "situation", "details", "number_digest", "live")
    async with transaction() as c:
        await c.copy_records_to_table(
            "visit", schema_name="idcard", columns=("dossier", "kind", "paper", "booked_at"), records=visits
        )
        await c.copy_records_to_table("applicant", schema_name="idcard", columns=columns, records=people)


def _age(position: int) -> Age:
    """The first of a family is an adult, the others are children: somebody has to come with them."""
    return Age.ADULT if position == 0 else (Age.MINOR, Age.UNDER_12)[position % 2]


def _sealed(given: str, family: str) -> bytes:
    # No number: who booked by telephone brings it along.
    return crypto.encrypt(msgspec.json.encode({"given": given, "family": family, "number": None}), DETAILS)
