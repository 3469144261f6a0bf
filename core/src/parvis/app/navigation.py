"""Where one can go: a resident's links, and the areas of a back office."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from parvis import clock, plugins, settings
from parvis.contract.values import AREAS, TERRITORY, NavEntry, Role
from parvis.dossiers import questions
from parvis.errors import Text
from parvis.identity.actors import Actor
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
from parvis.payments import stranded
from parvis.plugins import Plugin
from parvis.territory import queries as territory
from parvis.territory.publishing import queries as publishing
from parvis.territory.queries import EmitterInfo
from parvis.web.pages import Area, Link

Count = Callable[[UUID], Awaitable[int]]
_NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "today": Text("The day"),
        "requests": Text("Follow-up"),
        "money": Text("Payments"),
        "offer": Text("Places and hours"),
        "settings": Text("Administration"),
    }
)


class _Page(NamedTuple):
    """A page of the core's in an emitter's back office: `part` of its address; `waits` counts what waits there."""

    area: str
    permission: str
    label: Text
    part: str
    icon: str
    waits: Count | None = None


async def _without_outcome(emitter: UUID) -> int:
    """How many visits of the last days wait for somebody to say what became of them."""
    return sum((await waiting(emitter, clock.now().astimezone(settings.current().zone).date())).values())


_PAGES = (
    _Page("today", TODAY, Text("Today"), "today", "calendar", _without_outcome),
    _Page("requests", REQUESTS, Text("Requests"), "requests", "search"),
    _Page("requests", CHANGE, Text("Hours given back"), "freed", "again"),
    _Page("requests", ANSWER, Text("Who read my request?"), "questions", "inbox", questions.count_open),
    _Page("requests", FIGURES, Text("Figures"), "figures", "chart"),
    _Page("money", BILL, Text("Bills"), "bills", "mail"),
    _Page("money", TAKE, Text("Counter"), "counter", "card"),
    _Page("money", TILLS, Text("Tills"), "tills", "euro", stranded.count),
    _Page("money", TARIFFS, Text("Tariffs"), "tariffs", "card"),
    _Page("offer", OPENINGS, Text("Opening hours"), "calendars", "clock"),
    _Page("offer", PLACES, Text("Places and calendars"), "places", "place"),
    _Page("offer", LEND, Text("Calendars lent"), "lending", "people"),
    _Page("offer", CONTRACTS, Text("Contracts"), "contracts", "edit", publishing.count_waiting),
    _Page("settings", LOOK, Text("Look"), "look", "look"),
    _Page("settings", SETTINGS, Text("Settings"), "settings", "settings"),
    _Page("settings", PEOPLE, Text("People and roles"), "people", "people"),
    _Page("settings", PLUGINS, Text("Plugins"), "plugins", "plug"),
)


def of_resident(path: str, actor: Actor) -> tuple[Link, ...]:
    """What the portal's pages lead to; `path` is the page one is on."""
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


async def of_office(path: str, actor: Actor, emitter: EmitterInfo | None) -> tuple[Area, ...]:
    """What somebody may open of an emitter's back office, by area; the operator's own pages come last."""
    found = [(_NAMES[area], await _links(area, path, actor, emitter)) for area in AREAS] if emitter else []
    found.append((Text("Instance"), _operator(path) if actor.has(Role.OPERATOR) else ()))
    return tuple(Area(label=label, links=links) for label, links in found if links)


def _operator(path: str) -> tuple[Link, ...]:
    accounts = "/operator/accounts"
    return (
        Link(label=Text("This instance"), url="/operator", icon="globe", current=path == "/operator"),
        Link(label=Text("Accounts"), url=accounts, icon="person", current=_is_in(path, accounts)),
    )


async def _links(area: str, path: str, actor: Actor, emitter: EmitterInfo) -> tuple[Link, ...]:
    """The core's pages of an area, then those that plugins add to it."""
    own = [await _page_link(path, emitter, page) for page in _PAGES if page.area == area and _may(actor, emitter, page)]
    added = [
        await _entry_link(path, emitter, plugin, entry)
        for plugin, entry in _entries()
        if entry.area == area and await _is_shown(actor, emitter, plugin, entry)
    ]
    return (*own, *added)


async def _page_link(path: str, emitter: EmitterInfo, page: _Page) -> Link:
    url = f"/office/{emitter.slug}/{page.part}"
    count = await page.waits(emitter.id) if page.waits else 0
    return Link(label=page.label, url=url, icon=page.icon, current=_is_in(path, url), count=count or None)


def _may(actor: Actor, emitter: EmitterInfo, page: _Page) -> bool:
    return may_take(actor, emitter.slug) if page.permission == TAKE else actor.may(page.permission, emitter.slug)


async def _entry_link(path: str, emitter: EmitterInfo, plugin: Plugin, entry: NavEntry) -> Link:
    url = f"/office/{emitter.slug}/{plugin.key}{entry.path}"
    count = await entry.count(emitter.id) if entry.count else 0
    return Link(
        label=entry.label,
        url=url,
        icon=entry.icon,
        count=count or None,
        current=_is_in(path, url),
        key=entry.key,
    )


async def _is_shown(actor: Actor, emitter: EmitterInfo, plugin: Plugin, entry: NavEntry) -> bool:
    if not actor.may(entry.permission, emitter.slug):
        return False
    return entry.everywhere or await territory.is_enabled(plugin.key, emitter.id)


def _entries() -> Iterator[tuple[Plugin, NavEntry]]:
    for plugin in plugins.current():
        for entry in plugin.nav_entries:
            yield plugin, entry


def _is_in(path: str, url: str) -> bool:
    """Whether a page is this one, or under it.

    >>> [_is_in(path, "/office/illzach/tills") for path in ("/office/illzach/tills/1", "/office/illzach/tillstock")]
    [True, False]
    """
    return path == url or path.startswith(f"{url}/")
