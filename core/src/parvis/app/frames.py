"""What stands around a page: whose it is, where one can go, who is signed in."""

from __future__ import annotations

from typing import Any

from litestar import Request

from parvis import plugins, settings
from parvis.branding.queries import brand_of
from parvis.contract.values import Role
from parvis.errors import NotFound, Text
from parvis.identity.actors import Actor
from parvis.identity.guards import actor_of
from parvis.office.permissions import OPENINGS, REQUESTS
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web.pages import Frame, Link

_AnyRequest = Request[Any, Any, Any]
_LEGAL = (
    Link(label=Text("Accessibility: partially conforming"), url="/accessibility"),
    Link(label=Text("Legal notice"), url="/legal"),
    Link(label=Text("Personal data"), url="/privacy"),
)


async def frame_of(request: _AnyRequest) -> Frame:
    """The frame of a page: the territory's, an emitter's, or the back office's."""
    actor = actor_of(request)
    portal = await _emitter(settings.current().territory)
    if portal is None:
        return Frame(legal=_LEGAL)
    emitter = await _emitter(request.path_params.get("emitter"))
    office = _in_their_office(request, actor, emitter)
    asked = emitter or portal
    return Frame(
        portal=await brand_of(portal.slug, "/"),
        emitter=await brand_of(emitter.slug) if emitter and emitter.id != portal.id else None,
        navigation=await _office_links(request, actor, emitter) if office else _resident_links(request, actor),
        person=actor.name or None if actor.person else None,
        sign_in="/login",
        sign_out="/logout",
        help_phone=asked.phone or portal.phone or None,
        help_hours=asked.phone_hours or portal.phone_hours or None,
        emitters=_desks(actor, emitter) if office else (),
        legal=_LEGAL,
        search=_search(actor, emitter) if office else None,
        notice=Text("Demonstration data: places, hours and people are invented.") if _demo() else None,
    )


def _search(actor: Actor, emitter: EmitterInfo | None) -> str | None:
    return f"/office/{emitter.slug}/requests" if emitter and actor.may(REQUESTS, emitter.slug) else None


def _in_their_office(request: _AnyRequest, actor: Actor, emitter: EmitterInfo | None) -> bool:
    """Whether this is a page of a back office where they work; a page that says no is a resident's."""
    path = request.url.path
    if path.startswith("/operator"):
        return actor.has(Role.OPERATOR)
    return path.startswith("/office") and (emitter is None or bool(actor.roles_at(emitter.slug)))


def _demo() -> bool:
    return settings.current().env == "demo"


async def _emitter(slug: Any) -> EmitterInfo | None:
    try:
        return await territory.emitter_by_slug(str(slug)) if slug else None
    except NotFound:
        return None


def _resident_links(request: _AnyRequest, actor: Actor) -> tuple[Link, ...]:
    path = request.url.path
    links = [
        Link(label=Text("Services"), url="/", current=path == "/"),
        Link(label=Text("My requests"), url="/my/requests", current=path.startswith("/my/")),
    ]
    if actor.desks or actor.has(Role.OPERATOR):
        links.append(Link(label=Text("Back office"), url="/office"))
    return tuple(links)


async def _office_links(request: _AnyRequest, actor: Actor, emitter: EmitterInfo | None) -> tuple[Link, ...]:
    path = request.url.path
    links = []
    if emitter:
        today = f"/office/{emitter.slug}/today"
        links.append(Link(label=Text("Today"), url=today, icon="calendar", current=path == today))
        if actor.may(REQUESTS, emitter.slug):
            requests = f"/office/{emitter.slug}/requests"
            links.append(Link(label=Text("Requests"), url=requests, icon="search", current=path.startswith(requests)))
        if actor.may(OPENINGS, emitter.slug):
            hours = f"/office/{emitter.slug}/calendars"
            links.append(Link(label=Text("Opening hours"), url=hours, icon="clock", current=path.startswith(hours)))
        for plugin in plugins.current():
            for entry in plugin.nav_entries:
                if actor.may(entry.permission, emitter.slug) and await territory.is_enabled(plugin.key, emitter.id):
                    url = f"/office/{emitter.slug}/{plugin.key}{entry.path}"
                    count = await entry.count(emitter.id) if entry.count else None
                    here = path.startswith(url)
                    more = {"count": count, "current": here, "key": entry.key, "icon": entry.icon}
                    links.append(Link(label=entry.label, url=url, **more))
    if actor.has(Role.OPERATOR):
        links.append(Link(label=Text("This instance"), url="/operator", current=path == "/operator"))
    return tuple(links)


def _desks(actor: Actor, emitter: EmitterInfo | None) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=grant.name or "",
            url=f"/office/{grant.slug}/today",
            current=bool(emitter and emitter.slug == grant.slug),
        )
        for grant in actor.desks
    )
