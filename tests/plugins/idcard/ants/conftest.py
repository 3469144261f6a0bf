"""The coordination service in the test's own process, with faults, and the worker's deliveries one after the other."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from itertools import count, islice
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from parvis import clock, settings
from parvis.calendars import grids, planning
from parvis.calendars import queries as calendars
from parvis.calendars.slots import Slot
from parvis.contract.values import Stage
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.jobs.deliveries import deliver
from parvis.outbox import leases, subscriptions
from parvis.outbox.subscriptions import Subscriptions
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.testing.applications import application
from parvis.testing.calendars import every_day
from parvis.testing.visits import put_clock
from parvis_idcard import actions
from parvis_idcard.ants.coordination import client
from parvis_idcard.ants.queries import address_of
from parvis_idcard.ants.simulator import app as simulator
from parvis_idcard.environment import Environment
from parvis_idcard.queries import numbered
from parvis_idcard.reactions import REACTIONS


@dataclass
class Played:
    """The simulated service: switch `faults` on and off; `asked` are the calls that reached it."""

    app: object
    faults: set = field(default_factory=set)
    asked: list = field(default_factory=list)

    @property
    def registry(self):
        return self.app.state.registry

    def ours(self):
        """What it has of us: number, place's id, place, wall-clock time, address."""
        return {
            (number, kept.meeting_point_id, kept.meeting_point, kept.appointment_date, kept.management_url)
            for number, several in self.registry.by_number.items()
            for kept in several
        }

    def posts(self, number):
        return [call for call in self.asked if call[0] == "POST" and call[1]["application_id"] == number]


@pytest.fixture
def service(instance, tmp_path, monkeypatch):
    """The service, which answers; the tests' own clock moves past its outages."""
    found = Played(None)
    found.app = simulator.create(Stage(folder=tmp_path, faults=lambda: frozenset(found.faults)))

    async def listening(scope, receive, send):
        if scope["type"] == "http":
            query = dict(httpx.QueryParams(scope["query_string"].decode()))
            found.asked.append((scope["method"], query))
        await found.app(scope, receive, send)

    def connected(patience):
        return httpx.AsyncClient(transport=httpx.ASGITransport(listening), timeout=patience)

    monkeypatch.setattr(client, "_connected", connected)
    monkeypatch.setattr(client, "_UNHURRIED", 0.5)
    monkeypatch.setattr(client, "_HURRIED", 0.5)
    monkeypatch.setattr(simulator, "SLOW_SECONDS", 3600)
    monkeypatch.setattr(simulator, "SILENT_SECONDS", 3600)
    # For an application that a test makes, and for what runs without one.
    monkeypatch.setenv("PARVIS_IDCARD_COORDINATION", "http://ants.test/api")
    monkeypatch.setenv("PARVIS_IDCARD_COORDINATION_TOKEN", simulator.TOKEN)
    settings.provide(Environment(coordination="http://ants.test/api", coordination_token=simulator.TOKEN))
    client.outages.forget()
    yield found
    client.outages.forget()
    settings.provide(Environment())


@pytest.fixture
def worker(database):
    """Delivers what is due, in the test's own loop, until nothing is."""
    before = subscriptions.current()
    subscriptions.use(Subscriptions((), {"idcard": REACTIONS}, is_enabled=territory.is_enabled))
    name = uuid4()

    async def work():
        done = 0
        while leased := await leases.lease(name, list(subscriptions.current().by_key), 100):
            for one in leased:
                await deliver(one)
            done += len(leased)
        return done

    yield work
    subscriptions.use(before)


@pytest.fixture
def wanted():
    """What the service should have: every live deposit with a number whose hour has not begun."""

    async def of_the_database():
        async with connection() as c:
            rows = await c.fetch("SELECT dossier FROM idcard.visit WHERE kind = 'deposit'")
        found = set()
        for row in rows:
            dossier = await dossiers.dossier(row["dossier"])
            if dossier.visit.live and dossier.visit.start > clock.now():
                place = await territory.place(dossier.visit.place)
                zone = ZoneInfo((await calendars.booking(dossier.visit.booking)).zone)
                at = dossier.visit.start.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
                found |= {
                    (row.number, place.slug, place.name, at, address_of(row.id)) for row in await numbered(dossier.id)
                }
        return found

    return of_the_database


@pytest.fixture
def settled(service, worker, wanted):
    """Let the worker go on, the clock with it, until the service has what it should; at most an hour."""

    async def settle():
        for _ in range(12):
            await worker()
            if service.ours() == await wanted() and not await still_due():
                return
            clock.move(timedelta(minutes=5, seconds=1))
        assert service.ours() == await wanted()
        assert not await still_due()

    return settle


async def still_due():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM idcard.declaration WHERE state IN ('due', 'check')")


@pytest.fixture
def book(town):
    """Book a deposit at the town hall; its dossier."""

    async def booked(numbers=("A123456789",), hour=9, minute=0, days=0, at=None, email="lea@example.org"):
        where = at or town
        hold = await where.hold(hour, minute, people=len(numbers), days=days)
        request = await where.request(hold, numbers=list(numbers), email=email)
        return await dossiers.dossier((await actions.book(request)).dossier)

    return booked


@pytest.fixture
def book_many(town):
    """Book so many single deposits as the counter does, over the days from the working day on; more with each call."""
    numbers = count()

    async def book(many):
        if not (start := next(numbers)):
            for number in range(9):
                await planning.add_desk(town.calendar.id, f"Another {number}", every_day())
            await grids.open_days(town.calendar.id)
        for n in [start, *islice(numbers, many - 1)]:
            slot = n % 9
            hold = await town.hold(9 + slot // 3, slot % 3 * 20, days=n // 90)
            request = await town.request(hold, numbers=[f"N{n:09}"], proof=hold.id)
            await actions.book(replace(request, for_others=True))

    return book


@pytest.fixture
def next_attempt(database):
    """Move the clock to when the first declaration is tried again, or until then; that instant (UTC) if one is."""

    async def move(until=None):
        sql = "SELECT min(due) FROM idcard.declaration WHERE state IN ('due', 'check')"
        async with connection() as c:
            at = await c.fetchval(sql)
        to = min((one for one in (at, until) if one), default=clock.now())
        if to > clock.now():
            put_clock(to)
        return at

    return move


class Browser:
    """Somebody without JavaScript at the portal; `page` is the last answer."""

    def __init__(self, app, town):
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=settings.current().base_url,
            headers={"accept": "text/html", "accept-language": "en"},
            follow_redirects=True,
        )
        self.town, self.page = town, None

    async def get(self, url):
        self.page = await self.http.get(url)
        return self.page

    async def post(self, url, **data):
        self.page = await self.http.post(url, data=data)
        return self.page

    @property
    def text(self):
        return unescape(self.page.text)

    @property
    def path(self):
        return self.page.url.path

    async def hold(self, hour=9, people=1, kind="CNI"):
        slot = Slot(self.town.calendar.id, self.town.calendar.at(hour)).code
        search = f"what={kind}&people={people}"
        return await self.post("/e/m2a/idcard/hold", slot=slot, search=search, page=f"page-{hour}-{kind}")

    async def fill_in(self, *numbers, **more):
        form = {"channel": "mail", "email": "lea@example.org"}
        for n, number in enumerate(numbers):
            person = {"given": "Léa", "family": "Martin", "age": "adult", "number": number}
            form |= {f"applicants-{n}-{name}": value for name, value in person.items()}
        return await self.post(self.path.removesuffix("/check"), **form | more)


@pytest.fixture
async def app(town, service):
    """The portal, with the territory's own pages."""
    whole = await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await enable_plugin(whole, "idcard")
    await publish(whole, "idcard")
    return application()


@pytest.fixture
async def browser(app, town):
    return Browser(app, town)
