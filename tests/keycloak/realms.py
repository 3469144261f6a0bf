"""Realms of a test's own, and their administrator."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from keycloak import KeycloakAdmin
from parvis.demo.keycloak.server import ADMIN, Keycloak
from parvis.identity.keycloak.access import Access, GroupsAccess, realm_of
from parvis.identity.keycloak.files import KeycloakFile
from parvis.identity.keycloak.provisioning import Provisioning
from parvis.settings import Settings

EMITTERS = ("illzach", "mulhouse")
GROUPS = GroupsAccess(client_id="parvis-groups", client_secret="the portal's / small: one")
ACCESS = Access(client_id=ADMIN[0], client_secret=ADMIN[1])


def a_realm(keycloak: Keycloak) -> str:
    """The issuer of a realm that is not there yet."""
    return f"{keycloak.url}/realms/t-{uuid4().hex[:12]}"


def admin_of(keycloak: Keycloak, settings: Settings) -> KeycloakAdmin:
    """Whoever administers the realm of these settings."""
    return KeycloakAdmin(
        server_url=keycloak.url,
        realm_name=realm_of(settings.oidc_issuer)[1],
        user_realm_name="master",
        client_id=ADMIN[0],
        client_secret_key=ADMIN[1],
    )


def provision(
    settings: Settings,
    file: KeycloakFile,
    emitters: Iterable[str] = EMITTERS,
    adopt: Iterable[str] = (),
    access: Access = ACCESS,
) -> list[str]:
    """Bring the realm of these settings in line with a file; the lines of what was changed."""
    found = Provisioning(access, settings, GROUPS)
    planned = found.plan(file, tuple(emitters), frozenset(adopt))
    assert not planned.conflicts
    found.apply(planned.changes, lambda _: None)
    return [str(change) for change in planned.changes]
