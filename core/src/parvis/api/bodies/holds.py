"""Holding an hour."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from parvis.api.bodies.words import (
    End,
    Expires,
    Identifier,
    Key,
    People,
    PlaceRef,
    Reason,
    SlotId,
    Start,
)


class NewHold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hour to hold."""

    slot: SlotId
    people: People = 1
    reason: Reason | None = None
    kind: Annotated[Key, Meta(description="The slot's own kind; any other is refused.")] | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """An hour held for whoever has the secret."""

    id: Identifier
    expires: Expires
    secret: Annotated[
        str,
        Meta(
            description="The bearer token for this hold and the booking made of it. It is shown once; keep it.",
            examples=["f3a9c1.1798891200.MDE5…"],
        ),
    ]
    start: Start
    end: End


class HoldInfo(Struct, frozen=True, kw_only=True):
    """A hold that has not lapsed."""

    id: Identifier
    expires: Expires
    place: PlaceRef
    service: Annotated[str, Meta(examples=["idcard"])]
    kind: Annotated[str, Meta(examples=["deposit"])]
    people: Annotated[int, Meta(examples=[2])]
    start: Start
    end: End


class Extended(Struct, frozen=True, kw_only=True):
    """A hold that was prolonged."""

    id: Identifier
    expires: Expires
