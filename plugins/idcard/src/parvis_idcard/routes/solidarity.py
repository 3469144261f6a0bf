"""What an agent of any town hall, or a helper, booked for others: a list, each appointment, its slip to print.

The same pages twice: in the back office of a town hall, and for helpers. What another seat booked is not found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.calendars.actions import SlotFull
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import takeover
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Refusal, Refused
from parvis.identity import guards
from parvis.identity.guards import actor_of
from parvis.settings import current
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis_idcard import actions, booked
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.queries import PLUGIN
from parvis_idcard.routes import visiting
from parvis_idcard.routes.visiting import Way
from parvis_idcard.seats import Seat

_Request = Request[Any, Any, Any]
_STAFF = guards.page(guards.staff(BOOK_FOR_OTHERS), "agent", "manager")
_HELPER = guards.page(guards.territory(BOOK_FOR_OTHERS), "helper")


class _Asked(msgspec.Struct, frozen=True):
    """Which of them."""

    show: Literal["ahead", "past"] = "ahead"


class _Sought(msgspec.Struct, frozen=True):
    """A name or a reference: sent, not written into an address."""

    name: fields.Line = ""


async def overview(request: _Request) -> Response[Any]:
    """What was booked from here and is still to come, or is over or cancelled."""
    asked = forms.query(request, _Asked).decoded or _Asked()
    seat = await _seat(request)
    rows = await booked.rows(seat)
    shown = [row for row in rows if booked.is_ahead(row) == (asked.show == "ahead")]
    return _list(request, seat, shown, forms.blank(), show=asked.show, counts=(len(rows), len(shown)))


async def seek(request: _Request) -> Response[Any]:
    """Those of a name or a reference, whatever became of them."""
    form = await forms.read(request, _Sought)
    seat = await _seat(request)
    rows = await booked.rows(seat, form.text("name").strip())
    return _list(request, seat, rows, form, show="", counts=(len(rows), len(rows)))


async def show(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """One appointment: what it is, what happened, what can be done."""
    seat, found = await _own(request, dossier)
    return await _visit(request, seat, found)


async def slip(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """What the person takes home on paper; nothing on it opens the appointment."""
    seat, found = await _own(request, dossier)
    return await _slip(request, seat, found, "")


async def slip_with_code(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """The same with a new code, by which they take the appointment into their account; shown this once."""
    seat, found = await _own(request, dossier)
    return await _slip(request, seat, found, await takeover.make(found.id, "slip", seat.by))


async def ask_to_move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Free hours of every town hall, the nearest to this one first."""
    seat, found = await _own(request, dossier)
    return await visiting.choices(request, found, _way(seat))


async def move(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Take another hour; the old one is kept until the new one is sure."""
    seat, found = await _own(request, dossier)
    return await visiting.moved(request, found, _way(seat))


async def ask_to_cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Ask first."""
    seat, found = await _own(request, dossier)
    return await visiting.visit_page(request, "idcard/cancel.html", found, way=_way(seat))


async def cancel(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Cancel; the hour returns to the public."""
    seat, found = await _own(request, dossier)
    return await visiting.cancelled(request, found, _way(seat))


async def restore(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Undo a cancellation, while the hour is there."""
    seat, found = await _own(request, dossier)
    way = _way(seat)
    try:
        async with transaction():
            await actions.restore(found.id, seat.by)
            await way.trace("restore", found.id)
    except SlotFull as gone:
        return await _visit(request, seat, found, gone.status, [Refusal(gone.code, gone.title)])
    except Refused as refused:
        # Its numbers are no fields of this page.
        said = [replace(refusal, field=None) for refusal in refused.refusals]
        return await _visit(request, seat, found, refused.status, said)
    return pages.see_other(seat.address(found, told="restored"))


async def _seat(request: _Request) -> Seat:
    """The seat of an address; the guard has let its people in."""
    slug = request.path_params.get("emitter")
    return Seat(actor_of(request), await territory.emitter_by_slug(slug) if slug else None)


async def _own(request: _Request, dossier: UUID) -> tuple[Seat, DossierInfo]:
    """The seat, and what was booked from it, which is traced as read. Raises NotFound."""
    seat = await _seat(request)
    found = await dossiers.one_opened_by(dossier, seat.by)
    if found.service != PLUGIN or found.visit is None:
        raise NotFound
    async with transaction():
        await audit.saw(seat.actor, dossier, seat.emitter)
    return seat, found


def _way(seat: Seat) -> Way:
    return Way(True, seat.by, seat.address, "web/office.html" if seat.office else "web/resident.html")


def _list(request: _Request, seat: Seat, rows: list[booked.Row], form: Form[Any], **context: Any) -> Response[Any]:
    shell = _way(seat).shell
    return pages.render(request, "idcard/solidarity.html", shell=shell, seat=seat, rows=rows, form=form, **context)


async def _slip(request: _Request, seat: Seat, found: DossierInfo, code: str) -> Response[Any]:
    portal, way = current().base_url, _way(seat)
    return await visiting.visit_page(request, "idcard/slip.html", found, way=way, seat=seat, portal=portal, code=code)


async def _visit(
    request: _Request, seat: Seat, found: DossierInfo, status: int = 200, refusals: Any = ()
) -> Response[Any]:
    rows = [(row.at, row.text, row.note) for row in await dossiers.timeline(found.id)]
    told = {"seat": seat, "timeline": rows, "told": request.query_params.get("told", "")}
    return await visiting.visit_page(request, "idcard/for-others.html", found, status, refusals, way=_way(seat), **told)


_PAGES = (
    (get, "/", overview),
    (post, "/", seek),
    (get, "/visit/{dossier:uuid}", show),
    (get, "/visit/{dossier:uuid}/slip", slip),
    (post, "/visit/{dossier:uuid}/slip", slip_with_code),
    (get, "/visit/{dossier:uuid}/move", ask_to_move),
    (post, "/visit/{dossier:uuid}/move", move),
    (get, "/visit/{dossier:uuid}/cancel", ask_to_cancel),
    (post, "/visit/{dossier:uuid}/cancel", cancel),
    (post, "/visit/{dossier:uuid}/restore", restore),
)


def _handlers(admitted: dict[str, Any]) -> list[HTTPRouteHandler]:
    return [method(path, **admitted)(page) for method, path, page in _PAGES]


OFFICE = Router("/solidarity", route_handlers=_handlers(_STAFF))
HELPING = Router("/", route_handlers=_handlers(_HELPER))
