"""Reads of the API: what a search asks for in the calendars' own terms, and places with what they offer."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from parvis import plugins
from parvis.api.bodies.catalogue import PlaceQuery
from parvis.api.bodies.slots import Sought
from parvis.api.rules import kind_of, kind_refusals, sought_refusals
from parvis.calendars import offering
from parvis.calendars.search import Wanted
from parvis.calendars.slots import Slot
from parvis.contract.values import Kind, Service
from parvis.db import connection
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.territory import queries as territory
from parvis.territory.queries import PlaceInfo

Point = tuple[float, float]
_OFFERS = """
SELECT DISTINCT place, service FROM parvis.offering($1, $2, $3) WHERE coalesce(published, true)
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A place, its emitter's short name, and the keys of the services offered there."""

    place: PlaceInfo
    emitter: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferedPage:
    """Some places, and the cursor of the next page if there is one."""

    items: tuple[Offered, ...]
    next: str | None


async def wanted(sought: Sought) -> Wanted:
    """What to look for. Raises Invalid, naming each parameter that makes no sense."""
    service = _service(sought.service)
    kind = kind_of(service, sought.kind or None)
    if isinstance(kind, Refusal):
        raise Invalid(kind)
    if refusals := sought_refusals(sought) + kind_refusals(kind, sought.reason or None, sought.people):
        raise Invalid(refusals)
    return Wanted(
        service=service.key,
        kind=kind.key,
        people=sought.people,
        since=sought.since or None,
        until=sought.until or None,
        near=await _point(sought),
        places=frozenset(sought.place),
        weekdays=frozenset(sought.weekday),
        half_day=sought.half_day or None,
        accessible=sought.accessible,
    )


def kinds_named(key: str) -> list[Kind]:
    """The kinds of that key, over all services: a slot's code has a kind, and no service."""
    return [
        kind for plugin in plugins.current() for service in plugin.services for kind in service.kinds if kind.key == key
    ]


async def asks_work(slot: Slot) -> bool:
    """Whether an hour's emitter asks for a proof of work before it is held. Raises UnknownSlot if nobody offers it."""
    found = await offering.one(slot.calendar, slot.start)
    services = (service for plugin in plugins.current() for service in plugin.services)
    asking = next((service.asks_work for service in services if service.key == found.service), None)
    return asking is not None and await asking(found.owner)


async def places(asked: PlaceQuery) -> OfferedPage:
    """A page of places with what they offer, by municipality and name. Raises Invalid for a cursor of no place."""
    offers, emitters = await _offers(), {emitter.id: emitter.slug for emitter in await territory.emitters()}
    known = [place for place in await territory.places() if not asked.service or asked.service in offers[place.id]]
    begin = _index_after(known, asked.after) if asked.after else 0
    shown = known[begin : begin + asked.limit]
    more = begin + asked.limit < len(known)
    items = tuple(Offered(place, emitters[place.emitter], tuple(sorted(offers[place.id]))) for place in shown)
    return OfferedPage(items, _cursor(shown[-1]) if more and shown else None)


async def _offers() -> Mapping[UUID, set[str]]:
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    async with connection() as c:
        for row in await c.fetch(_OFFERS, *offering.asked()):
            found[row["place"]].add(row["service"])
    return found


def _service(key: str) -> Service:
    try:
        return plugins.current().service(key)[1]
    except NotFound as error:
        text = Text("There is no such service here; /api/v1/services lists them.")
        raise Invalid(Refusal("service-unknown", text, "service")) from error


async def _point(sought: Sought) -> Point | None:
    if isinstance(sought.lat, float) and isinstance(sought.lon, float):
        return sought.lat, sought.lon
    if not isinstance(sought.near, str):
        return None
    typed = sought.near.strip()
    towns = [town for town in await territory.emitters("municipality") if typed in (*town.postcodes, town.insee)]
    towns = towns or await territory.municipalities_like(typed, limit=1)
    if not towns:
        text = Text("No municipality of this territory has this postcode, INSEE code or name.")
        raise Invalid(Refusal("near-unknown", text, "near"))
    town = max(towns, key=lambda found: found.population)
    return town.latitude, town.longitude


def _cursor(place: PlaceInfo) -> str:
    return base64.urlsafe_b64encode(place.id.bytes).rstrip(b"=").decode()


def _index_after(known: list[PlaceInfo], cursor: str) -> int:
    try:
        last = UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return next(index for index, place in enumerate(known) if place.id == last) + 1
    except (binascii.Error, ValueError, StopIteration) as error:
        text = Text("This cursor is not of this list. Please start again without it.")
        raise Invalid(Refusal("cursor-invalid", text, "after")) from error
