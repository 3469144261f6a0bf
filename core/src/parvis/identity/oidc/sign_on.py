"""The conversation with the OpenID provider: discovery and keys at need, tokens, the way to sign out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from parvis import clock
from parvis.errors import ConfigurationError, Text, Unavailable
from parvis.identity.oidc.protocol import (
    Attempt,
    Expected,
    LogoutOrder,
    SignInRefused,
    UnknownKey,
    read_id_token,
    read_logout_token,
)
from parvis.settings import Settings

# They write whole addresses and headers, with codes, hints and cookies in them.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

CALLBACK = "/login/callback"
SIGNED_OUT = "/signed-out"
BACKCHANNEL = "/logout/backchannel"
_DISCOVERY_LASTS = timedelta(hours=1)
_ALIVE = timedelta(seconds=10)
_RELOAD_AFTER = timedelta(minutes=1)
_Read = TypeVar("_Read")


class SignOnDown(Unavailable):
    """The provider does not answer, or answers nonsense: whoever is signed in stays so for a while."""

    code = "sign-on-down"
    title = Text("Signing in is not possible at the moment. Please try again in a few minutes.")


class GrantEnded(SignInRefused):
    """The provider says that the session is over: disabled, signed out, or its refresh token used before."""


class Metadata(msgspec.Struct, frozen=True):
    """What we use of a discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


class Tokens(msgspec.Struct, frozen=True):
    """A token answer; only the refresh token and the hint for signing out are kept, encrypted."""

    access_token: str
    id_token: str
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The outcome of a sign-in or a refresh: checked claims, and the tokens they came with."""

    claims: Mapping[str, Any]
    tokens: Tokens


class SignOn:
    """One provider, by its issuer. Holds nothing that it cannot fetch again."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        if settings.env == "production" and urlsplit(settings.oidc_issuer).scheme != "https":
            raise ConfigurationError("PARVIS_OIDC_ISSUER: production needs an https address.")
        self._http = http
        self._settings = settings
        self._expected = Expected(settings.oidc_issuer, settings.oidc_client_id)
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    @property
    def issuer(self) -> str:
        """The provider's name for itself, half of every account's key."""
        return self._expected.issuer

    async def metadata(self, lasts: timedelta = _DISCOVERY_LASTS) -> Metadata:
        """The discovery document, not older than `lasts`. Raises SignOnDown."""
        now = clock.now()
        if self._metadata and abs(now - self._metadata[0]) < lasts:
            return self._metadata[1]
        raw = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = msgspec.convert(raw, Metadata)
        except msgspec.ValidationError as error:
            raise SignOnDown from error
        if found.issuer != self.issuer:
            raise SignOnDown(Text("The sign-on's discovery document names another issuer."))
        self._metadata = (now, found)
        return found

    async def way_in(self, attempt: Attempt, language: str) -> str:
        """Where the browser goes to sign in. Raises SignOnDown."""
        query = {
            "response_type": "code",
            "client_id": self._expected.client_id,
            "redirect_uri": self._settings.base_url + CALLBACK,
            "scope": "openid profile email phone",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
            **({"acr_values": attempt.acr} if attempt.acr else {}),
        }
        # Nobody is sent to a provider that is down: it must have answered a moment ago.
        return _address((await self.metadata(_ALIVE)).authorization_endpoint, query)

    async def way_out(self, id_token: str) -> str | None:
        """Where the browser goes to sign out there too; None if the provider has no such page."""
        endpoint = (await self.metadata()).end_session_endpoint
        query = {
            "id_token_hint": id_token,
            "client_id": self._expected.client_id,
            "post_logout_redirect_uri": self._settings.base_url + SIGNED_OUT,
        }
        return _address(endpoint, query) if endpoint else None

    async def redeem(self, code: str, attempt: Attempt) -> SignedIn:
        """Trade a code for an identity. Raises SignInRefused, SignOnDown."""
        tokens = await self._tokens(
            grant_type="authorization_code",
            code=code,
            code_verifier=attempt.verifier,
            redirect_uri=self._settings.base_url + CALLBACK,
        )
        return SignedIn(await self._claims(tokens, attempt.nonce), tokens)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """New tokens for old. Raises GrantEnded when the session is over there, SignOnDown, SignInRefused."""
        tokens = await self._tokens(grant_type="refresh_token", refresh_token=refresh_token)
        return SignedIn(await self._claims(tokens, None), tokens)

    async def logout_order(self, token: str) -> LogoutOrder:
        """What a back-channel logout token orders. Raises SignInRefused, SignOnDown."""
        return await self._with_keys(lambda keys: read_logout_token(token, keys, self._expected, clock.now()))

    async def _claims(self, tokens: Tokens, nonce: str | None) -> dict[str, Any]:
        return await self._with_keys(
            lambda keys: read_id_token(tokens.id_token, keys, self._expected, nonce, tokens.access_token, clock.now())
        )

    async def _with_keys(self, read: Callable[[KeySet], _Read]) -> _Read:
        """Read a token; a key that is not known is looked for again, at most once a minute."""
        loaded, keys = self._keys or await self._load_keys()
        try:
            return read(keys)
        except UnknownKey:
            if abs(clock.now() - loaded) < _RELOAD_AFTER:
                raise
            return read((await self._load_keys())[1])

    async def _load_keys(self) -> tuple[datetime, KeySet]:
        raw = await self._get((await self.metadata()).jwks_uri)
        try:
            self._keys = (clock.now(), KeySet.import_key_set(raw))
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise SignOnDown from error
        return self._keys

    async def _tokens(self, **form: str) -> Tokens:
        endpoint = (await self.metadata()).token_endpoint
        answer = await self._send(self._http.post(endpoint, data=form, auth=self._own_proof()))
        if answer.status_code == 400 and b"invalid_grant" in answer.content:
            raise GrantEnded("invalid_grant")
        if answer.status_code != 200:
            raise SignOnDown
        try:
            return msgspec.json.decode(answer.content, type=Tokens)
        except msgspec.DecodeError as error:
            raise SignInRefused("token-answer") from error

    def _own_proof(self) -> httpx.BasicAuth:
        # RFC 6749 §2.3.1: form-encoded before they are joined.
        secret = quote(self._settings.oidc_client_secret, safe="")
        return httpx.BasicAuth(quote(self._expected.client_id, safe=""), secret)

    async def _get(self, address: str) -> Any:
        answer = await self._send(self._http.get(address))
        if answer.status_code != 200:
            raise SignOnDown
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise SignOnDown from error

    async def _send(self, call: Awaitable[httpx.Response]) -> httpx.Response:
        try:
            return await call
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SignOnDown from error


def _address(endpoint: str, query: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
