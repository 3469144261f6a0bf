"""Searching hours: what is asked and what is found."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct
from msgspec import UnsetType as Unset

from parvis.api.bodies.words import (
    Cursor,
    Distance,
    End,
    Key,
    Kind,
    Latitude,
    Longitude,
    People,
    PlaceRef,
    Reason,
    SlotId,
    Start,
)


class Sought(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What hours are sought; every parameter but the service can be left out."""

    service: Annotated[Key, Meta(description="A service's key, see /api/v1/services.", examples=["idcard"])]
    kind: Kind | Unset = UNSET
    reason: Reason | Unset = UNSET
    people: People = 1
    near: (
        Annotated[
            str,
            Meta(
                pattern=r"^[^\x00-\x1f\x7f]{1,100}$",
                description="Postcode, INSEE code or name of a municipality of the territory, from which to measure.",
                examples=["68100"],
            ),
        ]
        | Unset
    ) = UNSET
    lat: Latitude | Unset = UNSET
    lon: Longitude | Unset = UNSET
    since: (
        Annotated[date, Meta(description="First day, in the place's time; today if left out.", examples=["2027-01-04"])]
        | Unset
    ) = UNSET
    until: (
        Annotated[
            date,
            Meta(description="Last day, in the place's time; the last open one if left out.", examples=["2027-02-28"]),
        ]
        | Unset
    ) = UNSET
    place: Annotated[tuple[UUID, ...], Meta(max_length=50, description="Only these places; may be repeated.")] = ()
    weekday: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=7)], ...],
        Meta(max_length=7, description="Only these days of the week, 1 is Monday; may be repeated.", examples=[[1, 3]]),
    ] = ()
    half_day: (
        Annotated[Literal["morning", "afternoon"], Meta(description="Only before, or from, noon in the place's time.")]
        | Unset
    ) = UNSET
    accessible: Annotated[bool, Meta(description="Only places a wheelchair can enter.")] = False


class SlotQuery(Sought, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of hours."""

    order: Annotated[
        Literal["time", "distance"], Meta(description="The soonest first, or all of the nearest place first.")
    ] = "time"
    limit: Annotated[int, Meta(ge=1, le=100, description="How many hours a page has at most.")] = 20
    after: Cursor | Unset = UNSET


class FreeSlot(Struct, frozen=True, kw_only=True):
    """An hour that could be taken when this was answered."""

    id: SlotId
    place: PlaceRef
    start: Start
    end: End
    free: Annotated[
        int, Meta(ge=1, description="How many such appointments can still be taken then and there.", examples=[2])
    ]
    distance_m: Distance


class SlotPage(Struct, frozen=True, kw_only=True):
    """Some free hours, and where the list goes on."""

    items: tuple[FreeSlot, ...]
    next: Annotated[
        str | None, Meta(description="Pass it as `after` for the next page; null on the last one.", examples=[None])
    ]


class DayCount(Struct, frozen=True, kw_only=True):
    """A day and how many appointments can be taken on it."""

    day: Annotated[date, Meta(description="In the places' time.", examples=["2027-01-04"])]
    free: Annotated[int, Meta(ge=1, description="Free starts over all the places sought.", examples=[37])]


class Months(Struct, frozen=True, kw_only=True):
    """The days with anything free; a day that is not listed has nothing."""

    days: tuple[DayCount, ...]
