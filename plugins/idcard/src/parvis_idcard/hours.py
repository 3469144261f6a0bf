"""Finding an hour: what somebody looks for, read from the address, and what there is for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock, settings
from parvis.calendars import offering, search
from parvis.calendars.search import FreeSlot, PlaceHours, Wanted
from parvis.db import fold
from parvis.errors import Refusal, Text
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields
from parvis_idcard.rules import DEPOSIT, PEOPLE, WITHOUT_PAPER, Paper

What = Literal["CNI", "PASSPORT", "CNI-PASSPORT", "collection", "certification", "incomplete"]
_DAYS_SHOWN = 2
_HOURS_SHOWN = 8
_HOURS_READ = 40
_HOURS_OF_A_DAY = 120
_MONTHS = 3
# Nothing published is nothing found; an empty set would mean anywhere.
_NOWHERE = UUID(int=0)
_FURTHEST = timedelta(days=400)


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, as the address says it; days are the territory's.

    `acting` is set while somebody books for another person: for which town hall, or as a helper (`seats`).
    """

    what: Annotated[What, fields.Missing(Text("Choose what the appointment is for."))]
    people: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE)] = 1
    near: fields.Line | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    since: date | None = None
    view: Literal["list", "month"] = "list"
    order: Literal["near", "soon"] = "near"
    place: tuple[str, ...] = ()
    weekday: tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...] = ()
    half: Literal["morning", "afternoon"] | None = None
    accessible: bool = False
    day: date | None = None
    acting: Annotated[str, msgspec.Meta(max_length=60)] | None = None

    @property
    def kind(self) -> str:
        """The kind of appointment."""
        return self.what if self.what in WITHOUT_PAPER else DEPOSIT

    @property
    def paper(self) -> Paper | None:
        """The paper applied for."""
        return None if self.what in WITHOUT_PAPER else Paper(self.what)

    @property
    def filtered(self) -> bool:
        """Whether less is shown than there is."""
        return bool(self.place or self.weekday or self.half or self.accessible)

    def query(self, **changed: Any) -> str:
        """The query of an address with some things changed; what has its default is left out."""
        shown: list[tuple[str, str]] = []
        for name, value in (msgspec.structs.asdict(self) | changed).items():
            if name == "what" or value != getattr(_DEFAULTS, name):
                several = value if isinstance(value, tuple) else (value,)
                shown += [(name, _plain(item)) for item in several if item is not None]
        return urlencode(shown)


_DEFAULTS = Search(what="CNI")


@dataclass(frozen=True, slots=True)
class From:
    """Where somebody comes from: a point (WGS84), its name, and other municipalities it may have been meant for."""

    point: tuple[float, float] | None = None
    name: str = ""
    guessed: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayHours:
    """A place's free hours of one local day."""

    day: date
    slots: Sequence[FreeSlot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A town hall with its first days, or with none; `more` says that there are other hours."""

    place: territory.PlaceInfo
    zone: ZoneInfo
    distance_m: int | None
    days: Sequence[DayHours]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is: some hours to offer first, the town halls, the days of the months, places to filter by."""

    offers: Sequence[FreeSlot] = ()
    choices: Sequence[Choice] = ()
    months: Sequence[tuple[date, Mapping[date, int]]] = ()
    places: Sequence[territory.PlaceInfo] = ()
    elsewhere: Sequence[FreeSlot] = ()
    by_id: Mapping[UUID, territory.PlaceInfo] = field(default_factory=dict)

    @property
    def emitters(self) -> frozenset[UUID]:
        """Whose hours they are."""
        slots = (*self.offers, *self.elsewhere)
        return frozenset(place.emitter for place in self.places) | {slot.emitter for slot in slots}


def refusals(asked: Search, today: date) -> list[Refusal]:
    """What keeps a search from being made."""
    found = []
    if asked.since is not None and asked.since < today:
        found.append(Refusal("date-past", Text("This day is over. Choose today or a later day."), "since"))
    elif asked.since is not None and asked.since > today + _FURTHEST:
        text = Text("No hours are open that far ahead. Choose a day within the next months.")
        found.append(Refusal("date-far", text, "since"))
    return found


async def origin(asked: Search, emitter: EmitterInfo) -> From | Refusal:
    """Where the search begins: a municipality as typed, a position, else the emitter's own."""
    # What is typed comes last: a position may still stand in the form from the search before.
    if not asked.near and asked.lat is not None and asked.lon is not None:
        return From((asked.lat, asked.lon))
    if not asked.near:
        own = emitter.kind == "municipality"
        return From((emitter.latitude, emitter.longitude) if own else None, emitter.name if own else "")
    towns = await territory.municipalities_like(asked.near)
    if not towns:
        text = Text(
            "We do not know this municipality. Write its name or its postcode, for example: Illzach or 68110. If you "
            "come from elsewhere, leave it empty: every town hall is shown."
        )
        return Refusal("municipality-unknown", text, "near")
    best = towns[0]
    typed = "".join(asked.near.split())
    guessed = fold(asked.near) != fold(best.name) and typed not in best.postcodes
    same_postcode = [town.name for town in towns[1:] if typed in town.postcodes]
    others = [town.name for town in towns[1:4]] if guessed else same_postcode
    return From((best.latitude, best.longitude), best.name, guessed, tuple(others))


async def home(near: str | None) -> str | None:
    """The INSEE code of the municipality somebody said they come from; None where they did not, or it is not sure."""
    towns = await territory.municipalities_like(near) if near else []
    return towns[0].insee if towns and fold(near or "") == fold(towns[0].name) else None


async def find(asked: Search, emitter: EmitterInfo, where: From) -> Found:
    """Everything the page of results shows."""
    places = {place.id: place for place in await places_of(emitter)}
    wanted = _wanted(asked, where, places)
    if asked.view == "month" and asked.day is None:
        return Found(months=await _months(wanted, asked), places=list(places.values()), by_id=places)
    hours = await search.by_place(
        wanted,
        each=_HOURS_OF_A_DAY if asked.day else _HOURS_READ,
        order="time" if asked.order == "soon" or where.point is None else "distance",
    )
    choices = [choice_of(found, places[found.place], bool(asked.day)) for found in hours if found.place in places]
    free = any(choice.days for choice in choices)
    return Found(
        offers=await search.suggestions(wanted) if free and asked.day is None else (),
        choices=choices,
        places=list(places.values()),
        elsewhere=() if free else await _elsewhere(asked, where),
        by_id=await _by_id(places) if not free else places,
    )


async def nearest(slot_start: datetime, asked: Search, place: UUID) -> Sequence[FreeSlot]:
    """Free hours of a place around an instant, when that very hour has just gone; then anywhere."""
    zone = settings.current().zone
    since = max(slot_start.astimezone(zone).date(), clock.now().astimezone(zone).date())
    wanted = Wanted(service="idcard", kind=asked.kind, people=asked.people, since=since, places=frozenset({place}))
    there = (await search.search(wanted, limit=_HOURS_SHOWN)).items
    return there or await _elsewhere(asked, From())


async def places_of(emitter: EmitterInfo) -> list[territory.PlaceInfo]:
    """The places whose hours an emitter's pages show: those it offers itself, else those of everybody.

    A municipality's page never shows others'.
    """
    offered = await offering.offered("idcard")
    own = {one.place for one in offered if one.offerer == emitter.id}
    shown = own if own or emitter.kind == "municipality" else {one.place for one in offered}
    return [place for place in await territory.places() if place.id in shown]


def _wanted(asked: Search, where: From, places: Mapping[UUID, territory.PlaceInfo]) -> Wanted:
    chosen = frozenset(found.id for found in places.values() if found.slug in asked.place)
    return Wanted(
        service="idcard",
        kind=asked.kind,
        people=asked.people,
        since=asked.day or asked.since,
        until=asked.day,
        near=where.point,
        places=chosen or frozenset(places) or frozenset({_NOWHERE}),
        weekdays=frozenset(asked.weekday),
        half_day=asked.half,
        accessible=asked.accessible,
    )


async def _elsewhere(asked: Search, where: From) -> Sequence[FreeSlot]:
    """The soonest hours anywhere, whatever was filtered."""
    wanted = Wanted(
        service="idcard",
        kind=asked.kind,
        people=asked.people,
        near=where.point,
        places=frozenset(one.place for one in await offering.offered("idcard")) or frozenset({_NOWHERE}),
    )
    return await search.suggestions(wanted)


async def _by_id(places: Mapping[UUID, territory.PlaceInfo]) -> Mapping[UUID, territory.PlaceInfo]:
    return {place.id: place for place in await territory.places()} | dict(places)


async def _months(wanted: Wanted, asked: Search) -> list[tuple[date, Mapping[date, int]]]:
    today = clock.now().astimezone(settings.current().zone).date()
    counts = await search.per_day(wanted)
    first = (asked.since or today).replace(day=1)
    firsts = [first]
    for _ in range(_MONTHS - 1):
        firsts.append((firsts[-1] + timedelta(days=32)).replace(day=1))
    shown = [month for month in firsts if any(_same_month(day, month) for day in counts)] or firsts[:1]
    return [(month, {day: free for day, free in counts.items() if _same_month(day, month)}) for month in shown]


def _same_month(day: date, month: date) -> bool:
    return (day.year, day.month) == (month.year, month.month)


def choice_of(found: PlaceHours, place: territory.PlaceInfo, whole_day: bool = False) -> Choice:
    """A place with its first hours, or all those of a day."""
    zone = found.slots[0].zone if found.slots else settings.current().zone
    days = [DayHours(day, slots) for day, slots in search.by_day(found.slots)]
    if whole_day:
        return Choice(place=place, zone=zone, distance_m=found.distance_m, days=days, more=False)
    shown = [DayHours(each.day, each.slots[:_HOURS_SHOWN]) for each in days[:_DAYS_SHOWN]]
    more = len(found.slots) > sum(len(each.slots) for each in shown)
    return Choice(place=place, zone=zone, distance_m=found.distance_m, days=shown, more=more)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return value.isoformat() if isinstance(value, date) else str(value)
