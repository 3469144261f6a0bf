"""The appointment afterwards: what to bring, its calendar file, coming, moving, cancelling, correcting a name."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, settings
from parvis.calendars.actions import SlotFull
from parvis.calendars.queries import booking
from parvis.calendars.slots import UnknownSlot, read_slot
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards, shares
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.web import fields, forms, i18n, pages
from parvis.web.forms import Form
from parvis_idcard import actions, hours, messages, queries
from parvis_idcard.details import ApplicantForm
from parvis_idcard.hours import Search
from parvis_idcard.papers import to_bring
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.queries import Appointment
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.rules import DEPOSIT, Applicant, Paper, changeable

_Request = Request[Actor, None, State]


class _Chosen(msgspec.Struct, frozen=True):
    """Another hour for the same appointment."""

    slot: Annotated[str, fields.Missing(Text("Choose an hour.")), msgspec.Meta(max_length=60)]


@get("/visit/{dossier:uuid}", **PUBLIC)
async def show(request: _Request, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """The appointment: when, where, what to bring, what can be done. Opening it changes nothing."""
    found = await _own(request, dossier)
    if found.slug != emitter:
        return pages.see_other(_address(request, found))
    return await _visit(request, found)


@post("/visit/{dossier:uuid}/coming", status_code=303, **PUBLIC)
async def come(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Say that one comes."""
    found = await _own(request, dossier)
    await actions.say_coming(found, _by(request, found))
    return pages.see_other(_address(request, found, told="coming"))


@get("/visit/{dossier:uuid}/cancel", **PUBLIC)
async def ask_to_cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Ask first: mail scanners follow links."""
    found = await _own(request, dossier)
    return await _render(request, "idcard/cancel.html", found)


@post("/visit/{dossier:uuid}/cancel", status_code=303, **PUBLIC)
async def cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Cancel; the hour returns to the public."""
    found = await _own(request, dossier)
    try:
        await actions.cancel(found.id, _by(request, found))
    except Refused as refused:
        return await _render(request, "idcard/cancel.html", found, refused.status, refused.refusals)
    return pages.see_other(_address(request, found, told="cancelled"))


@get("/visit/{dossier:uuid}/move", **PUBLIC)
async def ask_to_move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Free hours of every town hall, the nearest to this one first."""
    found = await _own(request, dossier)
    return await _move(request, found)


@post("/visit/{dossier:uuid}/move", status_code=303, **PUBLIC)
async def move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Take another hour; the old one is kept until the new one is sure."""
    found = await _own(request, dossier)
    form = await forms.read(request, _Chosen)
    if form.errors:
        return await _move(request, found, 422, [Refusal("slot", text) for text in form.errors.values()])
    try:
        shares.count_claim(request)
        slot = read_slot(form.value.slot)
        await actions.move(found, slot.calendar, slot.start, _by(request, found))
    except (SlotFull, UnknownSlot):
        text = Text("This hour has just been taken. You still have your appointment; choose another hour.")
        return await _move(request, found, 409, [Refusal("slot-full", text)])
    except Refused as refused:
        return await _move(request, found, refused.status, refused.refusals)
    return pages.see_other(_address(request, await dossiers.dossier(found.id), told="moved"))


@get("/visit/{dossier:uuid}/people/{position:int}", **PUBLIC)
async def ask_to_correct(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """Correct a name or a number."""
    found = await _own(request, dossier)
    person = _person(await queries.appointment(found.id), position)
    return await _correct(request, found, position, forms.of(ApplicantForm(**msgspec.structs.asdict(person))))


@post("/visit/{dossier:uuid}/people/{position:int}", status_code=303, **PUBLIC)
async def correct(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """Correct it; another person is another appointment."""
    found = await _own(request, dossier)
    form = await forms.read(request, ApplicantForm)
    if form.errors:
        return await _correct(request, found, position, form, 422)
    try:
        after = Applicant(**msgspec.structs.asdict(form.value))
        await actions.correct(found, position, after, _by(request, found))
    except Refused as refused:
        another = refused.refusals[0].code == "another-person"
        return await _correct(request, found, position, form.refused(refused.refusals), refused.status, another)
    return pages.see_other(_address(request, found, told="corrected"))


@get("/visit/{dossier:uuid}/visit.ics", **PUBLIC)
async def calendar_file(request: _Request, dossier: FromPath[UUID]) -> Response[bytes]:
    """The appointment for one's own calendar."""
    found = await _own(request, dossier)
    if found.visit is None:
        raise NotFound
    drawn = await messages.calendar_file_of(found, found.visit, i18n.language(request))
    headers = {"Content-Disposition": 'attachment; filename="visit.ics"', "Cache-Control": "no-store"}
    return Response(drawn, media_type="text/calendar; charset=utf-8", headers=headers)


async def _own(request: _Request, dossier: UUID) -> DossierInfo:
    """The dossier, for whoever it belongs to. Raises NotFound, Unreadable."""
    found = await dossiers.for_resident(dossier, guards.actor_of(request), request.query_params.get("key"))
    if found.service != queries.PLUGIN:
        raise NotFound
    return found


async def _visit(request: _Request, found: DossierInfo) -> Response[Any]:
    told = request.query_params.get("told", "new" if "new" in request.query_params else "")
    rows = [(row.at, row.text, row.note) for row in await dossiers.timeline(found.id)]
    return await _render(request, "idcard/visit.html", found, told=told, timeline=rows)


async def _move(request: _Request, found: DossierInfo, status: int = 200, refusals: Any = ()) -> Response[Any]:
    appointment, visit = await queries.appointment(found.id), _of(found)
    asked = _search(request, appointment, visit)
    place = await territory.place(visit.place)
    portal = await territory.emitter_by_slug(settings.current().territory)
    where = hours.From((place.latitude, place.longitude), place.city)
    result = await hours.find(asked, portal, where)
    to = _address(request, found, "/move")
    to += "&" if "?" in to else "?"
    shown = {"asked": asked, "result": result, "to": to}
    shown["month_url"] = lambda day: to + asked.query(view="list", day=day)
    return await _render(request, "idcard/move.html", found, status, refusals, **shown)


def _search(request: _Request, appointment: Appointment, visit: Visit) -> Search:
    """The same thing for as many people, with the filters of the address."""
    what = appointment.paper or Paper.CARD if appointment.kind == DEPOSIT else appointment.kind
    filters = [(name, typed) for name, typed in request.query_params.multi_items() if name not in {"what", "people"}]
    raw = urlencode([*filters, ("what", str(what)), ("people", str(visit.people))])
    form = forms.decode(Search, raw.encode())
    return form.decoded or forms.decode(Search, f"what={what}&people={visit.people}".encode()).value


async def _correct(
    request: _Request, found: DossierInfo, position: int, form: Form[Any], status: int = 200, another: bool = False
) -> Response[Any]:
    person = _person(await queries.appointment(found.id), position)
    return await _render(
        request, "idcard/correct.html", found, status, form=form, position=position, person=person, another=another
    )


async def _render(
    request: _Request, template: str, found: DossierInfo, status: int = 200, refusals: Any = (), **context: Any
) -> Response[Any]:
    appointment, visit = await queries.appointment(found.id), _of(found)
    held = await booking(visit.booking)
    bring = [(person, to_bring(appointment.kind, appointment.paper, person)) for person in appointment.applicants]
    shown = {"form": forms.blank().refused(refusals)} | context
    return pages.render(
        request,
        template,
        status=status,
        dossier=found,
        visit=visit,
        zone=ZoneInfo(held.zone),
        key=request.query_params.get("key"),
        place=await territory.place(visit.place),
        appointment=appointment,
        bring=bring,
        changeable=visit.live and changeable(visit.start, clock.now()) is None,
        base=f"/e/{found.slug}/idcard",
        url=lambda part="", **more: _address(request, found, part, **more),
        **shown,
    )


def _address(request: _Request, found: DossierInfo, part: str = "", **more: str) -> str:
    key = request.query_params.get("key")
    query = urlencode(({"key": key} if key else {}) | more)
    return f"/e/{found.slug}/idcard/visit/{found.id}{part}" + (f"?{query}" if query else "")


def _of(found: DossierInfo) -> Visit:
    if found.visit is None:
        raise NotFound
    return found.visit


def _person(appointment: Appointment, position: int) -> Applicant:
    if not 0 <= position < len(appointment.applicants):
        raise NotFound
    return appointment.applicants[position]


def _by(request: _Request, found: DossierInfo) -> By:
    """Who acts: the resident, or somebody who books for others and came by the link of a dossier not theirs."""
    actor = guards.actor_of(request)
    if not actor.may(BOOK_FOR_OTHERS) or dossiers.is_theirs(found, actor):
        return By("resident", actor.person)
    office = actor.acts_for(BOOK_FOR_OTHERS, found.emitter)
    return By("staff" if office else "helper", actor.person, office)


HANDLERS = (
    show,
    come,
    ask_to_cancel,
    cancel,
    ask_to_move,
    move,
    ask_to_correct,
    correct,
    calendar_file,
)
