"""Every page that needs nothing but its address opens, in every language."""

from dataclasses import replace

import httpx
import pytest

from parvis import settings
from parvis.contract.values import Role
from parvis.demo import seed
from parvis.testing.applications import application
from parvis.testing.matrix import routes_of
from parvis.testing.people import a_person, a_session
from parvis.web.i18n import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_opens(database, language):
    await seed.seed([])
    app = application(replace(settings.current(), env="demo"))
    base = settings.current().base_url
    addresses = {route.path for route in routes_of(app) if route.method == "GET" and "{" not in route.path}
    assert len(addresses) > 10
    headers = {"Accept": "text/html", "Accept-Language": language}
    cookies = await a_session(await a_person(Role.OPERATOR))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, cookies=cookies) as http:
        opened = {address: (await http.get(address)).status_code for address in sorted(addresses)}
    # What says that something else is missing (the sign-on) is no fault of its own.
    assert {address: status for address, status in opened.items() if status == 500} == {}
    assert opened["/accessibility"] == opened["/operator"] == opened["/demo/clock"] == 200
