"""The page of one hour, to which the national search leads: held at once for whoever follows the link.

What only looks ahead (a browser's prefetch, a preview, a robot) is shown the hour and a button, and holds nothing.
Whatever has become of the hour, there is a page with a way on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.datastructures import Cookie, State
from litestar.params import FromPath

from parvis import crypto
from parvis.calendars import queries as calendars
from parvis.calendars.actions import SlotFull
from parvis.calendars.slots import Slot, UnknownSlot
from parvis.errors import TooMany
from parvis.identity import sessions
from parvis.identity.actors import Actor
from parvis.settings import current
from parvis.territory import queries as territory
from parvis.territory.queries import PlaceInfo
from parvis.web import limits, pages
from parvis_idcard import drafts, work
from parvis_idcard.ants import queries, rules
from parvis_idcard.ants.rules import BadParameter
from parvis_idcard.hours import Search
from parvis_idcard.routes import finding
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.rules import PEOPLE, Paper

_Request = Request[Actor, None, State]
# A double click sends two requests before the first answer's cookie is there.
_DOUBLE_CLICK = timedelta(seconds=15)
_NOT_KEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


@get("/at/{place:str}/{hour:str}", **PUBLIC)
async def open_hour(request: _Request, place: FromPath[str], hour: FromPath[str]) -> Response[Any]:
    """Hold the hour and go on to its form; the nearest ones if it has gone, the search if nothing fits."""
    asked, slot = _asked(request), await queries.hour_of(place, hour)
    if asked is None or slot is None:
        return pages.see_other(_elsewhere(request, asked))
    try:
        if rules.opened_by_somebody(request.headers):
            await work.count(request, (await _place(slot)).emitter)
            return await _held(request, slot, asked)
    except TooMany:
        return await _shown(request, slot, asked)
    except (SlotFull, UnknownSlot):
        found = await territory.emitter_by_slug(str(request.path_params["emitter"]))
        return await finding.gone(request, found, slot.code, asked, status=200)
    return await _shown(request, slot, asked)


async def _held(request: _Request, slot: Slot, asked: Search) -> Response[Any]:
    client = crypto.code_digest(limits.client_digest(request).hex(), "idcard-hour").hex()[:14]
    page = await _page_of(request, client, slot, asked)
    try:
        token = await drafts.take(page, slot.code, asked, None)
    except SlotFull:
        if not await _gave_back_twin(client, slot):
            raise
        token = await drafts.take(page, slot.code, asked, None)
    owner = await territory.emitter((await _place(slot)).emitter)
    response = pages.see_other(f"/e/{owner.slug}/idcard/hold/{token}")
    response.cookies.append(_cookie(page))
    return response


async def _page_of(request: _Request, client: str, slot: Slot, asked: Search) -> str:
    """On which page of results this visitor chooses: back again it is the same, another hour returns the first."""
    known = request.cookies.get(_cookie_name(), "")
    earlier = await drafts.of_page(known) if known else None
    if earlier is not None and (earlier.slot != slot.code or earlier.asked == asked):
        return known
    if earlier is not None:
        await drafts.give_back(earlier)
    else:
        await _gave_back_twin(client, slot)
    return f"{client}.{crypto.new_secret()[:24]}"


async def _gave_back_twin(client: str, slot: Slot) -> bool:
    """Give back what the first of two quick clicks has held; its page was never seen."""
    twin = await drafts.just_begun(client, slot.code, _DOUBLE_CLICK)
    if twin is not None:
        await drafts.give_back(twin)
    return twin is not None


async def _shown(request: _Request, slot: Slot, asked: Search) -> Response[Any]:
    place, base = await _place(slot), f"/e/{request.path_params['emitter']}/idcard"
    return pages.render(
        request,
        "idcard/hour.html",
        headers=_NOT_KEPT,
        slot=slot,
        zone=await calendars.zone_of(slot.calendar),
        place=place,
        asked=asked,
        page=crypto.new_secret(),
        base=base,
        asking=await work.asking(base, {place.emitter}),
    )


def _asked(request: _Request) -> Search | None:
    """What the search asked for, if a place can take it."""
    try:
        people = rules.read_documents(request.query_params.get("documents_number", "1"))
        paper = Paper(request.query_params.get("reason", ""))
    except (BadParameter, ValueError):
        return None
    return Search(what=paper.value, people=people) if people <= PEOPLE else None


def _elsewhere(request: _Request, asked: Search | None) -> str:
    """The free hours of every town hall; the question itself if what was asked cannot be answered."""
    page = f"/e/{request.path_params['emitter']}/idcard"
    if asked is not None:
        return f"{page}/hours?{asked.query()}"
    told = {"reason": request.query_params.get("reason"), "people": request.query_params.get("documents_number")}
    return f"{page}?{urlencode({name: value for name, value in told.items() if value})}"


async def _place(slot: Slot) -> PlaceInfo:
    return await territory.place(await calendars.place_of(slot.calendar))


def _cookie_name() -> str:
    return f"{sessions.cookie_name(current())}_hour"


def _cookie(page: str) -> Cookie:
    """It lasts no longer than the hold, and says nothing of anybody."""
    lasts = int(current().hold.total_seconds())
    return Cookie(
        _cookie_name(), value=page, path="/", httponly=True, samesite="lax", secure=current().secure, max_age=lasts
    )


HANDLERS = (open_hour,)
