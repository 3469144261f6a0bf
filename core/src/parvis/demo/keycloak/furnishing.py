"""The demo's realm: made once with its people, and brought in line at each start as `identity provision` does."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from keycloak.exceptions import KeycloakGetError

from keycloak import KeycloakAdmin
from parvis.demo.keycloak.people import users
from parvis.demo.keycloak.server import ADMIN
from parvis.demo.territory import bodies
from parvis.identity.keycloak.access import Access, GroupsAccess, realm_of
from parvis.identity.keycloak.files import KeycloakFile, RealmEntry, RolesEntry
from parvis.identity.keycloak.provisioning import Provisioning
from parvis.identity.keycloak.wanted import MARK
from parvis.settings import Settings

_NOT_FOUND = 404
_FILE = KeycloakFile(
    realm=RealmEntry(name="Parvis – données de démonstration", own=True, registration=False, passwords=""),
    roles=RolesEntry(push=True),
)


def furnish(url: str, ready: Settings, groups: GroupsAccess) -> None:
    """Bring the demo's realm in line. Raises ConfigurationError."""
    _, realm = realm_of(ready.oidc_issuer)
    client, secret = ADMIN
    names: dict[str, Any] = {"server_url": url, "user_realm_name": "master"}
    names |= {"client_id": client, "client_secret_key": secret}
    _make(KeycloakAdmin(realm_name="master", **names), realm)
    there = Provisioning(Access(client_id=client, client_secret=secret), ready, groups)
    there.apply(there.plan(_FILE, [body.slug for body in bodies()]).changes, lambda _: None)
    _forgive(KeycloakAdmin(realm_name=realm, **names))


def _make(admin: KeycloakAdmin, realm: str) -> None:
    try:
        admin.get_realm(realm)
    except KeycloakGetError as error:
        if error.response_code != _NOT_FOUND:
            raise
        # People come with their realm: their identifiers are kept only then.
        admin.create_realm({"realm": realm, "enabled": True, "attributes": {MARK: "true"}, "users": users()})


def _forgive(admin: KeycloakAdmin) -> None:
    """Let somebody sign in who has no e-mail address, and let telephone numbers be kept."""
    action = admin.get_required_action_by_alias("VERIFY_PROFILE")
    admin.update_required_action("VERIFY_PROFILE", {**(action or {}), "alias": "VERIFY_PROFILE", "enabled": False})
    profile = f"admin/realms/{quote(admin.connection.realm_name or '', safe='')}/users/profile"
    kept = admin.connection.raw_get(profile).json()
    admin.connection.raw_put(profile, data=json.dumps({**kept, "unmanagedAttributePolicy": "ADMIN_EDIT"}))
