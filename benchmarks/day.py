"""An agent's day: 200 appointments at ten desks, as a page of the real application, against reading them by SQL."""

from __future__ import annotations

import datetime as dt
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median
from typing import Any

import httpx

from benchmarks.measure import Line, middle_time, ratio_of, rounds, spread
from parvis import crypto, settings
from parvis.app import create
from parvis.attendance import queries as attendance
from parvis.dossiers import queries as dossiers
from parvis.office.day import boards
from parvis.settings import Settings
from parvis.territory import queries as territory
from parvis.testing.calendars import SomeCalendar, a_calendar, every_day
from parvis.testing.people import a_person, a_session
from parvis.testing.visits import a_visit

_DESKS, _VISITS, _MINUTES = 10, 200, 20
_LOOKS = 20
_Look = Callable[[], Awaitable[bytes]]


async def day_line(url: str, times: int) -> Line:
    """Milliseconds in the server for a look at the whole day while changes are followed, and the page's bytes."""
    crypto.use(crypto.load_keys(settings.current()))
    calendar = await _full_day()
    async with _page(calendar, replace(settings.current(), database_url=url)) as look:
        page = await look()
        if page.count(b"Visitor ") < _VISITS:
            raise RuntimeError("The page does not show every appointment.")
        contenders = {"page": lambda _: each(look), "sql": lambda _: each(lambda: _by_sql(calendar))}
        found = await rounds(contenders, times)
    return Line(
        f"the day of {_VISITS} appointments, as a page ÷ reading them and their names (time)",
        "50 ms",
        "–",
        ratio_of(found["page"], found["sql"]),
        middle_time(found["page"]),
        middle_time(found["sql"]),
        spread(found["page"]),
        spread(found["sql"]),
        f"{len(page) / 1000:.0f} kB, {len(gzip.compress(page, 6)) / 1000:.0f} kB compressed",
    )


async def _full_day() -> SomeCalendar:
    calendar = await a_calendar(desks=_DESKS, weekly=every_day(dt.time(8), dt.time(16)))
    for n in range(_VISITS):
        minutes = n // _DESKS * _MINUTES
        await a_visit(calendar, calendar.at(8 + minutes // 60, minutes % 60), f"Visitor {n}")
    return calendar


@asynccontextmanager
async def _page(calendar: SomeCalendar, instance: Settings) -> AsyncIterator[_Look]:
    """What an agent of that town hall does to look at the day: the whole application, without a network."""
    url = f"/office/{(await territory.emitter(calendar.emitter)).slug}/today?day={calendar.day}"
    cookies = await a_session(await a_person("agent", calendar.emitter))
    application: Any = create(instance)
    transport, base = httpx.ASGITransport(application), instance.base_url
    async with (
        boards.watching(),
        httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies, headers={"Accept": "text/html"}) as http,
    ):

        async def look() -> bytes:
            return (await http.get(url)).raise_for_status().content

        yield look


async def each(look: Callable[[], Awaitable[object]]) -> float:
    """Seconds for one of so many looks, the middle one."""
    taken = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        await look()
        taken.append(time.perf_counter() - began)
    return median(taken)


async def _by_sql(calendar: SomeCalendar) -> None:
    visits = await attendance.visits(calendar.emitter, calendar.day)
    await dossiers.names([visit.dossier for visit in visits if visit.dossier])
