"""Fields that several bodies share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
SlotId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{27}\.[a-z][a-z0-9-]{1,39}$",
        description="An hour as the search gave it: an opaque code.",
        examples=["AZO3n5LkdIyAVAV6L2fLwQHHY5g.deposit"],
    ),
]
Reason = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9-]{1,40}$",
        description="What it is for, one of the kind's reasons; its first one if left out.",
        examples=["CNI"],
    ),
]
Kind = Annotated[Key, Meta(description="A kind of the service; its first one if left out.", examples=["deposit"])]
People = Annotated[
    int, Meta(ge=1, le=50, description="How many people come; each adds time. Kinds have a maximum.", examples=[2])
]
Start = Annotated[datetime, Meta(tz=True, description="When it begins (UTC).", examples=["2027-01-04T08:20:00Z"])]
End = Annotated[datetime, Meta(tz=True, description="When it ends (UTC).", examples=["2027-01-04T08:50:00Z"])]
Expires = Annotated[
    datetime,
    Meta(tz=True, description="Until when the hour is held (UTC).", examples=["2027-01-02T10:10:00Z"]),
]
Identifier = Annotated[UUID, Meta(examples=["019b1f0e-5f6a-7c3e-9d2a-3a4b5c6d7e8f"])]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees north, WGS84.", examples=[47.7489])]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees east, WGS84.", examples=[7.3253])]
Distance = Annotated[
    int | None, Meta(description="Metres as the crow flies from where was asked; null if nowhere was.", examples=[3771])
]
Cursor = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_=-]{1,200}$",
        description="Where to go on: `next` of the page before, with the same other parameters.",
    ),
]


class PlaceRef(Struct, frozen=True, kw_only=True):
    """A place, by its identifier and name."""

    id: Identifier
    name: Annotated[str, Meta(examples=["Mairie d’Illzach"])]
