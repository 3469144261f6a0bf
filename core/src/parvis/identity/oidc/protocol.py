"""Every check of OpenID Connect that needs no I/O: the attempt, its callback, identity and logout tokens.

Sources: OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 9207 (`iss` of the answer), OpenID Connect Back-Channel
Logout 1.0 §2.6. Algorithms are ours, never the token's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from parvis.errors import ParvisError, Text

ALGORITHMS = ("RS256", "PS256", "ES256")  # all with SHA-256, which at_hash relies on
ATTEMPT_LASTS = timedelta(minutes=15)
_LEEWAY = 30
_OLDEST = 600
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class SignInRefused(ParvisError):
    """An answer of the provider that is not in order; `reason` is for logs and holds nothing of a person."""

    status = 400
    code = "sign-in-refused"
    title = Text("Signing in did not work. Please start again.")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class UnknownKey(SignInRefused):
    """A token signed with a key that is not in the key set we know; it may be new."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way, kept encrypted in the browser; `after` is where it leads, on this site.

    `acr` is the level it is to reach, empty for any.
    """

    state: str
    nonce: str
    verifier: str
    after: str
    started: datetime
    acr: str = ""

    @classmethod
    def begin(cls, after: str, now: datetime, acr: str = "") -> Attempt:
        """A fresh attempt, with 256 random bits for each secret."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, after, now, acr)

    @property
    def challenge(self) -> str:
        """The PKCE challenge, S256.

        >>> Attempt("", "", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", datetime.now(UTC)).challenge
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
        """
        return _b64(hashlib.sha256(self.verifier.encode()).digest())


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: its issuer and its audience, ours."""

    issuer: str
    client_id: str


@dataclass(frozen=True, slots=True)
class LogoutOrder:
    """A back-channel logout that is in order: end this session, or without `sid` all of `sub`."""

    sid: str | None
    sub: str | None
    jti: str
    until: datetime


def said_once(answer: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters of an answer, each of which stands there once (RFC 6749 §3.1). Raises SignInRefused.

    >>> said_once([("code", "c"), ("state", "s")])
    {'code': 'c', 'state': 's'}
    """
    said: dict[str, str] = {}
    for name, value in answer:
        # Who reads the first and who reads the last would not be talking of the same answer.
        if name in said:
            raise SignInRefused("said-twice")
        said[name] = value
    return said


def read_answer(attempt: Attempt | None, answer: Mapping[str, str], issuer: str, now: datetime) -> str:
    """The authorization code of a callback. Raises SignInRefused unless it answers our own attempt."""
    if attempt is None or now - attempt.started > ATTEMPT_LASTS:
        raise SignInRefused("no-attempt")
    if not _same(answer.get("state", ""), attempt.state):
        raise SignInRefused("state")
    if answer.get("iss") != issuer:
        raise SignInRefused("iss-parameter")
    if "error" in answer:
        raise SignInRefused("error-answer")
    if not answer.get("code"):
        raise SignInRefused("no-code")
    return answer["code"]


def read_id_token(
    token: str, keys: KeySet, expected: Expected, nonce: str | None, access_token: str, now: datetime
) -> dict[str, Any]:
    """The claims of an id_token. `nonce` None is a refreshed one, which has none. Raises SignInRefused."""
    header, claims = _read(token, keys, expected, now)
    if str(header.get("typ", "")).lower() == "logout+jwt":
        raise SignInRefused("typ")
    if not claims.get("sub"):
        raise SignInRefused("sub")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise SignInRefused("azp")
    if _several(claims["aud"]) and "azp" not in claims:
        raise SignInRefused("azp")
    if nonce is not None and not _same(str(claims.get("nonce", "")), nonce):
        raise SignInRefused("nonce")
    if "at_hash" in claims and not _same(str(claims["at_hash"]), half_hash(access_token)):
        raise SignInRefused("at_hash")
    return claims


def read_logout_token(token: str, keys: KeySet, expected: Expected, now: datetime) -> LogoutOrder:
    """What a logout token orders; whether its `jti` was seen is for the caller. Raises SignInRefused."""
    header, claims = _read(token, keys, expected, now)
    if str(header.get("typ", "")).lower() != "logout+jwt":
        raise SignInRefused("typ")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise SignInRefused("events")
    if "nonce" in claims:
        raise SignInRefused("nonce")
    sid, sub, jti = (claims.get(name) for name in ("sid", "sub", "jti"))
    if not (sid or sub) or not all(isinstance(value, str) for value in (sid or "", sub or "")):
        raise SignInRefused("sid")
    if not jti or not isinstance(jti, str):
        raise SignInRefused("jti")
    until = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=2 * _LEEWAY)
    return LogoutOrder(sid, sub, jti, until)


def half_hash(token: str) -> str:
    """`at_hash`: the left half of the SHA-256 of the access token (Core §3.1.3.6)."""
    return _b64(hashlib.sha256(token.encode()).digest()[:16])


def _read(token: str, keys: KeySet, expected: Expected, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    instant = int(now.timestamp())
    # decode() checks the signature only: it takes a token that has expired.
    registry = jwt.JWTClaimsRegistry(
        now=instant,
        leeway=_LEEWAY,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
        registry.validate(found.claims)
    except InvalidKeyIdError as error:
        raise UnknownKey("kid") from error
    except (JoseError, ValueError) as error:
        raise SignInRefused(getattr(error, "claim", "") or type(error).__name__) from error
    if found.claims["iat"] < instant - _OLDEST:
        raise SignInRefused("iat")
    return dict(found.header), found.claims


def _several(audience: str | list[str]) -> bool:
    return isinstance(audience, list) and len(audience) > 1


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
