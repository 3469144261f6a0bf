"""What the demo's OpenID provider knows and signs: keys, codes, tokens, sessions. As strict as a real one.

Everything is in memory: a restart of the demo signs everybody out at the next refresh, as a restarted Keycloak
without its database would.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from parvis import clock
from parvis.demo.people import DemoPerson

Claims = dict[str, Any]
CODE_SECONDS = 60
TOKEN_SECONDS = 300
LEVELS = ("1fa", "2fa")
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Client:
    """The one relying party: every address is compared exactly."""

    client_id: str
    secret: str
    redirect_uri: str
    signed_out_uri: str
    backchannel_uri: str


@dataclass(slots=True)
class Faults:
    """What tests make the provider do wrong."""

    down: bool = False
    claims: Callable[[Claims], Claims] = dict
    header: Mapping[str, str] = field(default_factory=dict)
    answer: Callable[[dict[str, str]], dict[str, str]] = dict
    logout_claims: Callable[[Claims], Claims] = dict
    logout_header: Mapping[str, str] = field(default_factory=dict)
    signing_key: Any = None
    disabled: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Login:
    """Somebody signed in at the provider: one family of rotating refresh tokens."""

    sid: str
    sub: str
    auth_time: int
    acr: str = "1fa"
    access_token: str = ""
    refresh_token: str = ""
    ended: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code, for one use, with what the request bound it to."""

    login: Login
    challenge: str
    nonce: str
    expires: int
    used: bool = False


class InvalidGrant(Exception):
    """A code or refresh token that is unknown, spent, lapsed, or does not fit its verifier."""


class Issuing:
    """Codes, tokens and keys of one provider."""

    def __init__(self, issuer: str, client: Client, people: tuple[DemoPerson, ...]) -> None:
        self.issuer = issuer
        self.client = client
        self.people = {person.sub: person for person in people}
        self.faults = Faults()
        self._keys: list[RSAKey] = []
        self._codes: dict[str, Code] = {}
        self._logins: list[Login] = []
        self.rotate_keys()

    def rotate_keys(self, keep: int = 1) -> None:
        """Sign with a new key from now on; the `keep` last ones stay published."""
        fresh = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self._keys = [fresh, *self._keys[:keep]]

    def published_keys(self) -> Claims:
        """The public key set."""
        return dict(KeySet(list(self._keys)).as_dict(private=False))

    def new_code(self, sub: str, challenge: str, nonce: str, key: bool = False) -> str:
        """Sign `sub` in, with a second factor or without, and return a code for it."""
        login = Login(secrets.token_urlsafe(12), sub, _now(), LEVELS[key])
        self._logins.append(login)
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(login, challenge, nonce, _now() + CODE_SECONDS)
        return code

    def spend(self, code: str, verifier: str) -> Claims:
        """Tokens for a code. Raises InvalidGrant; a code spent twice also ends what it had opened."""
        held = self._codes.get(code)
        if held is None or held.expires < _now():
            raise InvalidGrant
        if held.used or s256(verifier) != held.challenge:
            held.login.ended = True
            raise InvalidGrant
        held.used = True
        return self._tokens(held.login, held.nonce)

    def rotate(self, refresh_token: str) -> Claims:
        """New tokens for a refresh token. Raises InvalidGrant; an old one used again ends the session."""
        sid = refresh_token.partition(".")[0]
        login = next((login for login in self._logins if login.sid == sid), None)
        if login is None or login.ended or login.sub in self.faults.disabled:
            raise InvalidGrant
        if login.refresh_token != refresh_token:
            login.ended = True
            raise InvalidGrant
        return self._tokens(login, nonce="")

    def login_of(self, access_token: str) -> Login | None:
        """Who an access token stands for, while the session lasts."""
        for login in self._logins:
            if access_token and login.access_token == access_token and not login.ended:
                return login
        return None

    def end(self, sid: str) -> Login | None:
        """End a session; None if it is unknown or over already."""
        for login in self._logins:
            if login.sid == sid and not login.ended:
                login.ended = True
                return login
        return None

    def sessions(self, sub: str) -> list[str]:
        """The identifiers of a person's running sessions."""
        return [login.sid for login in self._logins if login.sub == sub and not login.ended]

    def hint(self, id_token: str) -> Claims | None:
        """The claims of one of our own id_tokens, expired or not; None for anything else."""
        try:
            claims = jwt.decode(id_token, KeySet(list(self._keys)), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return None
        return claims if claims.get("aud") == self.client.client_id else None

    def logout_token(self, login: Login) -> str:
        """The token of a back-channel logout call, as Keycloak makes it."""
        claims = {
            "iss": self.issuer,
            "aud": self.client.client_id,
            "sub": login.sub,
            "sid": login.sid,
            "iat": _now(),
            "exp": _now() + 120,
            "jti": secrets.token_urlsafe(12),
            "typ": "Logout",
            "events": {LOGOUT_EVENT: {}},
        }
        header = {"typ": "logout+jwt", **self.faults.logout_header}
        return self._sign(header, self.faults.logout_claims(claims))

    def profile(self, sub: str) -> Claims:
        """What the provider says about a person."""
        person = self.people[sub]
        claims: Claims = {"sub": sub, "name": person.name}
        if person.email:
            claims |= {"email": person.email, "email_verified": True}
        if person.phone:
            claims |= {"phone_number": person.phone, "phone_number_verified": True}
        return claims

    def _tokens(self, login: Login, nonce: str) -> Claims:
        login.access_token = secrets.token_urlsafe(24)
        login.refresh_token = f"{login.sid}.{secrets.token_urlsafe(24)}"
        claims = {
            **self.profile(login.sub),
            "iss": self.issuer,
            "aud": self.client.client_id,
            "azp": self.client.client_id,
            "iat": _now(),
            "exp": _now() + TOKEN_SECONDS,
            "auth_time": login.auth_time,
            "acr": login.acr,
            "sid": login.sid,
            "at_hash": _half_hash(login.access_token),
            **({"nonce": nonce} if nonce else {}),
        }
        return {
            "access_token": login.access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "refresh_token": login.refresh_token,
            "id_token": self._sign(self.faults.header, self.faults.claims(claims)),
            "scope": "openid",
        }

    def _sign(self, header: Mapping[str, str], claims: Claims) -> str:
        key = self.faults.signing_key or self._keys[0]
        full: dict[str, str] = {"alg": "RS256", "kid": str(key.kid), **header}
        return jwt.encode(full, claims, key, algorithms=[full["alg"]])


def s256(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    return _b64(hashlib.sha256(verifier.encode()).digest())


def _half_hash(token: str) -> str:
    return _b64(hashlib.sha256(token.encode()).digest()[:16])


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _now() -> int:
    return int(clock.now().timestamp())
