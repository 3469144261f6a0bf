"""What knowing who asks costs: one page of the real application, for a stranger, for somebody known, behind a guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
from litestar import Request, Response, get

from benchmarks.day import each
from benchmarks.measure import Line, middle_time, ratio_of, rounds, spread
from parvis import crypto, settings
from parvis.app import create
from parvis.identity import guards
from parvis.office.permissions import TODAY
from parvis.territory import actions as territory
from parvis.testing.people import a_person, a_session
from parvis.web import pages

_SLUG = "guarded-house"


@get("/measured/{emitter:str}/open", **guards.page(guards.public(), "everyone"))
async def unguarded(request: Request[Any, Any, Any]) -> Response[Any]:
    """The page, for everybody."""
    return pages.render(request, "identity/signed-out.html")


@get("/measured/{emitter:str}/guarded", **guards.page(guards.staff(TODAY), "reader", "agent", "manager"))
async def guarded(request: Request[Any, Any, Any]) -> Response[Any]:
    """The same, for staff of the emitter."""
    return pages.render(request, "identity/signed-out.html")


async def guard_lines(url: str, times: int) -> list[Line]:
    """The page with a session, and behind a guard, against the same page for a stranger: all in the same rounds."""
    crypto.use(crypto.load_keys(settings.current()))
    instance = replace(settings.current(), database_url=url)
    emitter = await territory.add_emitter(_SLUG, "House", "municipality", latitude=47.7, longitude=7.3)
    known = await a_session(await a_person("manager", emitter))
    application: Any = create(instance)
    application.register(unguarded)
    application.register(guarded)
    transport, headers = httpx.ASGITransport(application), {"Accept": "text/html"}

    async with httpx.AsyncClient(transport=transport, base_url=instance.base_url, headers=headers) as http:

        def look(address: str, cookies: dict[str, str]) -> Callable[[int], Awaitable[float]]:
            cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}

            async def once() -> bytes:
                return (await http.get(f"/measured/{_SLUG}/{address}", headers=cookie)).raise_for_status().content

            return lambda _: each(once)

        found = await rounds(
            {"stranger": look("open", {}), "session": look("open", known), "guard": look("guarded", known)}, times
        )
    return [
        _line("a page with a session ÷ the same without (time)", found["session"], found["stranger"]),
        _line("the same behind a guard ÷ without either (time)", found["guard"], found["stranger"]),
        _line("the same behind a guard ÷ without, both with a session (time)", found["guard"], found["session"]),
    ]


def _line(figure: str, ours: list[float], theirs: list[float]) -> Line:
    took = (middle_time(ours), middle_time(theirs))
    return Line(figure, "–", "–", ratio_of(ours, theirs), *took, spread(ours), spread(theirs))
