"""Every route of the portal × every kind of visitor × own and foreign emitter.

A route without a guard or a declaration fails here; so does one whose guard says something else.
"""

from dataclasses import replace

import httpx
import pytest

from parvis import settings
from parvis.app import create
from parvis.contract.values import Role
from parvis.territory import actions as territory
from parvis.testing.matrix import FOREIGN, OWN, VISITORS, answered, expected, routes_of, undeclared
from parvis.testing.people import a_person, a_session


@pytest.fixture
def app(database):
    return create(replace(settings.current()))


def test_every_route_is_guarded_and_declared(app):
    assert undeclared(app) == []
    assert len(routes_of(app)) > 10


async def test_every_guard_says_what_its_route_declares(app):
    wrong = [
        f"{route} as {visitor} at {slug}: {said}, declared {owed}"
        for route in routes_of(app)
        for visitor in VISITORS
        for slug in (OWN, FOREIGN)
        if (said := await answered(app, route, visitor, slug)) != (owed := expected(route, visitor, slug))
    ]
    assert wrong == []


async def test_over_http_nobody_gets_in_who_should_not(app):
    """The same through the middleware, with real sessions: refusals do not depend on what is asked for."""
    cookies = await _sessions()
    wrong = []
    for route in routes_of(app):
        for visitor, jar in cookies.items():
            for slug in (OWN, FOREIGN):
                owed = expected(route, visitor, slug)
                if owed != 200 and (said := await _status(app, route, slug, jar)) != owed:
                    wrong.append(f"{route} as {visitor} at {slug}: {said}, owed {owed}")
    assert wrong == []


async def _sessions():
    own = await territory.add_emitter(OWN, "Own", "municipality", latitude=47.7, longitude=7.3)
    await territory.add_emitter(FOREIGN, "Foreign", "municipality", latitude=47.8, longitude=7.4)
    cookies = {"anonymous": {}, "resident": await a_session(await a_person())}
    for role in Role:
        at = None if role in {Role.HELPER, Role.OPERATOR} else own
        cookies[role.value] = await a_session(await a_person(role, at))
    return cookies


async def _status(app, route, slug, cookies):
    base = settings.current().base_url
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, cookies=cookies) as http:
        answer = await http.request(route.method, route.address(slug), headers={"Accept": "text/html", "Origin": base})
        if answer.status_code == 303 and answer.headers["location"].startswith("/login?next="):
            return 401
        return answer.status_code
