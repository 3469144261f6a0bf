"""What a plugin claims for itself alone: keys, addresses, commands. The first to claim has it.

A name that others see must begin with the plugin's key, so that two authors need not know one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from litestar.routes import HTTPRoute

from parvis.contract.values import AREAS, TERRITORY, Mount
from parvis.plugins.registry import Plugin

_OFFICIAL = frozenset({"", "api", "demo", "e", "health", "language", "login", "logout", "me", "office", "static"})
_PREFIX = {"emitter": "/e/{}/", "office": "/office/{}/", "api": "/api/v1/"}
_SERVICE = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass
class Claims:
    """Who has what, filled in plugin by plugin while an instance starts."""

    held: dict[tuple[str, str], str] = field(default_factory=dict)

    def mistakes(self, plugin: Plugin) -> list[str]:
        """One sentence for each claim that is another's, or repeated; with none, the claims are the plugin's."""
        told, seen = [], set()
        for what, name in _claimed(plugin):
            if other := self._holder(what, name):
                told.append(f"the {what} {name!r} is the plugin {other}'s already: choose another one")
            elif (what, name) in seen:
                told.append(f"the {what} {name!r} is there twice: choose another one")
            seen.add((what, name))
        if not told:
            self.held |= dict.fromkeys(seen, plugin.key)
        return told

    def _holder(self, what: str, name: str) -> str | None:
        if what != "fixed address":
            return self.held.get((what, name))
        nested = (
            other
            for (kind, held), other in self.held.items()
            if kind == what and (held == name or held.startswith(name + "/") or name.startswith(held + "/"))
        )
        return next(nested, None)


def misplaced(plugin: Plugin) -> Iterator[str]:
    """One sentence for each name outside what the plugin's key allows."""
    key = plugin.key
    for what, name, prefix in _prefixed(plugin):
        if not name.startswith(prefix):
            yield f"the {what} {name!r} must begin with {prefix!r}"
    for command in (str(command.name) for command in plugin.commands):
        if not re.fullmatch(rf"{key}(-.+)?", command):
            yield f"the command {command!r} must be named {key!r}, or begin with '{key}-'"
    yield from _misformed(plugin)
    yield from _unknown_permissions(plugin)


def _misformed(plugin: Plugin) -> Iterator[str]:
    for service in plugin.services:
        if not _SERVICE.fullmatch(service.key):
            yield f"the service key {service.key!r} must be small letters, figures and dashes"
    for mount in plugin.routes:
        if mount.where not in _PREFIX and (fault := _address_fault(mount.where)):
            yield f"the fixed address {mount.where!r} {fault}"
    for entry in plugin.nav_entries:
        if entry.area not in (*AREAS, TERRITORY):
            yield f"the navigation entry {entry.path!r} is in no area: {', '.join(AREAS)} or {TERRITORY}"


def addresses(plugin: Plugin, mount: Mount) -> Iterator[str]:
    """Each method and address of a mount, e.g. `GET /e/{}/library`; parameters are told by `{}`."""
    before = _PREFIX[mount.where] + plugin.key if mount.where in _PREFIX else mount.where
    for route in mount.router.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{[^}]*\}", "{}", f"{before}{route.path}").rstrip("/")
            for method in sorted(str(method) for method in route.methods):
                if method != "OPTIONS":
                    yield f"{method} {path}"


def _claimed(plugin: Plugin) -> Iterator[tuple[str, str]]:
    for service in plugin.services:
        yield "service key", service.key
        for kind in service.kinds:
            yield "kind", f"{service.key}/{kind.key}"
    for where in sorted({mount.where for mount in plugin.routes} - set(_PREFIX)):
        yield "fixed address", where.rstrip("/")
    for mount in plugin.routes:
        for address in addresses(plugin, mount):
            yield "address", address
    for what, name, _ in _prefixed(plugin):
        yield what, name
    for command in plugin.commands:
        yield "command", str(command.name)


def _prefixed(plugin: Plugin) -> Iterator[tuple[str, str, str]]:
    for permission in plugin.permissions:
        yield "permission", permission.key, f"{plugin.key}."
    for reaction in plugin.reactions:
        yield "reaction", reaction.key, f"{plugin.key}."
    for template in plugin.message_templates:
        yield "message template", template.key, f"{plugin.key}/"
    for provider in plugin.payment_providers:
        yield "payment provider", provider.key, f"{plugin.key}."
    for data in plugin.personal_data:
        yield "personal data", data.key, plugin.key


def _unknown_permissions(plugin: Plugin) -> Iterator[str]:
    own = {permission.key for permission in plugin.permissions}
    for entry in plugin.nav_entries:
        if entry.permission.startswith(f"{plugin.key}.") and entry.permission not in own:
            yield f"the navigation entry {entry.path!r} needs {entry.permission!r}: add it to permissions()"


def _address_fault(where: str) -> str | None:
    if not where.startswith("/"):
        return f"must begin with a slash, or be one of {', '.join(_PREFIX)}"
    if where.strip("/").split("/")[0] in _OFFICIAL:
        return "is the platform's: choose another one"
    return None
