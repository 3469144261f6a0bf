"""Two browsers on one day, and a hundred: every screen ends with what the database says, without being loaded again."""

import asyncio
import os
import random
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from tests.core.office.screens import PATIENCE, Screen, following_all

from parvis import settings
from parvis.attendance import actions as attendance
from parvis.attendance import queries
from parvis.attendance.actions import Who
from parvis.attendance.rules import Step
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.calendars import following
from parvis.db import close_pool, connection, open_pool
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By
from parvis.identity import actions as identity
from parvis.office.day import boards, streaming
from parvis.territory import queries as territory
from parvis.testing.applications import application
from parvis.testing.calendars import SomeCalendar, a_calendar
from parvis.testing.people import a_person, a_session
from parvis.testing.sign_on import free_socket, serving
from parvis.testing.visits import a_visit, put_clock

SOAK = os.environ.get("PARVIS_SOAK") == "1"


@dataclass
class Hall:
    """A running portal with a town hall; `screens` are of people who follow its day."""

    address: str
    calendar: SomeCalendar
    slug: str
    http: httpx.AsyncClient

    async def screen(self, query: str = "", role: str = "agent") -> Screen:
        person = await a_person(role, self.calendar.emitter)
        found = Screen(self.http, self.address, await a_session(person), self.calendar, self.slug, query)
        await found.load()
        return found


@pytest.fixture
async def hall(database):
    await close_pool()
    await open_pool(database, size=10)
    listening, address = free_socket()
    settings.use(replace(settings.current(), port=urlsplit(address).port, limits=False))
    calendar = await a_calendar(desks=4)
    for n in range(24):
        await a_visit(calendar, calendar.at(9 + n // 12, n % 12 // 4 * 20), f"Visitor {n}")
    put_clock(calendar.at(9), minutes=1)
    config = uvicorn.Config(application(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        following.following(),
        boards.watching(),
        httpx.AsyncClient(limits=limits, timeout=PATIENCE, headers={"accept-language": "fr"}) as http,
        serving(uvicorn.Server(config), listening),
    ):
        yield Hall(address, calendar, (await territory.emitter(calendar.emitter)).slug, http)


async def visits(hall: Hall):
    return await queries.visits(hall.calendar.emitter, hall.calendar.day)


async def test_what_one_agent_does_the_other_sees_without_loading(hall):
    mine, theirs = await hall.screen(), await hall.screen()
    first = (await visits(hall))[0]
    async with following_all(mine, theirs):
        assert await mine.press(arrived=first.id.hex) == 200
        await theirs.until(lambda screen: "arrivé" in screen.parts[f"v{first.id.hex}"])
        assert await theirs.press(served=first.id.hex) == 200
        await mine.until(lambda screen: 'class="visit served"' in screen.parts[f"v{first.id.hex}"])
    assert theirs.parts == await theirs.truth()


async def test_new_appointments_and_cancelled_ones_come_and_go(hall):
    screen, open_ones = await hall.screen(), await hall.screen("show=open")
    async with following_all(screen, open_ones):
        booking, dossier = await a_visit(hall.calendar, hall.calendar.at(11), "Zoé Neuf")
        for one in (screen, open_ones):
            await one.until(lambda seen: "Zoé Neuf" in seen.parts.get(f"v{booking.hex}", ""))
        await dossiers.cancel_visit(dossier, By("resident"))
        await screen.until(lambda seen: "annulé" in seen.parts[f"v{booking.hex}"])
        await open_ones.until(lambda seen: f"v{booking.hex}" not in seen.parts)
        moved, dossier = await a_visit(hall.calendar, hall.calendar.at(11), "Léo Parti")
        await screen.until(lambda seen: f"v{moved.hex}" in seen.parts)
        await dossiers.move_visit(dossier, hall.calendar.id, hall.calendar.at(11, 40), "Town hall", By("resident"))
        await screen.until(lambda seen: "11\u00a0h\u00a040" in seen.parts[f"v{moved.hex}"])
        await screen.agrees()


async def test_free_time_follows_what_the_public_holds(hall):
    screen = await hall.screen()
    before = screen.parts["figures"]
    async with following_all(screen):
        await calendars.hold(hall.calendar.id, "deposit", hall.calendar.at(11))
        await screen.until(lambda seen: seen.parts["figures"] != before)


async def test_the_clock_alone_makes_somebody_late(hall):
    put_clock(hall.calendar.at(9), minutes=15)
    screen = await hall.screen()
    late = next(one for one in await visits(hall) if one.hour.start == hall.calendar.at(9, 20))
    assert "attendu" in screen.parts[f"v{late.id.hex}"]
    async with following_all(screen):
        put_clock(hall.calendar.at(9), minutes=21)
        await screen.until(lambda seen: "en retard" in seen.parts[f"v{late.id.hex}"])


async def test_a_page_of_which_nothing_is_known_is_sent_whole(hall):
    screen = await hall.screen()
    screen.seen = "unknown"
    screen.parts = {"figures": ""}
    async with following_all(screen):
        await screen.until(lambda seen: seen.events > 0)
    assert screen.parts == await screen.truth()


async def test_names_that_the_stream_shows_are_traced_and_names_it_hides_are_not(hall):
    screen, hidden = await hall.screen(), await hall.screen("show=over")
    async with following_all(screen, hidden):
        booking, dossier = await a_visit(hall.calendar, hall.calendar.at(11), "Zoé Neuf")
        await screen.until(lambda seen: f"v{booking.hex}" in seen.parts)
    assert len(await audit.readers_of(dossier)) == 1


async def test_a_right_that_ended_ends_the_stream(hall, monkeypatch):
    monkeypatch.setattr(streaming, "_STREAM_SECONDS", 0.2)
    monkeypatch.setattr(streaming, "_STILL_THERE_SECONDS", 0.1)
    screen = await hall.screen()
    await asyncio.wait_for(screen.follow(), PATIENCE)
    async with connection() as c:
        for row in await c.fetch("SELECT id FROM parvis.role_grant"):
            await identity.end_grant(row["id"])
    url = f"{hall.address}/office/{hall.slug}/today/live"
    answer = await hall.http.get(url, headers=screen.own | {"accept": "text/event-stream"})
    assert answer.status_code in {401, 404}


async def test_looking_on_keeps_nobody_signed_in(hall):
    screen = await hall.screen()
    sql = "SELECT max(seen_at) FROM parvis.session"
    async with connection() as c:
        before = await c.fetchval(sql)
        put_clock(hall.calendar.at(9), minutes=10)
        async with following_all(screen):
            await attendance.take((await visits(hall))[0].id, Step.ARRIVED, Who("staff"))
            await screen.until(lambda seen: seen.events > 0)
        assert await c.fetchval(sql) == before


async def work(hall: Hall, screen: Screen, rng: random.Random, acts: int) -> None:
    """An agent at work: looks at the own screen, presses one of its buttons; sometimes somebody walks in."""
    for _ in range(acts):
        pressed = [
            (name, value)
            for row in list(screen.parts.values())
            for name, value in re.findall(r'<button name="(\w+)" value="(\w+)"', row)
        ]
        if not pressed or rng.random() < 0.1:
            await hall.http.post(
                f"{hall.address}/office/{hall.slug}/today/walk-in",
                data={"walk": f"{hall.calendar.id.hex} deposit"},
                headers=screen.own | {"origin": hall.address},
            )
            continue
        # Overtaken by another agent is an answer like another.
        assert await screen.press(**dict([rng.choice(pressed)])) in {200, 409}


async def test_a_hundred_agents_at_work_each_see_the_truth(hall):
    rng = random.Random(4)
    screens = [await hall.screen("show=open" if n % 3 == 0 else "") for n in range(100)]
    async with following_all(*screens):
        workers = (work(hall, screen, random.Random(rng.random()), 10 if SOAK else 2) for screen in screens)
        await asyncio.gather(*workers)
        # One more, and nothing after it: what every screen has to end with.
        await attendance.write_note((await visits(hall))[-1].id, "the last word")
        for screen in screens:
            await screen.agrees()
