"""Agendas of desks to subscribe to: made, renewed, revoked; the address is shown once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import settings
from parvis.attendance import feeds
from parvis.audit import actions as audit
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.office.openings.looking import Here, look
from parvis.office.permissions import CLOSE
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]
_ACT = guards.page(guards.staff(CLOSE), "agent", "manager", status_code=200)


class Pressed(msgspec.Struct, frozen=True):
    """The desk whose address is made anew, or revoked."""

    renew: str = ""
    revoke: str = ""


@get("/office/{emitter:str}/calendars/{calendar:uuid}/feeds", **_ACT)
async def show(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """The desks, and which have an agenda."""
    return await _page(request, await look(request, emitter, calendar))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/feeds", **_ACT)
async def press(request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID]) -> Response[Any]:
    """Make an address, which this answer alone shows, or revoke one."""
    here, form = await look(request, emitter, calendar), await forms.read(request, Pressed)
    if form.text("revoke"):
        desk = _desk(form.text("revoke"), here)
        await feeds.revoke(desk)
        await audit.trace(here.actor, "revoke-feed", "desk", desk, emitter=here.emitter.id)
        return pages.see_other(request.url.path)
    desk = _desk(form.text("renew"), here)
    secret = await feeds.renew(desk, here.actor.person)
    await audit.trace(here.actor, "make-feed", "desk", desk, emitter=here.emitter.id)
    return await _page(request, here, (desk, f"{settings.current().base_url}/feeds/desks/{desk}?key={secret}"))


async def _page(request: _AnyRequest, here: Here, fresh: tuple[UUID, str] | None = None) -> Response[Any]:
    desks = {key: desk.name for key, desk in here.timetable.desks.items() if desk.active}
    return pages.render(
        request,
        "office/openings/feeds.html",
        headers={"Cache-Control": "no-store"},
        page=here,
        desks=desks,
        made=await feeds.made(list(desks)),
        fresh=fresh,
    )


def _desk(typed: str, here: Here) -> UUID:
    found = next((key for key in here.timetable.desks if key.hex == typed), None)
    if found is None:
        raise NotFound
    return found


HANDLERS = (show, press)
