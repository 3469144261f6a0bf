from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import uvicorn
from tests.chromium import emptied
from tests.journeys.agents import Office

from parvis import settings
from parvis.calendars import following, planning
from parvis.office.day import boards
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar
from parvis.testing.sign_on import free_socket, serving
from parvis.testing.visits import a_visit, put_clock


@pytest.fixture
async def portal(database):
    """A territory with one town hall that takes appointments, as a real server; its address."""
    listening, address = free_socket()
    settings.use(replace(settings.current(), port=urlsplit(address).port))
    whole = await territory.add_emitter(
        "m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33, phone="03 53 01 00 00"
    )
    await territory.add_emitter(
        "illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35, postcodes=("68110",)
    )
    calendar = await a_calendar(desks=2)
    await planning.offer(calendar.id, "collection", 5, 5)
    for emitter in (whole, calendar.emitter):
        await territory.enable_plugin(emitter, "idcard")
        await territory.publish(emitter, "idcard")
    app = application()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    async with serving(server, listening):
        yield address


@pytest.fixture
async def office(database, browser):
    """A town hall at four past nine with six visitors, as a real server with its browsers."""
    listening, address = free_socket()
    settings.use(replace(settings.current(), port=urlsplit(address).port))
    await territory.add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    calendar = await a_calendar(desks=2)
    for n in range(6):
        await a_visit(calendar, calendar.at(9, n // 2 * 20), f"Visitor {n}")
    put_clock(calendar.at(9), minutes=4)
    app = application()
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    async with (
        following.following(),
        boards.watching(),
        serving(uvicorn.Server(config), listening),
    ):
        yield Office(address, calendar, (await queries.emitter(calendar.emitter)).slug, browser)
        await emptied(browser)
