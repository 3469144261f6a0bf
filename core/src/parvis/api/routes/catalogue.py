"""Places and services."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get

from parvis import plugins
from parvis.api import queries
from parvis.api.bodies.catalogue import KindInfo, PlaceInfo, PlacePage, PlaceQuery, ServiceInfo, Services
from parvis.api.routes.offering import count, offered
from parvis.contract.values import Service
from parvis.errors import Invalid
from parvis.web.exchange import Operation, answer, read_query
from parvis.web.i18n import language, translate

_AnyRequest = Request[Any, Any, Any]
_PLACES = Operation(
    summary="List places",
    description="By municipality and name.",
    tag="Catalogue",
    query=PlaceQuery,
    answer=PlacePage,
    answered="A page of places.",
    refusals=(Invalid,),
)
_SERVICES = Operation(
    summary="List services",
    description="With their kinds, reasons, and the schema of what a booking asks.",
    tag="Catalogue",
    answer=Services,
    answered="Every service of this instance.",
)


@get("/api/v1/places", **offered(_PLACES))
async def places(request: _AnyRequest) -> Response[bytes]:
    """A page of places."""
    count(request)
    page = await queries.places(read_query(request, PlaceQuery))
    return answer(200, PlacePage(items=tuple(_place(found) for found in page.items), next=page.next))


@get("/api/v1/services", **offered(_SERVICES))
async def services(request: _AnyRequest) -> Response[bytes]:
    """Every service."""
    count(request)
    lang = language(request)
    found = tuple(_service(service, lang) for plugin in plugins.current() for service in plugin.services)
    return answer(200, Services(items=found))


def _place(found: queries.Offered) -> PlaceInfo:
    place = found.place
    return PlaceInfo(
        id=place.id,
        name=place.name,
        emitter=found.emitter,
        address=place.address,
        postcode=place.postcode,
        city=place.city,
        latitude=place.latitude,
        longitude=place.longitude,
        accessible=place.accessible,
        phone=place.phone,
        services=found.services,
    )


def _service(service: Service, lang: str) -> ServiceInfo:
    kinds = tuple(
        KindInfo(
            key=kind.key,
            name=translate(kind.name, lang),
            minutes_first=kind.first,
            minutes_further=kind.further,
            people_max=kind.people,
            reasons=kind.reasons,
        )
        for kind in service.kinds
        if kind.online
    )
    return ServiceInfo(
        key=service.key,
        name=translate(service.name, lang),
        summary=translate(service.summary, lang),
        kinds=kinds,
        details=msgspec.json.schema(service.details),
    )
