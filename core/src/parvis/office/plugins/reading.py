"""What a manager reads before enabling a plugin: its manifest, and what its hooks bring, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from parvis.contract.values import Audience, Permission, Role
from parvis.errors import Text
from parvis.identity.words import ROLES
from parvis.plugins import Plugin

_FOR_WHOM = {
    Audience.PUBLIC: Text("Pages for everybody"),
    Audience.RESIDENT: Text("Pages for residents who are signed in or proved a contact"),
    Audience.STAFF: Text("Pages of the back office"),
    Audience.MACHINE: Text("Addresses for other systems"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A hook that a plugin has: its name, what it brings in a sentence, and the names of what it brings."""

    key: str
    about: Text
    names: tuple[Text | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything there is to read about a plugin; `mark` is that of just this."""

    plugin: Plugin
    hooks: tuple[Hook, ...]
    hosts: tuple[str, ...]
    mark: str


def read(plugin: Plugin) -> Reading:
    """What is read of a plugin. A new version, or other words, make another mark."""
    hooks = tuple(_hooks(plugin))
    hosts = tuple(sorted({urlsplit(address).netloc or address for address in plugin.manifest.calls}))
    return Reading(plugin=plugin, hooks=hooks, hosts=hosts, mark=_mark(plugin, hooks))


def usual(permission: Permission) -> list[Text]:
    """The roles that have a permission unless the emitter says otherwise."""
    return [ROLES[role] for role in Role if role in permission.roles]


def _hooks(plugin: Plugin) -> Iterator[Hook]:
    if plugin.services:
        names = tuple(service.name for service in plugin.services)
        yield Hook(key="services", about=Text("Residents may ask for"), names=names)
    if plugin.routes:
        audiences = {mount.audience for mount in plugin.routes}
        pages = tuple(text for audience, text in _FOR_WHOM.items() if audience in audiences)
        yield Hook(key="routes", about=Text("It adds"), names=pages)
    if plugin.nav_entries:
        names = tuple(entry.label for entry in plugin.nav_entries)
        yield Hook(key="nav_entries", about=Text("Lines of the navigation"), names=names)
    if plugin.message_templates:
        names = tuple(template.name for template in plugin.message_templates)
        yield Hook(key="message_templates", about=Text("Messages that it sends"), names=names)
    if plugin.reactions:
        events = tuple(dict.fromkeys(reaction.event.__name__ for reaction in plugin.reactions))
        yield Hook(key="reactions", about=Text("It reacts to these events of your requests"), names=events)
    if plugin.settings:
        yield Hook(key="settings", about=Text("It has settings of your own"))
    yield from _ways_to_pay(plugin)
    if plugin.personal_data:
        yield Hook(key="personal_data", about=Text("It gives out and erases what it holds of a person"))


def _ways_to_pay(plugin: Plugin) -> Iterator[Hook]:
    if plugin.payment_providers:
        names = tuple(provider.name for provider in plugin.payment_providers)
        yield Hook(key="payment_providers", about=Text("It lets people pay by"), names=names)


def _mark(plugin: Plugin, hooks: tuple[Hook, ...]) -> str:
    manifest = plugin.manifest
    said = [
        plugin.origin.version,
        str(manifest.summary),
        *(f"{held.what} {held.why} {held.kept}" for held in manifest.data),
        *manifest.calls,
        *(f"{hook.key} {hook.about} {' '.join(map(str, hook.names))}" for hook in hooks),
        *(f"{one.key} {one.name} {' '.join(sorted(one.roles))}" for one in plugin.permissions),
    ]
    return sha256("\n".join(said).encode()).hexdigest()[:16]
