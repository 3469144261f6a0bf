"""Brokered providers as their discovery documents describe them."""

from __future__ import annotations

import base64

import httpx
import msgspec

from parvis import crypto
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.files import ProviderEntry
from parvis.identity.keycloak.wanted import Upstream

_PATIENCE = 10


class _Document(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    code_challenge_methods_supported: tuple[str, ...] = ()

    def config(self) -> dict[str, str]:
        """What Keycloak is told of it; some providers refuse a parameter that they do not announce."""
        s256 = "S256" in self.code_challenge_methods_supported
        found = {
            "issuer": self.issuer,
            "authorizationUrl": self.authorization_endpoint,
            "tokenUrl": self.token_endpoint,
            "jwksUrl": self.jwks_uri,
            "userInfoUrl": self.userinfo_endpoint,
            "logoutUrl": self.end_session_endpoint,
            "clientAuthMethod": self._proof(),
            "pkceEnabled": str(s256).lower(),
            "pkceMethod": "S256" if s256 else "",
        }
        return {name: value for name, value in found.items() if value}

    def _proof(self) -> str:
        basic, post = "client_secret_basic", "client_secret_post"
        return post if basic not in self.token_endpoint_auth_methods_supported else basic


def discovered(entry: ProviderEntry) -> Upstream:
    """A provider of the file as its document says. Raises ConfigurationError if it cannot be read."""
    try:
        answer = httpx.get(entry.discovery, timeout=_PATIENCE).raise_for_status()
        found = msgspec.json.decode(answer.content, type=_Document)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise ConfigurationError(f"provider {entry.alias}: {entry.discovery} cannot be read ({error}).") from error
    secret = entry.secret()
    # Keycloak shows stars for a secret; by the digest a new one is noticed.
    digest = crypto.code_digest(secret, f"keycloak.{entry.alias}")
    return Upstream(entry, secret, base64.b64encode(digest).decode(), found.config())
