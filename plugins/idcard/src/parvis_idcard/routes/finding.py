"""Finding an hour: what for, for how many, from where, from when; the hours; taking one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, crypto, settings
from parvis.calendars.actions import SlotFull
from parvis.calendars.queries import kinds_online, place_of
from parvis.calendars.slots import UnknownSlot, read_slot
from parvis.contract.values import Kind
from parvis.errors import NotFound, Refusal
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import challenges, forms, i18n, pages
from parvis.web.forms import Form
from parvis_idcard import drafts, hours, seats, work
from parvis_idcard.drafts import Draft
from parvis_idcard.hours import Search
from parvis_idcard.queries import PLUGIN
from parvis_idcard.rules import KINDS, WITHOUT_PAPER
from parvis_idcard.seats import Seat

_Request = Request[Actor, None, State]
PUBLIC: dict[str, Any] = {"guards": [guards.public()], **guards.declared("everyone")}


class Taken(msgspec.Struct, frozen=True):
    """An hour chosen on a page of results."""

    slot: Annotated[str, msgspec.Meta(max_length=60)]
    search: Annotated[str, msgspec.Meta(max_length=drafts.SEARCH)]
    page: Annotated[str, msgspec.Meta(max_length=40)]
    carry: str | None = None
    answer: challenges.Answer = ""


@get("/", **PUBLIC)
async def ask(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """What somebody looks for. A town hall's permanent link, with `?kind=` and `?lang=`."""
    found = await territory.emitter_by_slug(emitter)
    typed = forms.query(request, Search)
    seat = await seats.acting(request, typed.text("acting"))
    kind = typed.text("kind")
    what = typed.text("what") or (kind if kind in WITHOUT_PAPER else typed.text("reason"))
    near, people = typed.text("near"), typed.text("people") or "1"
    form = forms.blank(what=what or None, near=near or None, people=people, since=typed.text("since") or None)
    return i18n.arrive(request, await _asked(request, found, form, carry=typed.text("carry"), seat=seat))


@get("/hours", **PUBLIC)
async def choose(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """The free hours, by list or by month."""
    found = await territory.emitter_by_slug(emitter)
    form = forms.query(request, Search)
    carry, seat = form.text("carry"), await seats.acting(request, form.text("acting"))
    if form.errors or (refused := hours.refusals(form.value, _today())):
        return await _asked(request, found, form if form.errors else form.refused(refused), 422, carry, seat)
    where = await hours.origin(form.value, found)
    if isinstance(where, Refusal):
        return await _asked(request, found, form.refused([where]), 422, carry, seat)
    return await _hours(request, found, form.value, where, carry=carry)


@post("/hold", status_code=303, **PUBLIC)
async def take(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """Hold an hour, and go on in the look of its town hall; the nearest ones if it has just gone."""
    found = await territory.emitter_by_slug(emitter)
    form = await forms.read(request, Taken)
    asked = forms.decode(Search, form.text("search").encode())
    if form.errors or asked.errors:
        return pages.see_other(f"/e/{emitter}/idcard")
    return await taken(request, found, form.value, asked.value)


@get("/challenge/{owner:uuid}", **PUBLIC)
async def challenge(owner: FromPath[UUID]) -> Response[bytes]:
    """What a browser solves before it takes an hour of an emitter that asks for it."""
    told = msgspec.json.encode(challenges.issue(owner))
    return Response(told, media_type="application/json", headers={"Cache-Control": "no-store"})


async def taken(request: _Request, emitter: EmitterInfo, chosen: Taken, asked: Search) -> Response[Any]:
    """Hold an hour, and go on in the look of its town hall; the nearest ones if it has just gone. Raises TooMany."""
    guards.may_act(request, PLUGIN)
    seat = await seats.acting(request, asked.acting)
    try:
        owner = await _owner(chosen.slot)
        if seat is None:
            await work.count(request, owner.id, chosen.answer)
        token = await drafts.take(chosen.page, chosen.slot, asked, await carried_draft(chosen.carry))
    except (SlotFull, UnknownSlot):
        return await gone(request, emitter, chosen.slot, asked, chosen.carry or "")
    return pages.see_other(f"/e/{owner.slug}/idcard/hold/{token}")


async def _owner(slot: str) -> EmitterInfo:
    """Whose hour it is. Raises UnknownSlot."""
    try:
        place = await place_of(read_slot(slot).calendar)
    except NotFound as error:
        raise UnknownSlot from error
    return await territory.emitter((await territory.place(place)).emitter)


async def carried_draft(token: str | None) -> Draft | None:
    """The draft whose answers go with the next hour, if there still is one."""
    try:
        return await drafts.of_token(token) if token else None
    except NotFound:
        return None


async def gone(
    request: _Request, emitter: EmitterInfo, slot: str, asked: Search, carry: str = "", status: int = 409
) -> Response[Any]:
    """The hour has just gone: what is nearest to it, and the whole list below."""
    where = await hours.origin(asked, emitter)
    near = where if isinstance(where, hours.From) else hours.From()
    try:
        wanted = read_slot(slot)
        instead = await hours.nearest(wanted.start, asked, await place_of(wanted.calendar))
    except NotFound:
        instead = ()
    return await _hours(request, emitter, asked, near, carry=carry, status=status, gone=instead)


async def _asked(
    request: _Request,
    emitter: EmitterInfo,
    form: Form[Any],
    status: int = 200,
    carry: str = "",
    seat: Seat | None = None,
) -> Response[Any]:
    return pages.render(
        request,
        "idcard/search.html",
        status=status,
        form=form,
        emitter=emitter,
        towns=[(town.name, _told(town)) for town in await territory.emitters("municipality")],
        today=_today(),
        carry=carry,
        seat=seat,
        online={kind.key for kind in await kinds_open()},
        base=f"/e/{emitter.slug}/idcard",
    )


async def kinds_open() -> list[Kind]:
    """The kinds that a town hall at least has open online."""
    keys = await kinds_online(PLUGIN)
    return [kind for kind in KINDS if kind.key in keys or (kind.online and not keys)]


async def _hours(
    request: _Request,
    emitter: EmitterInfo,
    asked: Search,
    where: hours.From,
    *,
    carry: str,
    status: int = 200,
    gone: Any = None,
) -> Response[Any]:
    found, base = await hours.find(asked, emitter, where), f"/e/{emitter.slug}/idcard"
    seat = await seats.acting(request, asked.acting)
    return pages.render(
        request,
        "idcard/hours.html",
        status=status,
        emitter=emitter,
        asked=asked,
        where=where,
        found=found,
        gone=gone,
        seat=seat,
        asking=await work.asking(base, found.emitters | {slot.emitter for slot in gone or ()}, seat),
        page=crypto.new_secret(),
        carry=carry,
        base=base,
        month_url=lambda day: _of_day(emitter, asked, day, carry),
        form=forms.of(asked),
        today=_today(),
    )


def _told(town: EmitterInfo) -> str:
    """A municipality to choose, found by its postcode too."""
    return " ".join((town.name, *town.postcodes))


def _of_day(emitter: EmitterInfo, asked: Search, day: date, carry: str) -> str:
    kept = f"&{urlencode({'carry': carry})}" if carry else ""
    return f"/e/{emitter.slug}/idcard/hours?{asked.query(view='list', day=day)}{kept}"


def _today() -> date:
    return clock.now().astimezone(settings.current().zone).date()


HANDLERS = (ask, choose, take, challenge)
