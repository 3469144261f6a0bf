"""What is wanted of Keycloak: the things that follow from the file, the instance's settings and its emitters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parvis.contract.values import Role
from parvis.identity.keycloak.files import KeycloakFile, ProviderEntry
from parvis.identity.keycloak.rules import Keys, Kind, Secret, Thing
from parvis.identity.keycloak.step_up import AFTER_BROKER, BROWSER, after_broker, browser

MARK = "parvis.kept"
DESCRIPTION = "Kept by Parvis"
ROLES_SCOPE = "parvis-roles"
CLAIM = "parvis_roles"
_LEVELS = json.dumps({"1fa": 1, "2fa": 2}, separators=(",", ":"))
_CONSOLE = "security-admin-console"
_AT_EMITTERS = tuple(role for role in Role if role not in {Role.HELPER, Role.OPERATOR})
# What the portal asks for; `basic` carries `sub`.
_SCOPES = {"basic": "default", "acr": "default", "profile": "default", "email": "default", "phone": "optional"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Keycloak leads back to and calls: addresses of the portal."""

    home: str
    callback: str
    signed_out: str
    backchannel: str


@dataclass(frozen=True, slots=True)
class Client:
    """The portal as Keycloak's client."""

    id: str
    secret: str
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class Upstream:
    """A provider of the file with its secret, a keyed digest of it, and what its discovery document says."""

    entry: ProviderEntry
    secret: str
    digest: str
    config: Mapping[str, str]


def things(
    file: KeycloakFile, realm: str, client: Client, emitters: Iterable[str], upstreams: Iterable[Upstream]
) -> Iterator[Thing]:
    """Everything wanted, in the order in which one stands on another. `emitters` are slugs."""
    yield _realm(file, realm)
    if file.step_up:
        for name, steps in ((BROWSER, browser), (AFTER_BROKER, after_broker)):
            yield _flow(name, steps(file.realm.longest * 60, file.first_factor))
        if file.realm.own:
            # In other flows a password alone sets up another factor beside the one that there is.
            yield Thing(Kind.BINDING, "browserFlow", {"flow": BROWSER})
            # Nobody asks for a level there, and a realm's administrators may do everything.
            yield Thing(Kind.CLIENT, _CONSOLE, {"attributes": {"minimum.acr.value": "2fa"}})
    yield marked(Kind.SCOPE, ROLES_SCOPE, _scope(), "attributes", "true")
    yield Thing(Kind.MAPPER, f"{ROLES_SCOPE}/{CLAIM}", _mapper())
    for path in groups(emitters):
        yield marked(Kind.GROUP, path, {"attributes": {}}, "attributes", ["true"])
    for upstream in upstreams:
        keys = _provider(upstream, file.step_up)
        yield marked(Kind.PROVIDER, upstream.entry.alias, keys, "config", "true")
    yield marked(Kind.CLIENT, client.id, _client(client, file.step_up), "attributes", "true")
    scopes = {**_SCOPES, ROLES_SCOPE: "default" if file.roles.narrow else "none"}
    for scope, how in scopes.items():
        yield Thing(Kind.SCOPE_OF_CLIENT, f"{client.id}/{scope}", {"assigned": how})


def groups(emitters: Iterable[str]) -> Iterator[str]:
    """The paths of the groups that mirror grants, parents first.

    >>> list(groups(["illzach"]))[:4]
    ['/helper', '/operator', '/emitters', '/emitters/illzach']
    """
    yield from (f"/{role}" for role in (Role.HELPER, Role.OPERATOR))
    yield "/emitters"
    for slug in emitters:
        yield f"/emitters/{slug}"
        yield from (f"/emitters/{slug}/{role}" for role in _AT_EMITTERS)


def marked(kind: Kind, name: str, keys: Keys, where: str, mark: Any) -> Thing:
    """A thing that carries our mark among the keys of `where`."""
    return Thing(kind, name, {**keys, where: {**keys[where], MARK: mark}}, (where, MARK))


def _flow(name: str, steps: list[dict[str, Any]]) -> Thing:
    # A flow has no attributes; its description is the mark.
    return Thing(Kind.FLOW, name, {"description": DESCRIPTION, "steps": steps}, ("description",))


def _realm(file: KeycloakFile, name: str) -> Thing:
    entry, guard = file.realm, file.brute_force
    keys: dict[str, Any] = {
        "realm": name,
        "enabled": True,
        "internationalizationEnabled": True,
        "supportedLocales": list(entry.languages),
        "defaultLocale": entry.languages[0],
        "registrationAllowed": entry.registration,
        "verifyEmail": entry.verify_email,
        "loginWithEmailAllowed": True,
        "duplicateEmailsAllowed": False,
        "passwordPolicy": entry.passwords,
        "bruteForceProtected": True,
        "permanentLockout": False,
        "failureFactor": guard.failures,
        "waitIncrementSeconds": guard.wait * 60,
        "maxFailureWaitSeconds": guard.longest * 60,
        "accessTokenLifespan": 300,
        "ssoSessionIdleTimeout": entry.idle * 60,
        "ssoSessionMaxLifespan": entry.longest * 60,
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "attributes": {"acr.loa.map": _LEVELS} if file.step_up else {},
    }
    # What a browser calls the site that a key is for.
    keys |= {"displayName": entry.name, "webAuthnPolicyRpEntityName": entry.name} if entry.name else {}
    keys |= {"loginTheme": entry.theme} if entry.theme else {}
    keys |= {"adminPermissionsEnabled": True} if file.roles.push else {}
    return marked(Kind.REALM, name, keys, "attributes", "true")


def _scope() -> Keys:
    return {
        "name": ROLES_SCOPE,
        "description": "Roles at the emitters of Parvis, as paths of groups",
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true", "display.on.consent.screen": "false"},
    }


def _mapper() -> Keys:
    tokens = {f"{where}.claim": "true" for where in ("id.token", "access.token", "userinfo.token")}
    return {
        "name": CLAIM,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-group-membership-mapper",
        "config": {"claim.name": CLAIM, "full.path": "true", **tokens},
    }


def _provider(upstream: Upstream, step_up: bool) -> Keys:
    entry = upstream.entry
    return {
        "alias": entry.alias,
        "displayName": entry.name,
        "providerId": "oidc",
        "enabled": True,
        # Absent proof would count as proof, and a stranger's address would open somebody's account.
        "trustEmail": False,
        "firstBrokerLoginFlowAlias": "first broker login",
        "postBrokerLoginFlowAlias": AFTER_BROKER if step_up else "",
        "config": {
            **upstream.config,
            "clientId": entry.client_id,
            "clientSecret": Secret(upstream.secret, readable=False),
            "parvis.secret": Secret(upstream.digest),
            "defaultScope": entry.scopes,
            "validateSignature": "true",
            "useJwksUrl": "true",
            "syncMode": "FORCE",
        },
    }


def _client(client: Client, step_up: bool) -> Keys:
    addresses = client.addresses
    return {
        "clientId": client.id,
        "name": "Parvis",
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "secret": Secret(client.secret),
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "frontchannelLogout": False,
        "baseUrl": addresses.home,
        "redirectUris": [addresses.callback],
        "webOrigins": [],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "backchannel.logout.url": addresses.backchannel,
            "backchannel.logout.session.required": "true",
            "post.logout.redirect.uris": addresses.signed_out,
        },
        # Of this client only: the other applications of the realm keep theirs.
        "authenticationFlowBindingOverrides": {"browser": BROWSER if step_up else ""},
    }
