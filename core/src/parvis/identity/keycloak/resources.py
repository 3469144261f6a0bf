"""Keycloak asked and told, a class for each kind of thing: find it by name, add it, bring it in line.

What is found has the shape of what is wanted; identifiers that Keycloak alone knows stay in here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from keycloak.exceptions import KeycloakGetError

from keycloak import KeycloakAdmin
from parvis.identity.keycloak.rules import Keys, Thing, merged

Found = dict[str, Any]
_NOT_FOUND = 404
_ALL = 10_000


class Resource(Protocol):
    """Things of one kind."""

    def find(self, name: str) -> Found | None:
        """The thing as it is, None if there is none."""

    def add(self, thing: Thing) -> None:
        """Add it."""

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring what was found in line with our keys and leave the others."""


class Realms:
    """The realm itself."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """The realm's own settings."""
        return _or_none(lambda: self._admin.get_realm(name))

    def add(self, thing: Thing) -> None:
        """Add the realm; the rights over it are in the next token."""
        self._admin.create_realm(merged({}, thing.keys))
        self._admin.connection.get_token()

    def change(self, thing: Thing, found: Keys) -> None:
        """Keycloak keeps what is not sent, except among the attributes."""
        self._admin.update_realm(thing.name, merged({key: found.get(key) for key in thing.keys}, thing.keys))


class Bindings:
    """What a flow is used for where a client says nothing else; a name is the realm's own for that use."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """The name of the flow."""
        return {"flow": self._admin.get_realm(self._realm)[name]}

    def add(self, thing: Thing) -> None:
        """There always is one."""
        self._admin.update_realm(self._realm, {thing.name: thing.keys["flow"]})

    def change(self, thing: Thing, found: Keys) -> None:
        """Another flow from now on; the realm's other settings are left."""
        if found != thing.keys:
            self.add(thing)

    @property
    def _realm(self) -> str:
        return self._admin.connection.realm_name or ""


class Scopes:
    """Client scopes."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """The scope with its mappers."""
        return self._admin.get_client_scope_by_name(name)

    def add(self, thing: Thing) -> None:
        """Add a scope; it is nobody's yet."""
        self._admin.create_client_scope(merged({}, thing.keys))

    def change(self, thing: Thing, found: Keys) -> None:
        """Its mappers are things of their own."""
        self._admin.update_client_scope(found["id"], merged(found, thing.keys))


class Mappers:
    """Mappers of a scope; a thing.name is `scope/mapper`."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """The mapper, if its scope is there."""
        scope, _, mapper = name.partition("/")
        there = self._admin.get_client_scope_by_name(scope) or {}
        return next((one for one in there.get("protocolMappers", []) if one["name"] == mapper), None)

    def add(self, thing: Thing) -> None:
        """Add it to its scope."""
        self._admin.add_mapper_to_client_scope(self._scope(thing.name), merged({}, thing.keys))

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring it in line."""
        self._admin.update_mapper_in_client_scope(self._scope(thing.name), found["id"], merged(found, thing.keys))

    def _scope(self, name: str) -> str:
        found = self._admin.get_client_scope_by_name(name.partition("/")[0])
        assert found is not None
        return str(found["id"])


class Groups:
    """Groups; a name is the path. The children of each parent are asked for once."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin
        self._known: dict[str, dict[str, Found]] = {}

    def find(self, name: str) -> Found | None:
        """The group of a path."""
        parent, _, own = name.rpartition("/")
        return self._children(parent).get(own)

    def add(self, thing: Thing) -> None:
        """Add it below its parent, which is there."""
        parent, _, own = thing.name.rpartition("/")
        group = {"name": own, **merged({}, thing.keys)}
        above = self.find(parent) if parent else None
        group["id"] = self._admin.create_group(group, parent=above["id"] if above else None)
        self._children(parent)[own] = group

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring its attributes in line."""
        whole = merged(found, thing.keys)
        self._admin.update_group(found["id"], {"name": whole["name"], "attributes": whole["attributes"]})

    def paths(self) -> dict[str, str]:
        """The paths of the groups that were asked for so far, by Keycloak's own name for them."""
        return {group["id"]: f"{above}/{own}" for above, below in self._known.items() for own, group in below.items()}

    def _children(self, path: str) -> dict[str, Found]:
        if path not in self._known:
            # Ten a page, unless told.
            query = {"briefRepresentation": "false", "first": 0, "max": _ALL}
            if not path:
                found = self._top(query)
            else:
                parent = self.find(path)
                found = self._admin.get_group_children(parent["id"], query) if parent else []
            self._known[path] = {group["name"]: group for group in found}
        return self._known[path]

    def _top(self, query: dict[str, Any]) -> list[Found]:
        # The library's own listing goes down one level for every group of the realm.
        realm = quote(self._admin.connection.realm_name or "", safe="")
        answer = self._admin.connection.raw_get(f"admin/realms/{realm}/groups", **query)
        if not answer.ok:
            raise KeycloakGetError(error_message=answer.reason, response_code=answer.status_code)
        found: list[Found] = answer.json()
        return found


class Providers:
    """Brokered providers."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """The provider; its secret comes back as stars."""
        found = _or_none(lambda: self._admin.get_idp(name))
        return found and {"postBrokerLoginFlowAlias": "", **found}

    def add(self, thing: Thing) -> None:
        """Add it."""
        self._admin.create_idp(merged({}, thing.keys))

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring it in line, its secret too."""
        self._admin.update_idp(thing.name, merged(found, thing.keys))


def _or_none(ask: Callable[[], Found]) -> Found | None:
    try:
        return ask()
    except KeycloakGetError as error:
        if error.response_code == _NOT_FOUND:
            return None
        raise
