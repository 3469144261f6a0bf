"""Places and services."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct
from msgspec import UnsetType as Unset

from parvis.api.bodies.words import (
    Cursor,
    Identifier,
    Key,
    Latitude,
    Longitude,
)


class PlaceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which places."""

    service: Annotated[Key, Meta(description="Only those that offer this service.", examples=["idcard"])] | Unset = (
        UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=200, description="How many places a page has at most.")] = 100
    after: Cursor | Unset = UNSET


class PlaceInfo(Struct, frozen=True, kw_only=True):
    """A place where services are offered."""

    id: Identifier
    name: Annotated[str, Meta(examples=["Mairie d’Illzach"])]
    emitter: Annotated[str, Meta(description="Short name of the body it belongs to.", examples=["illzach"])]
    address: Annotated[str, Meta(examples=["9 place de la République"])]
    postcode: Annotated[str, Meta(examples=["68110"])]
    city: Annotated[str, Meta(examples=["Illzach"])]
    latitude: Latitude
    longitude: Longitude
    accessible: Annotated[bool, Meta(description="Whether a wheelchair can enter.")]
    phone: Annotated[str, Meta(examples=["03 89 62 53 00"])]
    services: Annotated[tuple[str, ...], Meta(description="Keys of the services offered.", examples=[["idcard"]])]


class PlacePage(Struct, frozen=True, kw_only=True):
    """Some places, by municipality and name, and where the list goes on."""

    items: tuple[PlaceInfo, ...]
    next: Annotated[str | None, Meta(description="Pass it as `after`; null on the last page.", examples=[None])]


class KindInfo(Struct, frozen=True, kw_only=True):
    """A kind of a service. A place may take more or less time than is usual."""

    key: Annotated[str, Meta(examples=["deposit"])]
    name: Annotated[str, Meta(description="In the language of the request.", examples=["Déposer une demande"])]
    minutes_first: Annotated[int, Meta(description="Usual minutes for one person.", examples=[20])]
    minutes_further: Annotated[int, Meta(description="Usual minutes for each further person.", examples=[10])]
    people_max: Annotated[int, Meta(examples=[8])]
    reasons: Annotated[tuple[str, ...], Meta(examples=[["CNI", "PASSPORT", "CNI-PASSPORT"]])]


class ServiceInfo(Struct, frozen=True, kw_only=True):
    """A service that can be booked."""

    key: Annotated[str, Meta(examples=["idcard"])]
    name: Annotated[str, Meta(description="In the language of the request.", examples=["Carte d’identité, passeport"])]
    summary: Annotated[str, Meta(examples=["Déposer une demande ou retirer un titre."])]
    kinds: tuple[KindInfo, ...]
    details: Annotated[
        dict[str, Any],
        Meta(description="JSON Schema (2020-12) of what a booking asks.", examples=[{"type": "object"}]),
    ]


class Services(Struct, frozen=True, kw_only=True):
    """The services of this instance."""

    items: tuple[ServiceInfo, ...]
