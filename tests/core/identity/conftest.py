from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest_asyncio

from parvis import clock, settings
from parvis.demo.issuing import Issuing
from parvis.identity.oidc.protocol import Attempt, read_answer
from parvis.identity.oidc.sign_on import SignedIn, SignOn
from parvis.testing.sign_on import sign_on


@dataclass
class Provider:
    """The provider's inside, our side of it, and a browser's http client."""

    issuing: Issuing
    ours: SignOn
    http: httpx.AsyncClient

    async def choose(self, sub: str, attempt: Attempt) -> dict[str, str]:
        """What the provider answers when `sub` is chosen on its page."""
        chosen = await self.http.post(await self.ours.way_in(attempt, "fr"), data={"sub": sub})
        return dict(parse_qsl(urlsplit(chosen.headers["location"]).query))

    async def sign_in(self, sub: str) -> SignedIn:
        attempt = Attempt.begin("/", clock.now())
        answer = await self.choose(sub, attempt)
        code = read_answer(attempt, answer, self.issuing.issuer, clock.now())
        return await self.ours.redeem(code, attempt)


@asynccontextmanager
async def running() -> AsyncIterator[Provider]:
    secret = replace(settings.current(), oidc_client_secret="a secret / with: signs")
    async with sign_on(secret) as issuing, httpx.AsyncClient() as http:
        settings.use(replace(secret, oidc_issuer=issuing.issuer))
        yield Provider(issuing, SignOn(settings.current(), http), http)


@pytest_asyncio.fixture
async def provider(instance) -> AsyncIterator[Provider]:
    async with running() as found:
        yield found


@pytest_asyncio.fixture
async def stored_provider(database) -> AsyncIterator[Provider]:
    """The same, with a database."""
    async with running() as found:
        yield found
