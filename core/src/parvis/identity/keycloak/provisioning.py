"""Keycloak compared with what is wanted of it, and brought in line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from keycloak.exceptions import KeycloakAuthenticationError, KeycloakConnectionError, KeycloakError

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.access import GROUPS_PREFIX, PREFIX, Access, GroupsAccess, realm_of
from parvis.identity.keycloak.account import Account, account_things
from parvis.identity.keycloak.clients import Clients, ScopesOfClients
from parvis.identity.keycloak.files import KeycloakFile
from parvis.identity.keycloak.flows import Flows
from parvis.identity.keycloak.resources import Bindings, Groups, Mappers, Providers, Realms, Resource, Scopes
from parvis.identity.keycloak.rights import AccountRoles, Permissions, Policies
from parvis.identity.keycloak.rules import Change, Keys, Kind, Plan, Thing, plan
from parvis.identity.keycloak.upstreams import discovered
from parvis.identity.keycloak.wanted import Addresses, Client, things
from parvis.identity.oidc.sign_on import BACKCHANNEL, CALLBACK, SIGNED_OUT
from parvis.settings import Settings


class Provisioning:
    """One realm of one Keycloak. Every method raises ConfigurationError with what is to be mended."""

    def __init__(self, access: Access, settings: Settings, groups: GroupsAccess | None = None) -> None:
        server, self._realm = realm_of(settings.oidc_issuer)
        self._settings, self._own = settings, groups or GroupsAccess()
        if not access.client_id or not access.client_secret:
            raise ConfigurationError(f"{PREFIX}CLIENT_ID and {PREFIX}CLIENT_SECRET are missing: who is to do it?")
        connection = KeycloakOpenIDConnection(
            server_url=access.url or server,
            realm_name=self._realm,
            user_realm_name=access.realm,
            client_id=access.client_id,
            client_secret_key=access.client_secret,
        )
        self._at = access.url or server
        admin = KeycloakAdmin(connection=connection)
        self._resources: dict[Kind, Resource] = {
            Kind.REALM: Realms(admin),
            Kind.FLOW: Flows(admin),
            Kind.BINDING: Bindings(admin),
            Kind.SCOPE: Scopes(admin),
            Kind.MAPPER: Mappers(admin),
            Kind.GROUP: (known := Groups(admin)),
            Kind.PROVIDER: Providers(admin),
            Kind.CLIENT: Clients(admin),
            Kind.SCOPE_OF_CLIENT: ScopesOfClients(admin),
            Kind.ROLES: AccountRoles(admin),
            Kind.POLICY: Policies(admin),
            Kind.PERMISSION: Permissions(admin, known),
        }

    def plan(self, file: KeycloakFile, emitters: Collection[str], adopted: frozenset[str] = frozenset()) -> Plan:
        """What differs from the file; nothing is changed."""
        with self._spoken():
            there = self._resources[Kind.REALM].find(self._realm) is not None
            upstreams = [discovered(entry) for entry in file.provider]
            wanted = [*things(file, self._realm, self._client(), list(emitters), upstreams)]
            wanted += account_things(self._account(), emitters) if file.roles.push else ()
            return plan(((thing, self._find(thing) if there else None) for thing in wanted), adopted)

    def apply(self, changes: Iterable[Change], told: Callable[[Change], Any]) -> None:
        """Make the changes, saying each once it is made; what failed half-way is taken up by the next run."""
        with self._spoken():
            for change in changes:
                self._make(change)
                told(change)

    def _make(self, change: Change) -> None:
        thing, resource = change.thing, self._resources[change.thing.kind]
        if change.found is None:
            resource.add(thing)
        else:
            resource.change(thing, change.found)

    def _find(self, thing: Thing) -> Keys | None:
        return self._resources[thing.kind].find(thing.name)

    def _client(self) -> Client:
        settings, base = self._settings, self._settings.base_url
        if not settings.oidc_client_secret:
            raise ConfigurationError("PARVIS_OIDC_CLIENT_SECRET is missing: Keycloak is told the portal's own.")
        addresses = Addresses(base, base + CALLBACK, base + SIGNED_OUT, base + BACKCHANNEL)
        return Client(settings.oidc_client_id, settings.oidc_client_secret, addresses)

    def _account(self) -> Account:
        if not self._own.client_id or not self._own.client_secret:
            raise ConfigurationError(f"{GROUPS_PREFIX}CLIENT_ID and {GROUPS_PREFIX}CLIENT_SECRET are missing.")
        return Account(self._own.client_id, self._own.client_secret)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except KeycloakConnectionError as error:
            raise ConfigurationError(f"Keycloak does not answer at {self._at}.") from error
        except KeycloakAuthenticationError as error:
            raise ConfigurationError(f"Keycloak refuses {PREFIX}CLIENT_ID with its secret.") from error
        except KeycloakError as error:
            raise ConfigurationError(f"Keycloak says no: {error}") from error
