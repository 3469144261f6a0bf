"""What stands around a page: whose it is, where one can go, who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Request

from parvis import clock, plugins, settings
from parvis.branding.queries import brand_of
from parvis.contract.values import TERRITORY, NavEntry, Role
from parvis.dossiers import questions
from parvis.errors import NotFound, Text
from parvis.identity.actors import Actor
from parvis.identity.guards import actor_of
from parvis.office.day.looking import waiting
from parvis.office.permissions import (
    ANSWER,
    BILL,
    CHANGE,
    CONTRACTS,
    FIGURES,
    LEND,
    LOOK,
    OPENINGS,
    PEOPLE,
    PLACES,
    PLUGINS,
    REQUESTS,
    SETTINGS,
    TAKE,
    TARIFFS,
    TILLS,
    TODAY,
)
from parvis.office.tills.looking import may_take
from parvis.plugins import Plugin
from parvis.territory import queries as territory
from parvis.territory.publishing import queries as publishing
from parvis.territory.queries import EmitterInfo
from parvis.web.houses import house_of
from parvis.web.pages import Acting, Frame, Link

_AnyRequest = Request[Any, Any, Any]
_LEGAL = (
    Link(label=Text("Accessibility: partially conforming"), url="/accessibility"),
    Link(label=Text("Legal notice"), url="/legal"),
    Link(label=Text("Personal data"), url="/privacy"),
)


_OFFICE = (
    (REQUESTS, Text("Requests"), "requests", "search"),
    (CHANGE, Text("Hours given back"), "freed", "again"),
    (OPENINGS, Text("Opening hours"), "calendars", "clock"),
    (BILL, Text("Bills"), "bills", "mail"),
    (TAKE, Text("Counter"), "counter", "card"),
    (TILLS, Text("Tills"), "tills", "euro"),
    (TARIFFS, Text("Tariffs"), "tariffs", "card"),
    (FIGURES, Text("Figures"), "figures", "chart"),
)
_AFTER = (
    (PLACES, Text("Places and calendars"), "places", "place"),
    (LEND, Text("Calendars lent"), "lending", "people"),
    (LOOK, Text("Look"), "look", "look"),
    (SETTINGS, Text("Settings"), "settings", "settings"),
    (PEOPLE, Text("People and roles"), "people", "people"),
    (PLUGINS, Text("Plugins"), "plugins", "plug"),
)


async def frame_of(request: _AnyRequest) -> Frame:
    """The frame of a page: the territory's, an emitter's, or the back office's."""
    actor = actor_of(request)
    portal = await _emitter(settings.current().territory)
    if portal is None:
        return Frame(legal=_LEGAL, acting=_acting(actor))
    house = house_of(request.scope)
    emitter = await _emitter(request.path_params.get("emitter") or house)
    office = _in_their_office(request, actor, emitter)
    asked = emitter or portal
    return Frame(
        portal=await brand_of(portal.slug, f"{settings.current().base_url}/" if house else "/"),
        emitter=await brand_of(emitter.slug) if emitter and emitter.id != portal.id else None,
        navigation=await _office_links(request, actor, emitter) if office else _resident_links(request, actor),
        person=actor.name or None if actor.person else None,
        account=None if actor.behalf else "/account",
        acting=_acting(actor),
        sign_in="/login",
        sign_out="/logout",
        help_phone=asked.phone or portal.phone or None,
        help_hours=asked.phone_hours or portal.phone_hours or None,
        emitters=_desks(actor, emitter) if office else (),
        legal=_LEGAL,
        canonical=_canonical(request, house),
        search=_search(actor, emitter) if office else None,
        notice=Text("Demonstration data: places, hours and people are invented.") if _demo() else None,
    )


def _acting(actor: Actor) -> Acting | None:
    behalf = actor.behalf
    return Acting(name=behalf.name, until=behalf.until, stop="/acting/stop") if behalf else None


def _canonical(request: _AnyRequest, house: str | None) -> str | None:
    """The address under the portal's host name of a page that is shown under an emitter's."""
    path = f"/e/{house}" if request.url.path == "/" else request.url.path
    return f"{settings.current().base_url}{path}" if house else None


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
        Link(label=Text("My requests"), url="/my/requests", current=path.startswith(("/my/requests", "/my/visits"))),
        Link(label=Text("My payments"), url="/my/payments", current=path.startswith("/my/payments")),
    ]
    links += [
        Link(label=entry.label, url=entry.path, current=path.startswith(entry.path))
        for _, entry in _entries()
        if entry.area == TERRITORY and actor.may_on_territory(entry.permission)
    ]
    if actor.desks or actor.has(Role.OPERATOR):
        links.append(Link(label=Text("Back office"), url="/office"))
    return tuple(links)


async def _office_links(request: _AnyRequest, actor: Actor, emitter: EmitterInfo | None) -> tuple[Link, ...]:
    links: list[Link] = []
    if emitter:
        links += await _own_links(request, actor, emitter)
        links += await _plugin_links(request, actor, emitter)
        links += await _questions(request, actor, emitter)
        links += await _contracts(request, actor, emitter)
        links += _pages(request, actor, emitter, _AFTER)
    if actor.has(Role.OPERATOR):
        path = request.url.path
        links.append(Link(label=Text("This instance"), url="/operator", current=path == "/operator"))
        accounts = "/operator/accounts"
        links.append(Link(label=Text("Accounts"), url=accounts, current=path.startswith(accounts)))
    return tuple(links)


async def _own_links(request: _AnyRequest, actor: Actor, emitter: EmitterInfo) -> list[Link]:
    """The core's own pages of an emitter's back office."""
    return [*await _today(request, actor, emitter), *_pages(request, actor, emitter, _OFFICE)]


def _pages(
    request: _AnyRequest, actor: Actor, emitter: EmitterInfo, pages: Iterable[tuple[str, Text, str, str]]
) -> list[Link]:
    """The links of these pages (permission, label, address, icon) that somebody may open."""
    return [
        Link(label=label, url=url, icon=icon, current=request.url.path.startswith(url))
        for permission, label, part, icon in pages
        if (may_take(actor, emitter.slug) if permission == TAKE else actor.may(permission, emitter.slug))
        for url in [f"/office/{emitter.slug}/{part}"]
    ]


async def _today(request: _AnyRequest, actor: Actor, emitter: EmitterInfo) -> list[Link]:
    """The day, and how many visits of the last ones wait for somebody to say what became of them."""
    if not actor.may(TODAY, emitter.slug):
        return []
    url, today = f"/office/{emitter.slug}/today", clock.now().astimezone(settings.current().zone).date()
    count = sum((await waiting(emitter.id, today)).values())
    return [Link(label=Text("Today"), url=url, icon="calendar", current=request.url.path == url, count=count)]


async def _questions(request: _AnyRequest, actor: Actor, emitter: EmitterInfo) -> list[Link]:
    """Where residents ask who read their request: shown to whom may answer."""
    if not actor.may(ANSWER, emitter.slug):
        return []
    url, count = f"/office/{emitter.slug}/questions", await questions.count_open(emitter.id)
    current = request.url.path.startswith(url)
    return [Link(label=Text("Who read my request?"), url=url, icon="inbox", current=current, count=count or None)]


async def _contracts(request: _AnyRequest, actor: Actor, emitter: EmitterInfo) -> list[Link]:
    """What was entrusted to others, and how many proposals wait for an answer."""
    if not actor.may(CONTRACTS, emitter.slug):
        return []
    url, count = f"/office/{emitter.slug}/contracts", await publishing.count_waiting(emitter.id)
    current = request.url.path.startswith(url)
    return [Link(label=Text("Contracts"), url=url, icon="edit", current=current, count=count or None)]


async def _plugin_links(request: _AnyRequest, actor: Actor, emitter: EmitterInfo) -> list[Link]:
    """The pages of the plugins that an emitter has enabled, and those that are of use to every emitter."""
    return [
        await _entry_link(request, emitter, f"{plugin.key}{entry.path}", entry)
        for plugin, entry in _entries()
        if await _is_shown(actor, emitter, plugin, entry)
    ]


async def _entry_link(request: _AnyRequest, emitter: EmitterInfo, part: str, entry: NavEntry) -> Link:
    url = f"/office/{emitter.slug}/{part}"
    return Link(
        label=entry.label,
        url=url,
        icon=entry.icon,
        count=await entry.count(emitter.id) if entry.count else None,
        current=request.url.path.startswith(url),
        key=entry.key,
    )


def _entries() -> Iterator[tuple[Plugin, NavEntry]]:
    for plugin in plugins.current():
        for entry in plugin.nav_entries:
            yield plugin, entry


async def _is_shown(actor: Actor, emitter: EmitterInfo, plugin: Plugin, entry: NavEntry) -> bool:
    """Whether an entry is in somebody's navigation of an emitter's back office."""
    if entry.area == TERRITORY or not actor.may(entry.permission, emitter.slug):
        return False
    return entry.everywhere or await territory.is_enabled(plugin.key, emitter.id)


def _desks(actor: Actor, emitter: EmitterInfo | None) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=grant.name or "",
            url=f"/office/{grant.slug}",
            current=bool(emitter and emitter.slug == grant.slug),
        )
        for grant in actor.desks
    )
