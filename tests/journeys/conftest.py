from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import uvicorn

from parvis import settings
from parvis.app.portal_process import create
from parvis.calendars import planning
from parvis.territory import actions as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.sign_on import free_socket, serving


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
    app = create(settings.current())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    async with serving(server, listening):
        yield address
