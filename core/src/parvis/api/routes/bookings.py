"""Turning a hold into a booking; showing, moving and cancelling it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from parvis import plugins, settings
from parvis.api import secrets
from parvis.api.bodies.bookings import Booked, BookingInfo, Move, NewBooking
from parvis.api.bodies.words import PlaceRef
from parvis.api.routes.offering import client, count, offered
from parvis.api.rules import read_kind_slot
from parvis.api.secrets import WrongSecret
from parvis.calendars import queries as calendars
from parvis.calendars.actions import HoldGone, SlotFull
from parvis.calendars.slots import UnknownSlot
from parvis.contract.values import BookingRequest, Service
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries as dossier_queries
from parvis.dossiers.actions import By
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.identity.guards import actor_of
from parvis.identity.shares import count_claim
from parvis.territory import queries as territory
from parvis.web.exchange import Operation, answer, converted, nothing, read_body
from parvis.web.i18n import language
from parvis.web.idempotency import Done, once

_AnyRequest = Request[Any, Any, Any]
_BOOK = Operation(
    summary="Book a held hour",
    description="`details` is what the service asks, see `details` of /api/v1/services. The contact in it is proved "
    "by its code first (/api/v1/contacts), or is that of the account signed in. From here on the hold's identifier "
    "and secret are the booking's.",
    tag="Bookings",
    body=NewBooking,
    answer=Booked,
    status=201,
    answered="The hour is booked.",
    refusals=(WrongSecret, HoldGone, Refused, NotFound, Invalid),
    secret=True,
    key=True,
)
_SHOW = Operation(
    summary="Show a booking",
    tag="Bookings",
    answer=BookingInfo,
    answered="The booking.",
    refusals=(WrongSecret, NotFound),
    secret=True,
)
_MOVE = Operation(
    summary="Move a booking",
    description="To another hour or place, up to its start. The old hour is kept until the new one is sure.",
    tag="Bookings",
    body=Move,
    answer=BookingInfo,
    answered="The booking at its new hour.",
    refusals=(WrongSecret, SlotFull, UnknownSlot, Refused, NotFound, Invalid),
    secret=True,
)
_CANCEL = Operation(
    summary="Cancel a booking",
    description="Up to its start; doing it again answers the same.",
    tag="Bookings",
    status=204,
    answered="The booking is cancelled.",
    refusals=(WrongSecret, Refused, NotFound),
    secret=True,
)


@post("/api/v1/bookings", **offered(_BOOK))
async def book(request: _AnyRequest) -> Response[bytes]:
    """Turn a hold into a booking. Raises WrongSecret, HoldGone, Refused, Invalid, NotFound."""
    count_claim(request)
    asked = await read_body(request, NewBooking)
    secret = secrets.read(request, asked.hold)
    service = await _service_of(asked.hold)
    wanted = BookingRequest(
        hold=asked.hold,
        secret=secret,
        details=converted(asked.details, service.details, "details"),
        language=asked.language or language(request),
        person=(actor := actor_of(request)).person,
        account=actor.owner,
        behalf=actor.behalf,
        proof=asked.proof,
        home=asked.municipality,
    )
    done = await once(request, client(request), lambda: _booked(service, wanted))
    return answer(done.status, done.body, done.location)


@get("/api/v1/bookings/{booking_id:uuid}", **offered(_SHOW))
async def show(request: _AnyRequest, booking_id: FromPath[UUID]) -> Response[bytes]:
    """A booking as it stands. Raises WrongSecret, NotFound."""
    count(request)
    await _own_dossier(request, booking_id)
    return answer(200, await _shown(booking_id))


@post("/api/v1/bookings/{booking_id:uuid}/move", **offered(_MOVE))
async def move(request: _AnyRequest, booking_id: FromPath[UUID]) -> Response[bytes]:
    """Move a booking. Raises WrongSecret, SlotFull, UnknownSlot, Refused, NotFound, Invalid."""
    count_claim(request)
    asked = read_kind_slot((await read_body(request, Move)).slot)
    dossier, booking = await _own_dossier(request, booking_id), await calendars.booking(booking_id)
    if asked.kind != booking.kind:
        raise Invalid(Refusal("kind-unknown", Text("This hour is of another kind."), "slot"))
    place = await _place_of(asked.slot.calendar)
    by = By.resident(actor_of(request))
    await dossiers.move_visit(dossier, asked.slot.calendar, asked.slot.start, place, by)
    return answer(200, await _shown(booking_id))


@delete("/api/v1/bookings/{booking_id:uuid}", **offered(_CANCEL))
async def cancel(request: _AnyRequest, booking_id: FromPath[UUID]) -> Response[None]:
    """Cancel a booking; again is the same. Raises WrongSecret, Refused once it has begun, NotFound."""
    count(request)
    by = By.resident(actor_of(request))
    await dossiers.cancel_visit(await _own_dossier(request, booking_id), by)
    return nothing()


async def _booked(service: Service, wanted: BookingRequest) -> Done:
    if service.book is None:
        raise NotFound
    made = await service.book(wanted)
    told = Booked(id=made.booking, reference=made.reference, link=settings.current().base_url + made.link)
    return Done(201, msgspec.json.encode(told), f"/api/v1/bookings/{made.booking}")


async def _service_of(hold: UUID) -> Service:
    try:
        return plugins.current().service((await calendars.booking(hold)).service)[1]
    except NotFound as error:
        # A hold that lapsed was swept away with its row.
        raise HoldGone from error


async def _place_of(calendar: UUID) -> str:
    try:
        return (await territory.place(await calendars.place_of(calendar))).name
    except NotFound as error:
        raise UnknownSlot from error


async def _own_dossier(request: _AnyRequest, booking: UUID) -> UUID:
    """The dossier of a booking, for whoever has its secret. Raises WrongSecret, NotFound."""
    secret = secrets.read(request, booking)
    found = await dossier_queries.of_booking(booking)
    if found is None or not await calendars.was_held_with(booking, secret):
        raise NotFound
    return found.id


async def _shown(booking_id: FromPath[UUID]) -> BookingInfo:
    booking, dossier = await calendars.booking(booking_id), await dossier_queries.of_booking(booking_id)
    if dossier is None:
        raise NotFound
    place = await territory.place(booking.place)
    return BookingInfo(
        id=booking.id,
        reference=dossier.reference,
        state="confirmed" if booking.state == "confirmed" else "cancelled",
        place=PlaceRef(id=place.id, name=place.name),
        service=booking.service,
        kind=booking.kind,
        people=booking.people,
        start=booking.start,
        end=booking.end,
    )
