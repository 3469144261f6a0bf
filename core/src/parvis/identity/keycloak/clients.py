"""Our client in Keycloak, and the scopes it is given."""

from __future__ import annotations

from typing import Any

from keycloak import KeycloakAdmin
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.rules import Keys, Thing, merged

_FLOWS = "authenticationFlowBindingOverrides"
_BY_NAME = "alias"


class Clients:
    """Clients by their client id; flows they are bound to go by name here, by identifier in Keycloak."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> dict[str, Any] | None:
        """The client, with its secret in plain text."""
        known = self._admin.get_client_id(name)
        if known is None:
            return None
        found: dict[str, Any] = self._admin.get_client(known)
        names = {flow["id"]: flow[_BY_NAME] for flow in self._admin.get_authentication_flows()}
        bound = {use: names.get(flow, "") for use, flow in found.get(_FLOWS, {}).items()}
        return found | {_FLOWS: {"browser": "", **bound}}

    def add(self, thing: Thing) -> None:
        """Add it; some come with the realm, which was not there when this was planned."""
        if (found := self.find(thing.name)) is not None:
            self.change(thing, found)
        else:
            self._admin.create_client(self._told(merged({}, thing.keys)))

    def change(self, thing: Thing, found: Keys) -> None:
        """Keycloak takes the whole client."""
        self._admin.update_client(found["id"], self._told(merged(found, thing.keys)))

    def _told(self, client: dict[str, Any]) -> dict[str, Any]:
        identifiers = {flow[_BY_NAME]: flow["id"] for flow in self._admin.get_authentication_flows()}
        return client | {_FLOWS: {use: flow and identifiers[flow] for use, flow in client[_FLOWS].items()}}


class ScopesOfClients:
    """How a client has a scope: `default`, `optional`, or `none`. A name is `client/scope`."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> dict[str, Any] | None:
        """How the scope is assigned, if the client is there."""
        client, _, scope = name.rpartition("/")
        known = self._admin.get_client_id(client)
        if known is None:
            return None
        found = self._admin.get_client(known)
        lists = {"default": found["defaultClientScopes"], "optional": found["optionalClientScopes"]}
        return {"assigned": next((how for how, names in lists.items() if scope in names), "none")}

    def add(self, thing: Thing) -> None:
        """A client that was added a moment ago has the realm's scopes."""
        found = self.find(thing.name)
        assert found is not None
        if found != thing.keys:
            self.change(thing, found)

    def change(self, thing: Thing, found: Keys) -> None:
        """Take it from where it is and put it where it belongs."""
        client, _, scope = thing.name.rpartition("/")
        known, there = self._admin.get_client_id(client), self._admin.get_client_scope_by_name(scope)
        assert known is not None
        if there is None:
            raise ConfigurationError(f"The realm has no scope {scope}, which the portal asks for: add it there.")
        if found["assigned"] == "default":
            self._admin.delete_client_default_client_scope(known, there["id"])
        elif found["assigned"] == "optional":
            self._admin.delete_client_optional_client_scope(known, there["id"])
        told = {"id": there["id"]}
        if thing.keys["assigned"] == "default":
            self._admin.add_client_default_client_scope(known, there["id"], told)
        elif thing.keys["assigned"] == "optional":
            self._admin.add_client_optional_client_scope(known, there["id"], told)
