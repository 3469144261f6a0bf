"""What the portal's own small account may do in its realm: Keycloak's permissions for administrators, version 2."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from keycloak.exceptions import KeycloakGetError

from keycloak import KeycloakAdmin
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.resources import Found, Groups
from parvis.identity.keycloak.rules import Keys, Thing, merged

_MANAGEMENT = "realm-management"
_PERMISSIONS = "admin-permissions"
_POLICY = "policy/user"
_ACCOUNT_OF = "service-account-"


class AccountRoles:
    """Roles of realm-management that a client's account has; a name is the client's. It may have others besides."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> Found | None:
        """Its roles, if the client is there."""
        client = self._admin.get_client_id(name)
        if client is None:
            return None
        roles = self._admin.get_client_roles_of_user(self._user(client), self._management())
        return {role["name"]: True for role in roles}

    def add(self, thing: Thing) -> None:
        """A client that was added a moment ago has none."""
        self.change(thing, {})

    def change(self, thing: Thing, found: Keys) -> None:
        """Give it what is missing."""
        client, management = self._admin.get_client_id(thing.name), self._management()
        assert client is not None
        missing = [self._admin.get_client_role(management, role) for role in thing.keys if role not in found]
        self._admin.assign_client_role(self._user(client), management, missing)

    def _user(self, client: str) -> str:
        return str(self._admin.get_client_service_account_user(client)["id"])

    def _management(self) -> str:
        found = self._admin.get_client_id(_MANAGEMENT)
        assert found is not None
        return found


class _Authorization:
    """The part of Keycloak that keeps policies and permissions for administrators, which the library does not know."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def named(self, kind: str, name: str) -> Found | None:
        """The one of this very name; none at all before the realm has such permissions."""
        if self._client() is None:
            return None
        found = self.get(kind, name=name, max=100)
        return next((one for one in found if one["name"] == name), None)

    def get(self, where: str, **query: Any) -> Any:
        """What is there. Raises KeycloakGetError."""
        return self._told(self._admin.connection.raw_get(self._at(where), **query))

    def add(self, kind: str, told: Keys) -> None:
        """Add one."""
        self._told(self._admin.connection.raw_post(self._at(kind), data=json.dumps(told)))

    def change(self, kind: str, found: str, told: Keys) -> None:
        """Write one anew."""
        self._told(self._admin.connection.raw_put(self._at(f"{kind}/{found}"), data=json.dumps(told)))

    def _client(self) -> str | None:
        return self._admin.get_client_id(_PERMISSIONS)

    def _at(self, where: str) -> str:
        client = self._client()
        if client is None:
            raise ConfigurationError("Keycloak has no permissions for administrators: it takes version 26.2 or newer.")
        realm = quote(self._admin.connection.realm_name or "", safe="")
        return f"admin/realms/{realm}/clients/{client}/authz/resource-server/{where}"

    def _told(self, answer: Any) -> Any:
        if not answer.ok:
            raise KeycloakGetError(error_message=answer.text, response_code=answer.status_code)
        return answer.json() if answer.content else None


class Policies:
    """Policies that are true for the accounts of certain clients, which go by their client id here.

    Not those of the kind `client`: Keycloak leaves out of its lists what one of these allows to see.
    """

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin, self._there = admin, _Authorization(admin)

    def find(self, name: str) -> Found | None:
        """For whose accounts it is true."""
        found = self._there.named(_POLICY, name)
        if found is None:
            return None
        users = (self._admin.get_user(user) for user in self._there.get(f"{_POLICY}/{found['id']}")["users"])
        return {**found, "users": [user["username"].removeprefix(_ACCOUNT_OF) for user in users]}

    def add(self, thing: Thing) -> None:
        """Add it."""
        self._there.add(_POLICY, self._told(thing))

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring it in line."""
        self._there.change(_POLICY, found["id"], {"id": found["id"], **self._told(thing)})

    def _told(self, thing: Thing) -> dict[str, Any]:
        clients = (self._admin.get_client_id(client) for client in thing.keys["users"])
        users = [self._admin.get_client_service_account_user(client)["id"] for client in clients if client]
        return {"name": thing.name, **merged({}, thing.keys), "users": users}


class Permissions:
    """Permissions that a policy opens; groups go by their path here."""

    def __init__(self, admin: KeycloakAdmin, groups: Groups) -> None:
        self._there, self._groups = _Authorization(admin), groups

    def find(self, name: str) -> Found | None:
        """What it lets do, with which groups."""
        found = self._there.named("permission/scope", name)
        if found is None:
            return None
        parts = {part: self._there.get(f"policy/{found['id']}/{part}") for part in ("scopes", "resources")}
        opening = self._there.get(f"policy/{found['id']}/associatedPolicies")
        paths = self._groups.paths()
        return {
            **found,
            "scopes": [one["name"] for one in parts["scopes"]],
            "resources": [paths[one["name"]] for one in parts["resources"] if one["name"] in paths],
            "policies": [one["name"] for one in opening],
        }

    def add(self, thing: Thing) -> None:
        """Add it."""
        self._there.add("permission/scope", self._told(thing))

    def change(self, thing: Thing, found: Keys) -> None:
        """Bring it in line."""
        self._there.change("permission/scope", found["id"], {"id": found["id"], **self._told(thing)})

    def _told(self, thing: Thing) -> dict[str, Any]:
        groups = (self._groups.find(path) for path in thing.keys["resources"])
        policies = (self._there.named("policy", policy) for policy in thing.keys["policies"])
        return {
            "name": thing.name,
            **merged({}, thing.keys),
            "resources": [group["id"] for group in groups if group],
            "policies": [policy["id"] for policy in policies if policy],
        }
