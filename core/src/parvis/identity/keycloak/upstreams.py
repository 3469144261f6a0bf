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


def discovered(entry: ProviderEntry) -> Upstream:
    """A provider of the file with its endpoints. Raises ConfigurationError if it cannot be read."""
    try:
        answer = httpx.get(entry.discovery, timeout=_PATIENCE).raise_for_status()
        found = msgspec.json.decode(answer.content, type=_Document)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise ConfigurationError(f"provider {entry.alias}: {entry.discovery} cannot be read ({error}).") from error
    endpoints = {
        "issuer": found.issuer,
        "authorizationUrl": found.authorization_endpoint,
        "tokenUrl": found.token_endpoint,
        "jwksUrl": found.jwks_uri,
        "userInfoUrl": found.userinfo_endpoint,
        "logoutUrl": found.end_session_endpoint,
    }
    secret = entry.secret()
    # Keycloak shows stars for a secret; by the digest a new one is noticed.
    digest = crypto.code_digest(secret, f"keycloak.{entry.alias}")
    known = {name: address for name, address in endpoints.items() if address}
    return Upstream(entry, secret, base64.b64encode(digest).decode(), known)
