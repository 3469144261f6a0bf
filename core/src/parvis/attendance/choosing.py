"""A resident whose desk fell out chooses another hour in one click. Opening the page changes nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.attendance import outages
from parvis.attendance.outages import Outage
from parvis.calendars.actions import SlotFull
from parvis.calendars.queries import BookingInfo, booking
from parvis.calendars.slots import Slot, UnknownSlot, read_slot
from parvis.dossiers import actions, reading
from parvis.dossiers.actions import By
from parvis.dossiers.pages import visit_page
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.territory import queries as territory
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")
_TAKEN = Text("This hour has just been taken. Your hour is still yours; choose another one below.")


class Chosen(msgspec.Struct, frozen=True):
    """The hour that was clicked."""

    slot: str = ""


@get("/my/visits/{dossier:uuid}/other", **_PUBLIC)
async def propose(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """The hours nearest to the one that fell out, as they are free now."""
    return await _page(request, await _own(request, dossier))


@post("/my/visits/{dossier:uuid}/other", status_code=303, **_PUBLIC)
async def choose(request: _AnyRequest, dossier: FromPath[UUID]) -> Response[Any]:
    """Take the hour; the old one is kept until it is sure."""
    found = await _own(request, dossier)
    form, held = await forms.read(request, Chosen), await _booking(found)
    try:
        slot = read_slot(form.text("slot"))
        if slot not in await _proposed(held):
            raise UnknownSlot
        place, by = await territory.place(held.place), By.resident(guards.actor_of(request))
        await actions.move_visit(found.id, slot.calendar, slot.start, place.name, by, counter=True)
    except (SlotFull, UnknownSlot):
        return await _page(request, found, Refusal("slot-full", _TAKEN), 409)
    except Refused as refused:
        return await _page(request, found, refused.refusals[0], refused.status)
    return pages.see_other(_address(request, found.id, told="moved"))


async def _page(
    request: _AnyRequest, found: DossierInfo, refused: Refusal | None = None, status: int = 200
) -> Response[Any]:
    held = await _booking(found)
    return pages.render(
        request,
        "attendance/other.html",
        status=status,
        dossier=found,
        held=held,
        zone=ZoneInfo(held.zone),
        place=await territory.place(held.place),
        outage=await _outage(held),
        hours=await _proposed(held),
        refused=refused,
        told=request.query_params.get("told", ""),
        visit_page=await visit_page(found),
        address=_address(request, found.id),
    )


async def _outage(held: BookingInfo) -> Outage | None:
    """What keeps a visit that is to come from taking place at its hour."""
    to_come = held.state == "confirmed" and held.start > clock.now()
    return await outages.of_booking(held.id) if to_come else None


async def _proposed(held: BookingInfo) -> list[Slot]:
    """The hours that may be chosen now; none if nothing fell out."""
    if await _outage(held) is None:
        return []
    return [Slot(held.calendar, start) for start in await outages.proposals(held)]


async def _own(request: _AnyRequest, dossier: UUID) -> DossierInfo:
    """The dossier, for whoever it belongs to. Raises NotFound, Unreadable."""
    return await reading.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))


async def _booking(found: DossierInfo) -> BookingInfo:
    if found.visit is None:
        raise NotFound
    return await booking(found.visit.booking)


def _address(request: _AnyRequest, dossier: UUID, **more: str) -> str:
    key = request.query_params.get("key")
    query = urlencode(({"key": key} if key else {}) | more)
    return f"/my/visits/{dossier}/other" + (f"?{query}" if query else "")


HANDLERS = (propose, choose)
