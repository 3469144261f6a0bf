"""What is kept of a provider's tokens, encrypted, and what its role claim says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from parvis import crypto
from parvis.identity.oidc.sign_on import SignedIn

_PURPOSE = "session-tokens"
_ROLES_CLAIM = "parvis_roles"
_LONGEST = 100


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a provider's tokens, encrypted."""

    refresh_token: str
    id_token: str


def claimed_roles(claims: Mapping[str, Any]) -> list[str] | None:
    """The provider's role claim; None if it makes none, nothing at all if it is malformed.

    >>> claimed_roles({}), claimed_roles({"parvis_roles": "/operator"})
    (None, [])
    """
    if _ROLES_CLAIM not in claims:
        return None
    roles = claims[_ROLES_CLAIM]
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def reached(claims: Mapping[str, Any]) -> str | None:
    """The level that the provider says was reached (`acr`); None if it says none, or none that anybody would call so.

    >>> reached({"acr": "2fa"}), reached({"acr": 2}), reached({})
    ('2fa', None, None)
    """
    level = claims.get("acr")
    return level if isinstance(level, str) and len(level) <= _LONGEST else None


def sealed(signed_in: SignedIn | None) -> bytes | None:
    """The tokens to keep, encrypted."""
    if signed_in is None:
        return None
    kept = Kept(signed_in.tokens.refresh_token, signed_in.tokens.id_token)
    return crypto.encrypt(msgspec.json.encode(kept), _PURPOSE)


def opened(tokens: bytes) -> Kept:
    """The tokens kept. Raises Unreadable if their key is gone."""
    return msgspec.json.decode(crypto.decrypt(tokens, _PURPOSE), type=Kept)
