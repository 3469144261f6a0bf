"""People who send a form again until they get an answer, and a counter they work at. Not a test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.faults.serving import Instance

from parvis import settings
from parvis.db import new_id

PATIENCE = 180


@dataclass
class Sender:
    """Somebody's browser; `count` is how often anybody of theirs was answered."""

    http: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    answered: list[int] = field(default_factory=list)

    async def ask(self, method: str, address: str, **rest: Any) -> httpx.Response:
        """Send it until it is answered, however often the process is killed meanwhile."""
        headers = {
            "accept": "text/html",
            "accept-language": "fr",
            "origin": settings.current().base_url,
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self.http.request(method, address, headers=headers, **rest)
                except (httpx.NetworkError, httpx.ProtocolError):
                    continue
                # A process that has just come back says so until it has its database.
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    self.answered.append(answer.status_code)
                    return answer
                await asyncio.sleep(0.1)


@dataclass
class Taker:
    """An agent at a counter, whose session is open."""

    browser: Sender
    base: str

    async def open(self, drawer: str) -> None:
        """Open the session; told again, it is open already."""
        await self.browser.ask("POST", self.base, data={"drawer": drawer})

    async def take(self, intent: object, cents: int) -> str | None:
        """Take an amount in cash: the taking's address, or None where it was refused."""
        once = str(new_id())
        form = {"once": once, "cash": f"{cents // 100},{cents % 100:02}"}
        answer = await self.browser.ask("POST", f"{self.base}/take/{intent}", data=form)
        if answer.status_code == httpx.codes.CONFLICT:
            return None
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        assert once in answer.headers["location"]
        return f"{self.base}/takings/{once}"

    async def take_back(self, taking: str) -> None:
        """Take it back; told again, it is back already."""
        answer = await self.browser.ask("POST", taking, data={"reason": "Une erreur"})
        assert answer.status_code in {httpx.codes.SEE_OTHER, httpx.codes.UNPROCESSABLE_ENTITY}, answer.text


async def killing(
    running: Instance,
    chance: random.Random,
    names: tuple[str, ...],
    answered: list[int],
    work: asyncio.Future[Any],
    every: int,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Kill one after another and start it again, each after some answers: others for each seed, so at other steps."""
    for name in chance.sample(names, len(names)):
        enough = len(answered) + chance.randint(1, every)
        while len(answered) < enough and not work.done():
            await asyncio.sleep(0.005)
        running.kill(name)
        then()
        running.start(name)
