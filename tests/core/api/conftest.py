"""A running API over a seeded database, with a service of its own: the core is tested without plugins."""

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import httpx
import msgspec
import pytest
import uvicorn
from litestar import Litestar

from parvis import api, plugins, settings
from parvis.calendars import planning
from parvis.calendars import queries as calendars
from parvis.contract.values import Booked, BookingRequest, Channel, Kind, Service
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries as dossier_queries
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import Text
from parvis.identity.contacts import Contact
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin
from parvis.web.site import Site


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What the library asks of a reader."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    email: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")] = "reader@example.org"


async def book(request: BookingRequest) -> Booked:
    held = await calendars.held(request.hold, request.secret)
    new = NewDossier(
        service="idcard", emitter=held.emitter, contact=Contact(Channel.MAIL, request.details.email),
        names=(request.details.name,), language=request.language, kept_days=30, person=request.person,
        home=request.home,
    )  # fmt: skip
    opened = await dossiers.book(new, request.hold, request.secret, "Mairie", By("resident", request.person))
    visit = (await dossier_queries.dossier(opened.id)).visit
    return Booked(dossier=opened.id, booking=visit.booking, reference=opened.reference, link=f"/visit/{opened.id}")


KINDS = (
    Kind(key="deposit", name=Text("Deposit"), first=20, further=15, reasons=("CNI", "PASSPORT"), people=8),
    Kind(key="collection", name=Text("Collection"), first=5, further=5, people=8),
)
SERVICE = Service(
    key="idcard", name=Text("Papers"), summary=Text("Papers"), kinds=KINDS, details=Details, first_page="/",
    kept=timedelta(days=30), book=book,
)  # fmt: skip


@pytest.fixture
def app(database):
    """The API with one service, no limits."""
    plugins.use(a_plugin(SERVICE))
    settings.use(replace(settings.current(), limits=False))
    return Litestar(list(api.HANDLERS), plugins=[Site(settings.current())], openapi_config=None)


@pytest.fixture
async def client(app):
    """A program that calls it."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made


@pytest.fixture
async def served(app):
    """The address of the API behind a real server."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        running = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await running


async def _a_town(desks=1, **rest):
    """A town hall that offers both kinds."""
    calendar = await a_calendar(desks=desks, **rest)
    await planning.offer(calendar.id, "collection", 5, 5)
    await enable_plugin(calendar.emitter, "idcard")
    await publish(calendar.emitter, "idcard")
    await add_emitter(
        "mulhouse", "Mulhouse", "municipality", latitude=47.7489, longitude=7.3253, insee="68224",
        postcodes=("68100", "68200"),
    )  # fmt: skip
    return calendar


@pytest.fixture
def a_town(app):
    return _a_town


@pytest.fixture
async def town(a_town):
    return await a_town()
