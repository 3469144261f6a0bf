"""The day's page as a browser keeps it, without one: parts, and what the stream does with them. Not a test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from parvis.office.day import boards, rendering
from parvis.office.day.board import Filter
from parvis.testing.calendars import SomeCalendar

PATIENCE = 90
_ID = re.compile(r'id="(\w+)"')
_SEEN = re.compile(r'data-seen="(\w+)"')
_FIGURES = re.compile(r'<ul id="figures".*?</ul>', re.DOTALL)
_OUT_OF_BAND = re.compile(r' hx-swap-oob="([^"]+)"')


@dataclass
class Screen:
    """A page as a browser keeps it: its parts in order, changed by what the stream sends. `address` is the portal's."""

    http: httpx.AsyncClient
    address: str
    cookies: dict[str, str]
    calendar: SomeCalendar
    slug: str
    query: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    seen: str = ""
    told: asyncio.Condition = field(default_factory=asyncio.Condition)
    events: int = 0

    @property
    def own(self) -> dict[str, str]:
        """The headers of this browser."""
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    @property
    def page(self) -> str:
        """The page's address, without what is asked of it."""
        return f"{self.address}/office/{self.slug}/today"

    async def load(self) -> None:
        page = await self.http.get(f"{self.page}?{self.query}", headers=self.own)
        assert page.status_code == 200
        self.seen = _SEEN.findall(page.text)[0]
        rows = re.findall(r'<li id="\w+" class="(?:visit|gap|none).*?</li>', page.text, re.DOTALL)
        self.parts = {"figures": _FIGURES.findall(page.text)[0]} | {_id(row): row for row in rows}

    async def follow(self) -> None:
        url = f"{self.page}/live?{self.query}&seen={self.seen}"
        async with self.http.stream("GET", url, headers=self.own) as answer:
            assert answer.status_code == 200
            data: list[str] = []
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    data.append(line.removeprefix("data: "))
                elif line.startswith("id: "):
                    self.seen = line.removeprefix("id: ")
                elif not line and data:
                    await self._apply("\n".join(data))
                    data = []

    async def press(self, **button: str) -> int:
        """Press a button of the list, as a browser with scripts does; the status of the answer."""
        asked = self.own | {"hx-request": "true", "origin": self.address}
        return (await self.http.post(f"{self.page}?{self.query}", data=button, headers=asked)).status_code

    async def truth(self) -> dict[str, str]:
        """What the page would show if it were loaded now."""
        shown = await boards.read((self.calendar.emitter, self.calendar.day))
        wanted = Filter(show="open" if "show=open" in self.query else "all")
        parts = {key: rendering.part(part, "fr", True) for key, part in shown.shown(wanted).items()}
        return {key: str(part).strip() for key, part in parts.items()}

    async def agrees(self) -> None:
        """Wait until this screen shows what the database says, in its order."""
        expected = list((await self.truth()).items())
        await self.until(lambda seen: list(seen.parts.items()) == expected)

    async def until(self, right: Callable[[Screen], object], seconds: float = PATIENCE) -> None:
        """Wait for a state of this screen, as it changes. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.told:
            await self.told.wait_for(lambda: right(self))

    async def _apply(self, told: str) -> None:
        for part in _parts(told):
            self._swap(part)
        async with self.told:
            self.events += 1
            self.told.notify_all()

    def _swap(self, part: str) -> None:
        act = _OUT_OF_BAND.findall(part)[0]
        inner = [_bare(found) for found in re.findall(r"<li id=.*?</li>", part, re.DOTALL)]
        if act == "delete":
            del self.parts[_id(part)]
        elif act == "true":
            assert _id(part) in self.parts
            self.parts[_id(part)] = _bare(part)
        elif act.startswith("innerHTML"):
            self.parts = {"figures": self.parts["figures"]} | {_id(row): row for row in inner}
        else:
            after = act.partition("#")[2] if act.startswith("afterend") else "figures"
            rows = list(self.parts.items())
            at = [key for key, _ in rows].index(after) + 1
            [row] = inner
            self.parts = dict([*rows[:at], (_id(row), row), *rows[at:]])


def _parts(told: str) -> list[str]:
    """The top-level elements of a message: each begins on a line of its own and is marked."""
    begins = [found.start() for found in re.finditer(r"^<\w+[^>]* hx-swap-oob=", told, re.MULTILINE)]
    return [told[at:end] for at, end in zip(begins, [*begins[1:], len(told)], strict=True)]


def _id(part: str) -> str:
    return str(_ID.findall(part)[0])


def _bare(part: str) -> str:
    return _OUT_OF_BAND.sub("", part).strip()


@asynccontextmanager
async def following_all(*screens: Screen) -> AsyncIterator[None]:
    """These screens follow their day while the block lasts."""
    tasks = [asyncio.create_task(screen.follow()) for screen in screens]
    try:
        yield
    finally:
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
