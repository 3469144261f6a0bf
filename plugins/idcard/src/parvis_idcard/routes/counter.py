"""An agent books for somebody who telephones or stands at the counter: hours, people and contact on one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, crypto, settings
from parvis.calendars import actions as calendars
from parvis.calendars import at_counter, search
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import Hold, SlotFull
from parvis.calendars.search import FreeSlot, Wanted
from parvis.calendars.slots import UnknownSlot, read_slot
from parvis.contract.values import BookingRequest
from parvis.errors import Refusal, Refused, Text
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis.web.idempotency import Done, once_sent
from parvis_idcard import actions, hours
from parvis_idcard.details import Details, DetailsForm, in_order, of_form
from parvis_idcard.hours import What
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.queries import PLUGIN
from parvis_idcard.rules import DEPOSIT, PEOPLE, WITHOUT_PAPER, Paper

_Request = Request[Actor, None, State]
_STAFF = guards.page(guards.staff(BOOK_FOR_OTHERS), "agent", "manager")
_HOURS = 40
_TAKEN = Text("This hour has just been taken. Choose another one; what you typed is kept.")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the appointment is for, for how many, from which local day on."""

    what: What = "CNI"
    people: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE)] = 1
    since: date | None = None


class CounterForm(DetailsForm, frozen=True, kw_only=True):
    """The whole page. `tell`: they are written to; `language` is the one that they read, `near` where they live."""

    what: What = "CNI"
    people: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE)] = 1
    since: date | None = None
    slot: Annotated[str, fields.Missing(Text("Choose an hour.")), msgspec.Meta(max_length=60)]
    near: fields.Line | None = None
    tell: bool = False
    language: Literal["fr", "de", "en"] = "fr"


@get("/book", **_STAFF)
async def ask(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """Free hours of this town hall, the counter's share among them, and who comes."""
    wish = forms.query(request, Wish)
    return await _page(request, emitter, forms.blank(tell="yes", language="fr", **_told(wish)))


@post("/book", status_code=303, **_STAFF)
async def book(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """Hold the hour and book it; what was refused is said, and everything typed stays."""
    form = await forms.read(request, CounterForm)
    if form.text("step") == "look":
        return await _page(request, emitter, Form(form.raw))
    if form.errors:
        return await _page(request, emitter, form, status=422)
    own, value = await territory.emitter_by_slug(emitter), form.value
    try:
        done = await once_sent(form.raw, str(request.user.person).encode(), lambda: _booked(request, own, value))
    except (SlotFull, UnknownSlot):
        return await _page(request, emitter, form.refused([Refusal("slot-full", _TAKEN, "slot")]), status=409)
    except Refused as refused:
        return await _page(request, emitter, form.refused(refused.refusals), status=refused.status)
    return pages.see_other(done.location)


async def _booked(request: _Request, own: EmitterInfo, form: CounterForm) -> Done:
    """Where the appointment is shown. Raises SlotFull, UnknownSlot for another town hall's hour, Refused."""
    slot = read_slot(form.slot)
    if slot.calendar not in {calendar.id for calendar in await calendar_queries.calendars_of(own.id)}:
        raise UnknownSlot
    hold = await calendars.hold(slot.calendar, _kind(form.what), slot.start, form.people, counter=True)
    booked = await actions.book(_request(request, own, form, hold, await hours.home(form.near)))
    return Done(303, location=f"/office/{own.slug}/requests/{booked.dossier}?told=new")


def _request(request: _Request, own: EmitterInfo, form: CounterForm, hold: Hold, home: str | None) -> BookingRequest:
    return BookingRequest(
        hold=hold.id,
        secret=hold.secret,
        details=_details(form),
        person=guards.actor_of(request).person,
        language=form.language,
        for_others=True,
        office=own.id,
        tell=form.tell,
        home=home,
    )


def _details(form: CounterForm) -> Details:
    return of_form(form, None if form.what in WITHOUT_PAPER else Paper(form.what))


async def _page(request: _Request, emitter: str, form: Form[Any], status: int = 200) -> Response[Any]:
    own = await territory.emitter_by_slug(emitter)
    kinds = {kind for _, service, kind, _ in await calendar_queries.kinds_at(own.id) if service == PLUGIN}
    wish = _wish(form)
    free = await _free(own, wish, kinds)
    return pages.render(
        request,
        "idcard/counter.html",
        status=status,
        form=Form(form.raw, in_order(form.errors)),
        wish=wish,
        days=search.by_day(free),
        several=len({slot.place for slot in free}) > 1,
        whats=[what for what in get_args(What) if _kind(what) in kinds],
        page=crypto.new_secret(),
        towns=[town.name for town in await territory.emitters("municipality")],
        deposit=_kind(wish.what) == DEPOSIT,
        here_path=request.url.path,
    )


async def _free(own: EmitterInfo, wish: Wish, kinds: Iterable[str]) -> Sequence[FreeSlot]:
    if _kind(wish.what) not in kinds:
        return ()
    today = clock.now().astimezone(settings.current().zone).date()
    wanted = Wanted(
        service=PLUGIN,
        kind=_kind(wish.what),
        people=wish.people,
        since=max(wish.since or today, today),
    )
    return await at_counter.free_hours(wanted, own.id, _HOURS)


def _wish(form: Form[Any]) -> Wish:
    """What hours to show, as far as it can be read."""
    typed = {name: form.text(name) for name in Wish.__struct_fields__ if form.text(name)}
    return forms.decode(Wish, urlencode(typed).encode()).decoded or Wish()


def _told(wish: Form[Wish]) -> dict[str, Any]:
    return msgspec.structs.asdict(wish.decoded or Wish())


def _kind(what: str) -> str:
    return what if what in WITHOUT_PAPER else DEPOSIT


ROUTER = Router("/", route_handlers=[ask, book])
