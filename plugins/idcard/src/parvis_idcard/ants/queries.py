"""What the national search is answered: our places, their free hours, the live appointments of application numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis import clock, settings
from parvis.branding import queries as branding
from parvis.calendars import offering, search
from parvis.calendars import queries as calendars
from parvis.calendars.search import Wanted
from parvis.calendars.slots import Slot
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound
from parvis.territory import queries as territory
from parvis.territory.queries import PlaceInfo
from parvis_idcard.ants import rules
from parvis_idcard.ants.rules import SlotsAsked, written_slots
from parvis_idcard.queries import PLUGIN, number_digest
from parvis_idcard.rules import DEPOSIT

# More than there are: an index that is still cold is read whole.
_EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Station:
    """A place that the search may know, with the short name of its emitter."""

    place: PlaceInfo
    emitter: str

    @property
    def page(self) -> str:
        """The service's page of its emitter."""
        return f"{settings.current().base_url}/e/{self.emitter}/{PLUGIN}"


@dataclass(frozen=True, slots=True)
class LiveDeposit:
    """A coming deposit of an application number: `applicant` names it in addresses, `start` is UTC."""

    applicant: UUID
    place: PlaceInfo
    start: datetime
    zone: ZoneInfo


async def listed() -> list[tuple[Station, str | None]]:
    """The active places with hours for deposits from today on, each with its emitter's logo (a path) if it has one."""
    stations, brands = await _stations(), await branding.brands()
    opened = await search.opened(_deposits(stations)) if stations else frozenset()
    return [(station, brands[station.emitter].logo) for key, station in stations.items() if key in opened]


async def written_hours(asked: SlotsAsked) -> bytes:
    """The answer in JSON: a key for every place that was asked for, whether it is ours or not."""
    wanted = frozenset(asked.places)
    stations = {key: station for key, station in (await _stations()).items() if station.place.slug in wanted}
    found = await search.timetable(_deposits(stations, asked)) if stations else ()
    days = {stations[one.place].place.slug: one.days for one in found}
    page, separator = _page(), "{"
    parts: list[str] = []
    for slug in dict.fromkeys(asked.places):
        parts += [separator, msgspec.json.encode(slug).decode(), ":"]
        parts += written_slots(page, slug, days.get(slug, ()), asked.reason, asked.documents)
        separator = ","
    return "".join((*parts, "}")).encode()


async def live_deposits(number: str) -> list[LiveDeposit]:
    """The coming deposits of an application number: one, or none."""
    sql = (
        "SELECT applicant.id, applicant.dossier FROM idcard.applicant JOIN idcard.visit USING (dossier) "
        "WHERE live AND number_digest = $1 AND visit.kind = $2"
    )
    async with connection() as c:
        rows = await c.fetch(sql, number_digest(number.upper()), DEPOSIT)
    found = [await _live(row["id"], await dossiers.dossier(row["dossier"])) for row in rows]
    return [deposit for deposit in found if deposit is not None]


async def dossier_of(applicant: UUID) -> DossierInfo:
    """The dossier behind the address of an application number, over or not. Raises NotFound."""
    sql = "SELECT dossier FROM idcard.applicant JOIN idcard.visit USING (dossier) WHERE applicant.id = $1 AND kind = $2"
    async with connection() as c:
        dossier = await c.fetchval(sql, applicant, DEPOSIT)
    if dossier is None:
        raise NotFound
    return await dossiers.dossier(dossier)


def address_of(applicant: UUID) -> str:
    """The one address of an application number's appointment: no secret in it, the same wherever it is moved to."""
    return f"{own_addresses()}{applicant}"


def own_addresses() -> str:
    """What the addresses of this instance's appointments begin with."""
    return f"{_page()}/appointment/"


async def hour_of(place: str, typed: str) -> Slot | None:
    """The hour of an address: a place's short name and its wall-clock time; None if there cannot be one."""
    stations = [station for station in (await _stations()).values() if station.place.slug == place]
    calendar = await calendars.calendar_of(stations[0].place.id, PLUGIN) if stations else None
    wall = rules.read_hour(typed)
    if calendar is None or wall is None:
        return None
    start = wall.replace(tzinfo=await calendars.zone_of(calendar)).astimezone(UTC)
    return Slot(calendar, start) if start > clock.now() else None


def _page() -> str:
    """The territory's page of the service: it stays whatever becomes of a town hall."""
    now = settings.current()
    return f"{now.base_url}/e/{now.territory}/{PLUGIN}"


async def _live(applicant: UUID, dossier: DossierInfo) -> LiveDeposit | None:
    visit = dossier.visit
    if visit is None or not visit.live or visit.end <= clock.now():
        return None
    zone = ZoneInfo((await calendars.booking(visit.booking)).zone)
    return LiveDeposit(applicant, await territory.place(visit.place), visit.start, zone)


async def _stations() -> dict[UUID, Station]:
    """The places whose hours are offered to residents, by id."""
    offered = {one.place for one in await offering.offered(PLUGIN)}
    slugs = {found.id: found.slug for found in await territory.emitters()}
    return {place.id: Station(place, slugs[place.emitter]) for place in await territory.places() if place.id in offered}


def _deposits(places: Iterable[UUID], asked: SlotsAsked | None = None) -> Wanted:
    return Wanted(
        service=PLUGIN,
        kind=DEPOSIT,
        people=asked.documents if asked else 1,
        since=asked.since if asked else None,
        until=asked.until if asked else None,
        places=frozenset(places),
        most_places=_EVERY,
    )
