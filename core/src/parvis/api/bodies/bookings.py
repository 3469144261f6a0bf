"""Booking a held hour, moving and cancelling it; proving a contact."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from parvis.api.bodies.words import (
    End,
    Identifier,
    PlaceRef,
    SlotId,
    Start,
)


class NewBooking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What turns a hold into a booking; the hold's secret is the bearer token."""

    hold: Identifier
    details: Annotated[
        msgspec.Raw,
        Meta(description="What the service asks, as a JSON object: its schema is `details` of the service."),
    ]
    proof: (
        Annotated[
            UUID, Meta(description="A contact proved by its code (POST /api/v1/contacts). Not for somebody signed in.")
        ]
        | None
    ) = None
    language: (
        Annotated[Literal["fr", "de", "en"], Meta(description="Language of the messages; the request's if left out.")]
        | None
    ) = None
    municipality: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9][0-9AB][0-9]{3}$",
                description="INSEE code of the municipality the people come from; only the figures use it.",
                examples=["68224"],
            ),
        ]
        | None
    ) = None


class Booked(Struct, frozen=True, kw_only=True):
    """A booking just made."""

    id: Identifier
    reference: Annotated[str, Meta(description="What people call it.", examples=["K7M29QXP"])]
    link: Annotated[
        str, Meta(description="The page that shows it.", examples=["https://rdv.m2a.fr/e/illzach/idcard/visit/…"])
    ]


class BookingInfo(Struct, frozen=True, kw_only=True):
    """A booking as it stands."""

    id: Identifier
    reference: Annotated[str, Meta(examples=["K7M29QXP"])]
    state: Literal["confirmed", "cancelled"]
    place: PlaceRef
    service: Annotated[str, Meta(examples=["idcard"])]
    kind: Annotated[str, Meta(examples=["deposit"])]
    people: Annotated[int, Meta(examples=[2])]
    start: Start
    end: End


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new hour, for the same kind and number of people."""

    slot: SlotId


class NewContact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact to be proved: an e-mail address or a mobile telephone number, one of the two."""

    email: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{3,254}$", examples=["lea.martin@example.org"])] | None = None
    phone: (
        Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{3,40}$", description="Instead: a mobile number, +33612345678.")]
        | None
    ) = None
    language: Annotated[Literal["fr", "de", "en"], Meta(description="Language of the message.")] | None = None


class ContactAsked(Struct, frozen=True, kw_only=True):
    """A code is on its way."""

    proof: Identifier


class TypedCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code as it was received."""

    code: Annotated[str, Meta(pattern=r"^[0-9 ]{6,20}$", examples=["048213"])]
