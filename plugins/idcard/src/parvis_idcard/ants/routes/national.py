"""The three paths under `/ants` that the national search calls, in exactly the shapes it reads."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.connection import ASGIConnection

from parvis import crypto, settings
from parvis.identity import guards
from parvis_idcard.ants import queries, rules
from parvis_idcard.ants.queries import Station
from parvis_idcard.ants.rules import BadParameter
from parvis_idcard.environment import Environment

_AnyRequest = Request[Any, Any, Any]
_HEADERS = {"Cache-Control": "no-store"}


async def _is_the_search(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the request carries one of the tokens; how long the comparing takes tells nothing."""
    now = settings.provided(Environment)
    sent = connection.headers.get(now.ants_header, "").encode()
    # Each is compared, so that an old token takes no longer than a new one.
    return sum(crypto.same(sent, token.encode()) for token in now.ants_tokens) > 0


_ONLY_THE_SEARCH = guards.page(guards.machine(_is_the_search), "machine")


class MeetingPoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place as the search lists it; the point is WGS84."""

    id: str
    name: str
    longitude: float
    latitude: float
    public_entry_address: str
    zip_code: str
    city_name: str
    website: str = ""
    city_logo: str = ""


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment of an application number; the address of cancelling only asks."""

    meeting_point: str
    datetime: str
    management_url: str
    cancel_url: str


@get("/getManagedMeetingPoints", **_ONLY_THE_SEARCH)
async def meeting_points() -> Response[bytes]:
    """The places one can book at."""
    return _json(msgspec.json.encode([_point(station, logo) for station, logo in await queries.listed()]))


@get("/availableTimeSlots", **_ONLY_THE_SEARCH)
async def time_slots(request: _AnyRequest) -> Response[bytes]:
    """The free hours of places, each with the page that holds it. Raises BadParameter."""
    asked = rules.read_slots_asked(rules.read_pairs(request.scope["query_string"]))
    return _json(await queries.written_hours(asked))


@get("/searchApplicationIds", **_ONLY_THE_SEARCH)
async def applications(request: _AnyRequest) -> Response[bytes]:
    """The live appointments of application numbers. Raises BadParameter."""
    numbers = rules.read_numbers(rules.read_pairs(request.scope["query_string"]))
    return _json(msgspec.json.encode({number: await _appointments(number) for number in numbers}))


def wrong_token(_: _AnyRequest, __: Exception) -> Response[Any]:
    """The token is missing or wrong: the search's own words for it, which name the header."""
    header = settings.provided(Environment).ants_header.upper()
    return Response({"detail": f"{header} header invalid"}, status_code=401, headers=_HEADERS)


def bad_parameter(_: _AnyRequest, error: BadParameter) -> Response[Any]:
    """A parameter cannot be understood."""
    return Response({"error": {"code": 400, "message": error.message}}, status_code=400, headers=_HEADERS)


async def _appointments(number: str) -> list[Appointment]:
    return [
        Appointment(
            meeting_point=deposit.place.name,
            datetime=rules.wall_hour(deposit.start, deposit.zone),
            management_url=queries.address_of(deposit.applicant),
            cancel_url=f"{queries.address_of(deposit.applicant)}/cancel",
        )
        for deposit in await queries.live_deposits(number)
    ]


def _point(station: Station, logo: str | None) -> MeetingPoint:
    place = station.place
    return MeetingPoint(
        id=place.slug,
        name=place.name,
        longitude=place.longitude,
        latitude=place.latitude,
        public_entry_address=rules.street(place.address, place.postcode),
        zip_code=place.postcode,
        city_name=place.city,
        website=station.page,
        city_logo=f"{settings.current().base_url}{logo}" if logo else "",
    )


def _json(body: bytes) -> Response[bytes]:
    return Response(body, media_type="application/json", headers=_HEADERS)


HANDLERS = (meeting_points, time_slots, applications)
