"""What is wanted of Keycloak for the portal's own small account, which fills the groups and may do nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from parvis.identity.keycloak.rules import Keys, Kind, Secret, Thing
from parvis.identity.keycloak.wanted import DESCRIPTION, groups, marked

_POLICY = "parvis-groups"
_ROLES = ("query-groups", "query-users")
_ABOVE = "/emitters"


@dataclass(frozen=True, slots=True)
class Account:
    """A client of the realm that acts for itself."""

    id: str
    secret: str


def account_things(account: Account, emitters: Iterable[str]) -> Iterator[Thing]:
    """The account, and what it may do: see people, and put them into and out of the emitters' groups.

    Not into those of helpers and operators: whoever takes the account over makes nobody one.
    """
    yield marked(Kind.CLIENT, account.id, _client(account), "attributes", "true")
    yield Thing(Kind.ROLES, account.id, dict.fromkeys(_ROLES, True))
    yield _kept(Kind.POLICY, _POLICY, {"users": [account.id]})
    yield _permission("people", "Users", ("view", "manage-group-membership"))
    # One line a group: a right over a group is none over those below it, and a path is found from above only.
    paths = [path for path in groups(emitters) if path.startswith(_ABOVE)]
    roles = [path for path in paths if path.count("/") > _ABOVE.count("/") + 1]
    yield _permission("tree", "Groups", ("view",), paths)
    yield _permission("members", "Groups", ("manage-membership",), roles)


def _permission(what: str, kind: str, scopes: Iterable[str], paths: Iterable[str] = ()) -> Thing:
    keys = {"resourceType": kind, "scopes": list(scopes), "resources": list(paths), "policies": [_POLICY]}
    return _kept(Kind.PERMISSION, f"{_POLICY}-{what}", keys)


def _kept(kind: Kind, name: str, keys: Keys) -> Thing:
    return Thing(kind, name, {**keys, "description": DESCRIPTION}, ("description",))


def _client(account: Account) -> dict[str, Any]:
    return {
        "clientId": account.id,
        "name": "Parvis: members of groups",
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "secret": Secret(account.secret),
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "attributes": {},
        "authenticationFlowBindingOverrides": {"browser": ""},
    }
