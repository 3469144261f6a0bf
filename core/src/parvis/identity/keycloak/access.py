"""Where Keycloak is and who provisions it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from parvis.errors import ConfigurationError
from parvis.settings import setting

PREFIX = "PARVIS_KEYCLOAK_"
GROUPS_PREFIX = "PARVIS_GROUPS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The service account that `parvis identity provision` acts as; no other process needs to know it."""

    url: str = setting("", "Keycloak's address for administrators; the sign-on's when empty")
    realm: str = setting("master", "realm of the service account of `parvis identity provision`")
    client_id: str = setting("", "client id of that account")
    client_secret: str = setting("", "secret of that account", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsAccess:
    """The portal's own account, which keeps the members of the groups; nothing is pushed without one."""

    url: str = setting("", "Keycloak's address for administrators; the sign-on's when empty")
    client_id: str = setting("", "client id of the account that keeps the groups' members; none are kept when empty")
    client_secret: str = setting("", "secret of that account", secret=True)


def realm_of(issuer: str) -> tuple[str, str]:
    """The server and the realm of an issuer. Raises ConfigurationError for one that is no Keycloak's.

    >>> realm_of("https://sign-on.example/auth/realms/m2a")
    ('https://sign-on.example/auth', 'm2a')
    """
    server, found, realm = issuer.rstrip("/").rpartition("/realms/")
    if not found or not realm or "/" in realm or not urlsplit(server).netloc:
        raise ConfigurationError(f"PARVIS_OIDC_ISSUER: {issuer!r} is no Keycloak's; one ends with /realms/<name>.")
    return server, realm
