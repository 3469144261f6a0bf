"""An hour while it is held: whose it is, prolonged, given back, and what there is when its time ran out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import crypto
from parvis.calendars import actions as calendars
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import HoldGone
from parvis.calendars.queries import BookingInfo
from parvis.contract.values import Booked
from parvis.dossiers import queries as dossiers
from parvis.errors import Refused
from parvis.identity import guards, shares
from parvis.identity.actors import Actor
from parvis.settings import current
from parvis.web import forms, pages
from parvis.web.forms import Form
from parvis_idcard import actions, drafts, hours, queries, seats, work
from parvis_idcard.details import DetailsForm
from parvis_idcard.drafts import Draft, DraftGone
from parvis_idcard.routes.finding import PUBLIC

_Request = Request[Actor, None, State]


class Elsewhere(Exception):
    """The hour was booked already: a double click, the way back, a second tab. `url` shows the appointment."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def go_there(_: _Request, error: Elsewhere) -> Response[None]:
    """Lead on to what became of it."""
    return pages.see_other(error.url)


@post("/hold/{token:str}/longer", status_code=303, **PUBLIC)
async def keep_longer(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Prolong the hold, once, for whoever needs more time to type; what is typed so far is kept."""
    draft, held = await received(request, token, await forms.read(request, DetailsForm))
    if held is None:
        return await lapsed(request, draft)
    with suppress(Refused, HoldGone):
        await calendars.extend(draft.hold, draft.secret)
    return pages.see_other(addresses(request, draft)["here_url"])


@post("/hold/{token:str}/release", status_code=303, **PUBLIC)
async def give_back(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Give the hour back, to choose another one."""
    draft, held = await where(request, token)
    if held is not None:
        with suppress(HoldGone):
            await calendars.release(draft.hold, draft.secret)
    return pages.see_other(back_to_hours(request, draft))


async def where(request: _Request, token: str) -> tuple[Draft, BookingInfo | None]:
    """The draft, and its hour while it is held.

    Raises Elsewhere if it was booked already, NotFound, or what `seats.acting` does for a draft that is not theirs;
    Forbidden for a proxy who may not act in this service.
    """
    if (booked := await actions.booked_before(*drafts.parts(token))) is not None:
        raise Elsewhere(await shown_at(request, booked))
    guards.may_act(request, queries.PLUGIN)
    draft = await drafts.of_token(token)
    await seats.acting(request, draft.asked.acting)
    held = await calendar_queries.held(draft.hold, draft.secret) if await drafts.is_held(draft) else None
    return draft, held


async def received(request: _Request, token: str, form: Form[DetailsForm]) -> tuple[Draft, BookingInfo | None]:
    """The draft with what was just sent kept in it; begun again if it was forgotten long ago, then without an hour."""
    try:
        draft, held = await where(request, token)
    except DraftGone:
        shares.count_claim(request)
        return await drafts.begin_again(token, form.raw), None
    await drafts.keep(draft, form.raw)
    return draft, held


async def shown_at(request: _Request, booked: Booked, told: str = "") -> str:
    """Where what was booked is shown: to whoever booked it for somebody else, among the others they booked."""
    seat = await seats.which_booked(request.user, booked.dossier)
    if seat is None:
        return f"{booked.link}&new=yes" if told else booked.link
    return seat.address(await dossiers.dossier(booked.dossier), **({"told": told} if told else {}))


async def lapsed(request: _Request, draft: Draft) -> Response[Any]:
    """The time ran out: what is kept, and the next hours."""
    place = await calendar_queries.place_of(draft.hour.calendar)
    base = f"/e/{request.path_params['emitter']}/idcard"
    seat = await seats.acting(request, draft.asked.acting)
    slots = await hours.nearest(draft.hour.start, draft.asked, place)
    return pages.render(
        request,
        "idcard/lapsed.html",
        status=409 if request.method == "POST" else 200,
        draft=draft,
        seat=seat,
        kept=draft.form is not None or request.method == "POST",
        slots=slots,
        page=crypto.new_secret(),
        base=base,
        asking=await work.asking(base, {slot.emitter for slot in slots}, seat),
        hours_url=back_to_hours(request, draft),
    )


def addresses(request: _Request, draft: Draft) -> dict[str, Any]:
    """Where the pages of the service and of this hour are, for a template."""
    base = f"/e/{request.path_params['emitter']}/idcard"
    return {"base": base, "here_url": f"{base}/hold/{draft.token}"}


def back_to_hours(request: _Request, draft: Draft) -> str:
    """Where another hour is chosen, with what is typed carried along."""
    emitter = current().territory if request.path_params["emitter"] not in draft.asked.place else ""
    slug = emitter or request.path_params["emitter"]
    return f"/e/{slug}/idcard/hours?{draft.asked.query()}&carry={draft.token}"


HANDLERS = (keep_longer, give_back)
