"""Somebody without JavaScript on the pages of the journey."""

from html import unescape

import httpx

from parvis.calendars.slots import Slot
from parvis.db import connection
from parvis.identity.contacts import code_to_send

FORM = {
    "channel": "mail",
    "email": "lea@example.org",
    "applicants-0-given": "Léa",
    "applicants-0-family": "Martin",
    "applicants-0-age": "adult",
    "applicants-0-number": "A123456789",
}
SEARCH = "what=CNI&people=1"


class Browser:
    """Somebody without JavaScript: forms, redirects and cookies."""

    def __init__(self, app, town):
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000", headers={"accept": "text/html"}
        )
        self.town = town
        self.page = None

    async def get(self, url):
        self.page = await self.http.get(url, follow_redirects=True)
        return self

    async def post(self, url, **data):
        self.page = await self.http.post(url, data=data, follow_redirects=True)
        return self

    @property
    def text(self):
        return unescape(self.page.text)

    @property
    def path(self):
        return self.page.url.path

    def slot(self, hour=9):
        return Slot(self.town.calendar.id, self.town.calendar.at(hour)).code

    async def hold(self, hour=9, page="page", **more):
        return await self.post("/e/m2a/idcard/hold", slot=self.slot(hour), search=SEARCH, page=page, **more)

    async def code(self):
        async with connection() as c:
            proof = await c.fetchval("SELECT id FROM parvis.contact_proof ORDER BY asked_at DESC LIMIT 1")
        return (await code_to_send(proof)).code

    async def to_check(self, hour=9, page="page", **changed):
        await self.hold(hour, page)
        return await self.post(self.path, **FORM | changed)
