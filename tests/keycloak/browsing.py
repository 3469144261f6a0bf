"""People at Keycloak's own pages, without a browser."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx

from keycloak import KeycloakAdmin
from parvis.demo.keycloak.people import app, code_at

PASSWORD = "a long enough password"
# The app of a telephone that shows a new code every 30 seconds.
OTP = app()


@dataclass(frozen=True)
class User:
    """Somebody in a realm of Keycloak; `id` is the `sub` of their tokens."""

    id: str
    name: str


def a_user(admin: KeycloakAdmin, *groups: str, otp: bool = False) -> User:
    """A person with a verified e-mail address, a password, and a code of a telephone's app if they are to have one."""
    name = f"u-{uuid4().hex[:12]}"
    told = {"username": name, "email": f"{name}@example.org", "emailVerified": True, "enabled": True}
    password = {"type": "password", "value": PASSWORD, "temporary": False}
    person = {"firstName": "Sophie", "lastName": "Keller", "groups": list(groups)}
    user = admin.create_user({**told, **person, "credentials": [password, OTP] if otp else [password]})
    return User(user, name)


def code_now() -> str:
    """What the app shows at this moment."""
    return code_at(datetime.now(UTC))


@dataclass
class Browser:
    """A browser at a portal, whose `http` keeps the cookies of both sites."""

    base: str
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Accept": "text/html", "Origin": self.base, "Accept-Language": "fr"}
        hooks = {"response": [self._trust_loopback]}
        self.http = httpx.AsyncClient(base_url=self.base, headers=headers, event_hooks=hooks, timeout=30)

    async def sign_in(self, user: User, after: str = "/account", password: str = PASSWORD) -> httpx.Response:
        """Sign in with name and password; the answer of the portal's callback."""
        page = await self.http.get("/login", params={"next": after})
        answer = await self.fill_in(await self.http.get(page.headers["location"]), user, password)
        assert "location" in answer.headers, answer.text
        return await self.http.get(answer.headers["location"])

    async def step_up(self, wanted: str, app: Callable[[datetime], str] = code_at) -> httpx.Response:
        """Open a page that asks for a second factor, give the code of the app, and come back to it."""
        page = await self.http.get(wanted)
        while "/protocol/openid-connect/" not in page.headers["location"]:
            page = await self.http.get(page.headers["location"])
        asked = await self.http.get(page.headers["location"])
        assert 'name="password"' not in asked.text
        back = await self.send(asked, otp=app(datetime.now(UTC)))
        return await self.http.get((await self.http.get(back.headers["location"])).headers["location"])

    async def fill_in(self, page: httpx.Response, user: User, password: str = PASSWORD) -> httpx.Response:
        """Send name and password from Keycloak's page of these."""
        return await self.send(page, username=user.name, password=password)

    async def send(self, page: httpx.Response, **typed: str) -> httpx.Response:
        """Send the form of a page, wherever it is."""
        found = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert found, page.text
        return await self.http.post(html.unescape(found[1]), data=typed)

    async def _trust_loopback(self, _: httpx.Response) -> None:
        """Browsers send `Secure` cookies to the loopback without https, and Keycloak sets no others."""
        for cookie in self.http.cookies.jar:
            cookie.secure = False


def answer_of(location: str) -> dict[str, str]:
    """What an address that leads back carries."""
    return dict(parse_qsl(urlsplit(location).query))


def key_of(token: str) -> str:
    """The id of the key that signed a token."""
    head = token.partition(".")[0]
    found = re.search(r'"kid" *: *"([^"]+)"', base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode())
    assert found
    return found[1]
