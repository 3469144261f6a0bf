"""An agent at the opening rules of one calendar, and what they work with."""

import re

import httpx

from parvis.calendars import actions as calendars
from parvis.calendars import timetable_rows
from parvis.contract.values import Channel
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries as dossier_queries
from parvis.identity.contacts import Contact
from parvis.territory import queries as territory
from parvis.testing.people import a_person, a_session

CONTACT = Contact(Channel.MAIL, "lea@example.org")


class Office:
    """An agent at one calendar; what they send is what the page's own fields hold, with some things changed."""

    def __init__(self, http, calendar, slug):
        self.http, self.calendar, self.slug = http, calendar, slug
        self.base = f"/office/{slug}/calendars/{calendar.id}"

    async def get(self, path="", **query):
        return await self.http.get(self.base + path, params=query)

    async def post(self, path, page=None, **changed):
        typed = filled(page.text) if page is not None else {}
        for name, value in changed.items():
            typed[name.replace("__", "-")] = value
        return await self.http.post(
            self.base + path,
            content=encoded(typed),
            headers={"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"},
        )

    async def change(self, path, **changed):
        """Open a page, change something, save it."""
        return await self.post(path, await self.get(path), step="save", **changed)

    @property
    async def kept(self):
        return await timetable_rows.read(self.calendar.id)


def encoded(typed):
    pairs = [(name, one) for name, value in typed.items() for one in (value if isinstance(value, list) else [value])]
    return str(httpx.QueryParams(pairs))


def filled(html):
    """What a browser would send of the page's form, without its buttons."""
    form = re.search(r'<form action="[^"]*" method="post" class="rules".*?</form>', html, re.S)[0]
    typed = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checked" in tag or not re.search(r'type="(checkbox|radio)"', tag)):
            typed.setdefault(name[1], []).append(value[1] if value else "")
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        typed[name] = chosen[1]
    return typed | dict(re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S))


async def an_office(app, calendar, role="manager", name="Nathalie Weber"):
    slug = (await territory.emitter(calendar.emitter)).slug
    cookies = await a_session(await a_person(role, calendar.emitter, name=name))
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost:8000",
        headers={"accept": "text/html", "accept-language": "en"},
        cookies=cookies,
    )
    return Office(http, calendar, slug)


async def an_appointment(calendar, hour=9, minute=0, days=0, contact=CONTACT):
    held = await calendars.hold(calendar.id, "deposit", calendar.at(hour, minute, days=days))
    new = dossiers.NewDossier(
        service="idcard", emitter=calendar.emitter, contact=contact, names=("Léa",), language="fr", kept_days=30
    )
    opened = await dossiers.book(new, held.id, held.secret, "Town hall", dossiers.By())
    return (await dossier_queries.dossier(opened.id)).visit.booking, opened.id


def field_of(found):
    return f"decision-{found.hex}"


async def closing(office, **changed):
    page = await office.get("/closures/new", day=office.calendar.day.isoformat())
    return await office.post("/closures/new", page, **changed)
