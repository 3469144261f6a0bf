"""The members of the groups that mirror grants, read and changed as the portal's own small account.

That account may see people, and put them into and out of these groups; it can make nobody an operator, reset no
password and change nothing else. Plain requests, as web and worker processes need no library for it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from parvis.errors import ConfigurationError, Text, Unavailable
from parvis.identity.keycloak.access import GROUPS_PREFIX, GroupsAccess, realm_of

_FACTORS = frozenset({"otp", "webauthn", "webauthn-passwordless"})
_ABOVE = "/emitters/"
_ALL = 1_000


class KeycloakDown(Unavailable):
    """Keycloak does not answer, or not in its right mind: what was to be pushed waits."""

    code = "keycloak-down"
    title = Text("Keycloak does not answer.")


class Memberships:
    """One realm. Every method raises KeycloakDown, or ConfigurationError where a right or a group is missing."""

    def __init__(self, access: GroupsAccess, issuer: str, http: httpx.AsyncClient) -> None:
        server, realm = realm_of(issuer)
        base = access.url or server
        self._tokens = f"{base}/realms/{quote(realm, safe='')}/protocol/openid-connect/token"
        self._admin = f"{base}/admin/realms/{quote(realm, safe='')}"
        self._access, self._http = access, http
        self._token = ""
        self._groups: dict[str, str] = {}

    async def of(self, user: str) -> frozenset[str] | None:
        """The paths of the emitters' groups that somebody is in; None for somebody whom Keycloak does not know."""
        answer = await self._ask("GET", f"users/{quote(user, safe='')}/groups?max={_ALL}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return frozenset(group["path"] for group in self._json(answer) if group["path"].startswith(_ABOVE))

    async def has_factor(self, user: str) -> bool:
        """Whether somebody has set up a code app or a key."""
        found = self._json(await self._ask("GET", f"users/{quote(user, safe='')}/credentials"))
        return any(one.get("type") in _FACTORS for one in found)

    async def join(self, user: str, path: str) -> None:
        """Put somebody into a group; safe to repeat."""
        await self._change("PUT", user, path)

    async def leave(self, user: str, path: str) -> None:
        """Take somebody out of a group; safe to repeat."""
        await self._change("DELETE", user, path)

    async def _change(self, method: str, user: str, path: str) -> None:
        group = self._groups.get(path) or await self._find(path)
        answer = await self._ask(method, f"users/{quote(user, safe='')}/groups/{group}")
        if answer.status_code != httpx.codes.NO_CONTENT:
            # Added anew under the same name, perhaps: looked for again next time.
            self._groups.pop(path, None)
            raise self._refused(answer, path)

    async def _find(self, path: str) -> str:
        answer = await self._ask("GET", f"group-by-path{quote(path)}")
        if answer.status_code != httpx.codes.OK:
            raise self._refused(answer, path)
        self._groups[path] = str(self._json(answer)["id"])
        return self._groups[path]

    def _json(self, answer: httpx.Response) -> Any:
        if answer.status_code != httpx.codes.OK:
            raise self._refused(answer, answer.request.url.path)
        return answer.json()

    def _refused(self, answer: httpx.Response, what: str) -> Exception:
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return KeycloakDown()
        return ConfigurationError(
            f"Keycloak says {answer.status_code} about {what}: run `parvis identity provision`, which makes the groups "
            f"of new emitters and gives the account {GROUPS_PREFIX}CLIENT_ID its rights."
        )

    async def _ask(self, method: str, where: str) -> httpx.Response:
        answer = await self._send(method, where)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # Expired, or of a Keycloak that was started anew.
            self._token = await self._new_token()
            answer = await self._send(method, where)
        return answer

    async def _send(self, method: str, where: str) -> httpx.Response:
        self._token = self._token or await self._new_token()
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            return await self._http.request(method, f"{self._admin}/{where}", headers=headers)
        except httpx.HTTPError as error:
            raise KeycloakDown from error

    async def _new_token(self) -> str:
        form = {"grant_type": "client_credentials"}
        proof = httpx.BasicAuth(quote(self._access.client_id, safe=""), quote(self._access.client_secret, safe=""))
        try:
            answer = await self._http.post(self._tokens, data=form, auth=proof)
        except httpx.HTTPError as error:
            raise KeycloakDown from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise KeycloakDown
        if answer.status_code != httpx.codes.OK:
            raise ConfigurationError(f"Keycloak refuses {GROUPS_PREFIX}CLIENT_ID with its secret.")
        return str(answer.json()["access_token"])
