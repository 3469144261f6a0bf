"""An agent's desk: a town hall with a calendar, people who work there, and their browsers without scripts."""

from dataclasses import dataclass
from html import unescape
from uuid import UUID

import httpx
import pytest

from parvis import settings
from parvis.territory import queries as territory
from parvis.testing.applications import application
from parvis.testing.calendars import SomeCalendar, a_calendar
from parvis.testing.people import a_person, a_session


@dataclass
class Agent:
    """Somebody signed in; `page` is the last answer."""

    http: httpx.AsyncClient
    slug: str
    person: UUID
    page: httpx.Response | None = None

    async def get(self, path: str = "", follow: bool = True, **query):
        self.page = await self.http.get(self.url(path), params=query or None, follow_redirects=follow)
        return self

    async def post(self, path: str = "", follow: bool = True, headers=None, **data):
        address, _, query = path.partition("?")
        self.page = await self.http.post(
            self.url(address), params=query or None, data=data, headers=headers, follow_redirects=follow
        )
        return self

    def url(self, path: str) -> str:
        return path if path.startswith("/") else f"/office/{self.slug}/{path}"

    @property
    def text(self) -> str:
        return unescape(self.page.text)

    @property
    def status(self) -> int:
        return self.page.status_code


@dataclass
class Office:
    """A town hall with its calendar."""

    app: object
    calendar: SomeCalendar
    slug: str

    async def agent(self, role="agent", at: SomeCalendar | None = None, lang="en") -> Agent:
        calendar = at or self.calendar
        slug = (await territory.emitter(calendar.emitter)).slug
        person = await a_person(role, calendar.emitter)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=settings.current().base_url,
            headers={"accept": "text/html", "accept-language": lang, "origin": settings.current().base_url},
            cookies=await a_session(person),
        )
        return Agent(http, slug, person)


@pytest.fixture
async def office(database) -> Office:
    calendar = await a_calendar(desks=2)
    return Office(application(), calendar, (await territory.emitter(calendar.emitter)).slug)
