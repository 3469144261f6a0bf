"""The appointment afterwards: what to bring, its calendar file, coming, moving, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, settings
from parvis.audit import actions as audit
from parvis.calendars.actions import SlotFull
from parvis.calendars.queries import booking
from parvis.calendars.slots import UnknownSlot, read_slot
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import reading
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.earlier import queries as earlier
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards, shares
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.web import fields, forms, i18n, pages
from parvis_idcard import actions, hours, messages, queries
from parvis_idcard.hours import Search
from parvis_idcard.papers import to_bring
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.queries import Appointment
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.rules import DEPOSIT, Paper, changeable, reminders_to_come

_Request = Request[Actor, None, State]
_SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody came to an appointment: whether they may change it, as whom, and where its pages are.

    `shell` is the template around these pages.
    """

    may_change: bool
    by: By
    address: Callable[..., str]
    shell: str = "web/resident.html"

    async def trace(self, action: str, dossier: UUID) -> None:
        """Trace what staff did for another person; of residents and proxies the timeline tells."""
        if self.by.kind not in {"resident", "proxy"}:
            await audit.trace(Actor(self.by.person), action, "dossier", dossier, emitter=self.by.emitter)


class _Chosen(msgspec.Struct, frozen=True):
    """Another hour for the same appointment."""

    slot: Annotated[str, fields.Missing(Text("Choose an hour.")), msgspec.Meta(max_length=60)]


@get("/visit/{dossier:uuid}", **PUBLIC)
async def show(request: _Request, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """The appointment: when, where, what to bring, what can be done. Opening it changes nothing."""
    found = await _shown(request, dossier)
    if found.slug != emitter:
        return pages.see_other(address(request, found))
    return await _visit(request, found)


@post("/visit/{dossier:uuid}/coming", status_code=303, **PUBLIC)
async def come(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Say that one comes."""
    found = await own(request, dossier)
    await actions.say_coming(found, by_of(request, found))
    return pages.see_other(address(request, found, told="coming"))


@get("/visit/{dossier:uuid}/cancel", **PUBLIC)
async def ask_to_cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Ask first: mail scanners follow links."""
    found = await own(request, dossier)
    return await visit_page(request, "idcard/cancel.html", found)


@post("/visit/{dossier:uuid}/cancel", status_code=303, **PUBLIC)
async def cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Cancel; the hour returns to the public."""
    found = await own(request, dossier)
    return await cancelled(request, found, await _way(request, found))


@get("/visit/{dossier:uuid}/move", **PUBLIC)
async def ask_to_move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Free hours of every town hall, the nearest to this one first."""
    found = await own(request, dossier)
    return await choices(request, found, await _way(request, found))


@post("/visit/{dossier:uuid}/move", status_code=303, **PUBLIC)
async def move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Take another hour; the old one is kept until the new one is sure."""
    found = await own(request, dossier)
    return await moved(request, found, await _way(request, found))


@get("/visit/{dossier:uuid}/visit.ics", **PUBLIC)
async def calendar_file(request: _Request, dossier: FromPath[UUID]) -> Response[bytes]:
    """The appointment for one's own calendar."""
    found = await _shown(request, dossier)
    if found.visit is None:
        raise NotFound
    drawn = await messages.calendar_file_of(found, found.visit, i18n.language(request))
    headers = {"Content-Disposition": 'attachment; filename="visit.ics"', "Cache-Control": "no-store"}
    return Response(drawn, media_type="text/calendar; charset=utf-8", headers=headers)


async def own(request: _Request, dossier: UUID) -> DossierInfo:
    """The dossier, for whoever it belongs to. Raises NotFound, Unreadable."""
    found = await reading.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))
    if found.service != queries.PLUGIN:
        raise NotFound
    return found


async def _shown(request: _Request, dossier: UUID) -> DossierInfo:
    """The dossier, also for who booked it without having proved the contact. Raises NotFound, Unreadable."""
    try:
        return await own(request, dossier)
    except NotFound:
        if not guards.actor_of(request).behalf and queries.may_see(
            dossier, request.query_params.get(_SEEN), clock.now()
        ):
            return await dossiers.dossier(dossier)
        raise


async def _way(request: _Request, found: DossierInfo) -> Way:
    """How a resident came, or whoever has their link."""
    try:
        may_change = bool(await own(request, found.id))
    except NotFound:
        may_change = False
    return Way(may_change, by_of(request, found), partial(address, request))


async def _visit(request: _Request, found: DossierInfo) -> Response[Any]:
    told = request.query_params.get("told", "new" if "new" in request.query_params else "")
    rows = [(row.at, row.text, row.note) for row in await dossiers.timeline(found.id)]
    return await visit_page(request, "idcard/visit.html", found, told=told, timeline=rows)


async def cancelled(request: _Request, found: DossierInfo, way: Way) -> Response[Any]:
    """Cancel an appointment, and show what is left of it."""
    try:
        async with transaction():
            await actions.cancel(found.id, way.by)
            await way.trace("cancel", found.id)
    except Refused as refused:
        return await visit_page(request, "idcard/cancel.html", found, refused.status, refused.refusals, way=way)
    return pages.see_other(way.address(found, told="cancelled"))


async def moved(request: _Request, found: DossierInfo, way: Way) -> Response[Any]:
    """Move an appointment to the hour that was chosen, or show what else is free."""
    form = await forms.read(request, _Chosen)
    if form.errors:
        return await choices(request, found, way, 422, [Refusal("slot", text) for text in form.errors.values()])
    if way.by.kind in {"resident", "proxy"}:
        shares.count_claim(request)
    try:
        await _move(found, form.value.slot, way)
    except (SlotFull, UnknownSlot):
        text = Text("This hour has just been taken. You still have your appointment; choose another hour.")
        return await choices(request, found, way, 409, [Refusal("slot-full", text)])
    except Refused as refused:
        return await choices(request, found, way, refused.status, refused.refusals)
    return pages.see_other(way.address(await dossiers.dossier(found.id), told="moved"))


async def _move(found: DossierInfo, chosen: str, way: Way) -> None:
    slot = read_slot(chosen)
    async with transaction():
        await actions.move(found, slot.calendar, slot.start, way.by)
        await way.trace("move", found.id)


async def choices(
    request: _Request, found: DossierInfo, way: Way, status: int = 200, refusals: Any = ()
) -> Response[Any]:
    """The free hours that an appointment could be moved to."""
    appointment, visit = await queries.appointment(found.id), _of(found)
    asked = _search(request, appointment, visit)
    place = await territory.place(visit.place)
    portal = await territory.emitter_by_slug(settings.current().territory)
    where = hours.From((place.latitude, place.longitude), place.city)
    result = await hours.find(asked, portal, where)
    to = way.address(found, "/move")
    to += "&" if "?" in to else "?"
    shown = {"asked": asked, "result": result, "to": to}
    shown["month_url"] = lambda day: to + asked.query(view="list", day=day)
    return await visit_page(request, "idcard/move.html", found, status, refusals, way=way, **shown)


def _search(request: _Request, appointment: Appointment, visit: Visit) -> Search:
    """The same thing for as many people, with the filters of the address."""
    what = appointment.paper or Paper.CARD if appointment.kind == DEPOSIT else appointment.kind
    filters = [(name, typed) for name, typed in request.query_params.multi_items() if name not in {"what", "people"}]
    raw = urlencode([*filters, ("what", str(what)), ("people", str(visit.people))])
    form = forms.decode(Search, raw.encode())
    return form.decoded or forms.decode(Search, f"what={what}&people={visit.people}".encode()).value


async def visit_page(
    request: _Request,
    template: str,
    found: DossierInfo,
    status: int = 200,
    refusals: Any = (),
    way: Way | None = None,
    **context: Any,
) -> Response[Any]:
    """A page about an appointment, with everything that such a page may show."""
    appointment, visit = await queries.appointment(found.id), _of(found)
    held, way = await booking(visit.booking), way or await _way(request, found)
    changing = visit.live and changeable(visit.start, clock.now()) is None
    shown = {"form": forms.blank().refused(refusals)} | context
    return pages.render(
        request,
        template,
        status=status,
        shell=way.shell,
        dossier=found,
        visit=visit,
        zone=ZoneInfo(held.zone),
        key=request.query_params.get("key"),
        place=await territory.place(visit.place),
        appointment=appointment,
        bring=[(who, to_bring(appointment.kind, appointment.paper, who)) for who in appointment.applicants],
        reminders=await _reminders(found, visit),
        also=await queries.also_bring(visit.place, appointment.kind, i18n.language(request)),
        changeable=changing and way.may_change,
        earlier=changing and way.may_change and await earlier.may_ask(found),
        proving_url=await _proving(found) if changing and not way.may_change else None,
        base=f"/e/{found.slug}/idcard",
        url=partial(way.address, found),
        **shown,
    )


async def _reminders(found: DossierInfo, visit: Visit) -> list[int]:
    """The reminders that the town hall will still send, in days before."""
    return reminders_to_come(visit.start, (await queries.settings(found.emitter)).reminders, clock.now())


async def _proving(found: DossierInfo) -> str | None:
    """Where the contact is proved before anything is changed: the public address of a number."""
    numbers = await queries.numbered(found.id)
    return f"/e/{settings.current().territory}/idcard/appointment/{numbers[0].id}" if numbers else None


def address(request: _Request, found: DossierInfo, part: str = "", **more: str) -> str:
    """Where an appointment's page is, with the key that it was opened with."""
    keys = {name: key for name in ("key", _SEEN) if (key := request.query_params.get(name))}
    query = urlencode(keys | more)
    return f"/e/{found.slug}/idcard/visit/{found.id}{part}" + (f"?{query}" if query else "")


def _of(found: DossierInfo) -> Visit:
    if found.visit is None:
        raise NotFound
    return found.visit


def by_of(request: _Request, found: DossierInfo) -> By:
    """Who acts: the resident, or somebody who books for others and came by the link of a dossier not theirs."""
    actor = guards.actor_of(request)
    if not actor.may(BOOK_FOR_OTHERS) or dossiers.is_theirs(found, actor):
        return By.resident(actor)
    office = actor.acts_for(BOOK_FOR_OTHERS, found.emitter)
    return By("staff" if office else "helper", actor.person, office)


HANDLERS = (
    show,
    come,
    ask_to_cancel,
    cancel,
    ask_to_move,
    move,
    calendar_file,
)
