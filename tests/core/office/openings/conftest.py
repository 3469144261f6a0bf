"""A town hall whose rules are changed, in a portal with a service of its own: the core is tested without plugins."""

from datetime import timedelta

import msgspec
import pytest
from tests.core.office.openings.working import an_office

from parvis import plugins
from parvis.calendars import planning
from parvis.contract.values import Kind, Service
from parvis.errors import Text
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin

PAPERS = Service(
    key="idcard",
    name=Text("Papers"),
    summary=Text("Papers"),
    kinds=tuple(
        Kind(key=key, name=Text(key.title()), first=minutes, further=5, online=key != "certification")
        for key, minutes in (("deposit", 20), ("collection", 10), ("certification", 15))
    ),
    details=msgspec.Struct,
    first_page="/",
    kept=timedelta(days=30),
)


@pytest.fixture
async def app(database):
    made = application()
    plugins.use(a_plugin(PAPERS))
    return made


@pytest.fixture
async def office(app):
    calendar = await a_calendar(desks=2)
    await planning.offer(calendar.id, "collection", 10, 5)
    return await an_office(app, calendar)
