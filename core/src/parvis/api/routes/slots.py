"""Searching hours over every place of the territory."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from parvis.api import queries
from parvis.api.bodies.slots import DayCount, FreeSlot, Months, SlotPage, SlotQuery, Sought
from parvis.api.bodies.words import PlaceRef
from parvis.api.routes.offering import count, offered
from parvis.calendars import search
from parvis.errors import Invalid
from parvis.web.exchange import Operation, answer, read_query

_AnyRequest = Request[Any, Any, Any]
_SLOTS = Operation(
    summary="Search free hours",
    description="Over every place of the territory, the soonest or the nearest first. What is found is a hint: "
    "somebody else may be quicker, and only a hold is sure.",
    tag="Hours",
    query=SlotQuery,
    answer=SlotPage,
    answered="A page of free hours.",
    refusals=(Invalid,),
)
_MONTHS = Operation(
    summary="Count free hours by day",
    description="For a calendar view: how many appointments can be taken each day over all the places sought.",
    tag="Hours",
    query=Sought,
    answer=Months,
    answered="The days with anything free.",
    refusals=(Invalid,),
)


@get("/api/v1/slots", **offered(_SLOTS))
async def slots(request: _AnyRequest) -> Response[bytes]:
    """A page of free hours."""
    count(request)
    asked = read_query(request, SlotQuery)
    wanted = await queries.wanted(asked)
    page = await search.search(wanted, order=asked.order, limit=asked.limit, cursor=asked.after or None)
    return answer(200, SlotPage(items=tuple(_slot(found, wanted.kind) for found in page.items), next=page.next))


@get("/api/v1/slots/months", **offered(_MONTHS))
async def months(request: _AnyRequest) -> Response[bytes]:
    """How many appointments are free each day."""
    count(request)
    wanted = await queries.wanted(read_query(request, Sought))
    per_day = await search.per_day(wanted)
    return answer(200, Months(days=tuple(DayCount(day=day, free=free) for day, free in per_day.items())))


def _slot(found: search.FreeSlot, kind: str) -> FreeSlot:
    return FreeSlot(
        id=f"{found.id}.{kind}",
        place=PlaceRef(id=found.place, name=found.place_name),
        start=found.start,
        end=found.end,
        free=found.free,
        distance_m=found.distance_m,
    )
