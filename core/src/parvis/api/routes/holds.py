"""Holding an hour for as long as a form takes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.api import queries, secrets
from parvis.api.bodies.holds import Extended, HoldInfo, NewHold, Taken
from parvis.api.bodies.words import PlaceRef
from parvis.api.routes.offering import client, count, offered
from parvis.api.rules import KindSlot, kind_refusals, read_kind_slot
from parvis.api.secrets import WrongSecret
from parvis.calendars import actions
from parvis.calendars import queries as calendars
from parvis.calendars.actions import HoldGone, SlotFull
from parvis.calendars.slots import UnknownSlot
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.identity.shares import count_claim, count_unproved
from parvis.territory import queries as territory
from parvis.web.exchange import Operation, answer, nothing, read_body
from parvis.web.idempotency import Done, once

_AnyRequest = Request[Any, Any, Any]
_HOLD = Operation(
    summary="Hold an hour",
    description="The hour is this client's for ten minutes (a setting of the instance), then it is free again.",
    tag="Holds",
    body=NewHold,
    answer=Taken,
    status=201,
    answered="The hour is held.",
    refusals=(SlotFull, UnknownSlot, Invalid),
    key=True,
)
_SHOW = Operation(
    summary="Show a hold",
    tag="Holds",
    answer=HoldInfo,
    answered="The hold.",
    refusals=(WrongSecret, NotFound),
    secret=True,
)
_EXTEND = Operation(
    summary="Prolong a hold",
    description="Once, to thirty minutes after it was taken (a setting of the instance).",
    tag="Holds",
    answer=Extended,
    answered="The hold, with its new end.",
    refusals=(WrongSecret, HoldGone, Refused, NotFound),
    secret=True,
)
_RELEASE = Operation(
    summary="Give a hold back",
    description="Its hour is free at once. Doing it again, or too late, changes nothing and answers the same.",
    tag="Holds",
    status=204,
    answered="The hour is not held by this client any more.",
    refusals=(WrongSecret, NotFound),
    secret=True,
)


@post("/api/v1/holds", **offered(_HOLD))
async def hold(request: _AnyRequest) -> Response[bytes]:
    """Hold an hour; only a few where browsers calculate first. Raises SlotFull, UnknownSlot, Invalid, TooMany."""
    count_claim(request)
    asked = await read_body(request, NewHold)
    wanted = read_kind_slot(asked.slot)
    if refusals := _refusals(asked, wanted):
        raise Invalid(refusals)
    if await queries.asks_work(wanted.slot):
        count_unproved(request)

    async def act() -> Done:
        held = await actions.hold(wanted.slot.calendar, wanted.kind, wanted.slot.start, asked.people)
        secret = secrets.issue(held.id, held.secret, held.end)
        taken = Taken(id=held.id, expires=held.until, secret=secret, start=held.start, end=held.end)
        return Done(201, msgspec.json.encode(taken), f"/api/v1/holds/{held.id}")

    done = await once(request, client(request), act)
    return answer(done.status, done.body, done.location)


@get("/api/v1/holds/{hold_id:uuid}", **offered(_SHOW))
async def show(request: _AnyRequest, hold_id: FromPath[UUID]) -> Response[bytes]:
    """A hold that has not lapsed. Raises WrongSecret, NotFound."""
    count(request)
    held = await calendars.held(hold_id, secrets.read(request, hold_id))
    if held.hold_until is None or held.hold_until <= clock.now():
        raise NotFound
    place = await territory.place(held.place)
    shown = HoldInfo(
        id=held.id,
        expires=held.hold_until,
        place=PlaceRef(id=place.id, name=place.name),
        service=held.service,
        kind=held.kind,
        people=held.people,
        start=held.start,
        end=held.end,
    )
    return answer(200, shown)


@post("/api/v1/holds/{hold_id:uuid}/extension", **offered(_EXTEND))
async def extend(request: _AnyRequest, hold_id: FromPath[UUID]) -> Response[bytes]:
    """Prolong a hold, once. Raises WrongSecret, HoldGone, Refused."""
    count(request)
    until = await actions.extend(hold_id, secrets.read(request, hold_id))
    return answer(200, Extended(id=hold_id, expires=until))


@delete("/api/v1/holds/{hold_id:uuid}", **offered(_RELEASE))
async def release(request: _AnyRequest, hold_id: FromPath[UUID]) -> Response[None]:
    """Give a hold back; again is the same. Raises WrongSecret."""
    count(request)
    secret = secrets.read(request, hold_id)
    try:
        await actions.release(hold_id, secret)
    except HoldGone:
        # Given back before, lapsed, or booked: this client holds nothing, as it wished.
        return nothing()
    return nothing()


def _refusals(asked: NewHold, wanted: KindSlot) -> list[Refusal]:
    if asked.kind and asked.kind != wanted.kind:
        return [Refusal("kind-unknown", Text("This hour is of another kind."), "kind")]
    checked = [kind_refusals(kind, asked.reason, asked.people) for kind in queries.kinds_named(wanted.kind)]
    # Services may share a kind's name: one that allows it is enough here, the calendar itself decides.
    return [] if [] in checked else next(iter(checked), [])
