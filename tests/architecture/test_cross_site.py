"""No page elsewhere makes a browser change anything here: signing somebody in as another, or out, or in their name."""

from dataclasses import replace

import httpx
import pytest

from parvis import settings
from parvis.app import create
from parvis.contract.values import Role
from parvis.testing.matrix import OWN, routes_of
from parvis.testing.people import a_person, a_session

# What takes calls of other machines: it believes no cookie. A payment provider's is a hint, after which it is asked.
OF_MACHINES = {"/logout/backchannel", "/payfip/{account:str}", "/stripe/{account:str}", "/card-sandbox/{account:str}"}
ELSEWHERE = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"})


@pytest.fixture
def app(database):
    return create(replace(settings.current()))


async def test_every_route_that_changes_something_refuses_other_sites(app):
    changing = [route for route in routes_of(app) if route.method not in {"GET", "HEAD"}]
    assert len(changing) > 50
    base, cookies = settings.current().base_url, await a_session(await a_person(Role.OPERATOR))
    let_in = []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies) as http:
        for route in changing:
            for headers in ELSEWHERE:
                answer = await http.request(route.method, route.address(OWN), headers=headers)
                if answer.status_code != 403 and not route.handler.opt.get("cross_site"):
                    let_in.append(f"{route} from {headers}: {answer.status_code}")
    assert let_in == []


def test_only_what_believes_no_cookie_takes_calls_from_elsewhere(app):
    assert {route.path for route in routes_of(app) if route.handler.opt.get("cross_site")} == OF_MACHINES
