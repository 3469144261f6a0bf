"""Every route that names an object × every kind of visitor: a real one of somebody else's is as if there were none.

The objects stand at a town hall where the visitors have no role, and belong to a resident who is none of them. What
keeps the test honest: each page opens for whoever it belongs to, at the same address.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
from tests.plugins.idcard.conftest import a_town

from parvis import clock, crypto, settings
from parvis.app import create
from parvis.attendance import outages
from parvis.audit import actions as audit
from parvis.audit import queries as trail
from parvis.calendars import planning
from parvis.calendars.openings import Exceptional
from parvis.contract.values import Role
from parvis.db import connection, new_id, transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import questions
from parvis.identity import actions as identity
from parvis.identity import invitations
from parvis.identity.actors import Actor, Grant
from parvis.territory import actions as territory
from parvis.territory import queries as emitters
from parvis.testing.calendars import a_place
from parvis.testing.matrix import RouteUnderTest, routes_of
from parvis.testing.people import a_person, a_session
from parvis.testing.visits import put_clock
from parvis_idcard import actions
from parvis_idcard.ants.coordination.queries import NUMBER

AT_AN_EMITTER = (Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT)
# Known by an address that nobody guesses and that is sent to its owner, not by who asks: see where they are tested.
_ANTS = "tests/plugins/idcard/ants/test_checking.py (reference and name, or a code)"
BY_ADDRESS = {
    "/api/v1/bookings/{booking_id:uuid}": "tests/core/api/test_main_job.py (its secret)",
    "/api/v1/bookings/{booking_id:uuid}/move": "tests/core/api/test_main_job.py (its secret)",
    "/api/v1/holds/{hold_id:uuid}": "tests/core/api/test_main_job.py (its secret)",
    "/api/v1/holds/{hold_id:uuid}/extension": "tests/core/api/test_main_job.py (its secret)",
    "/api/v1/contacts/{proof:uuid}/code": "tests/core/api/test_main_job.py (its code)",
    "/feeds/desks/{desk:uuid}": "tests/core/office/test_feeds.py (its key)",
    "/e/{emitter:str}/idcard/appointment/{applicant:uuid}": _ANTS,
    "/e/{emitter:str}/idcard/appointment/{applicant:uuid}/code": _ANTS,
    "/e/{emitter:str}/idcard/appointment/{applicant:uuid}/cancel": _ANTS,
    "/e/{emitter:str}/idcard/appointment/{applicant:uuid}/cancel/code": _ANTS,
    "/e/{emitter:str}/idcard/challenge/{owner:uuid}": "public: a riddle, the same for everybody",
}
# Objects that this world has not yet: strangers are turned away from real ones in these tests.
ELSEWHERE = {
    "/my/payments/": "tests/core/payments/test_payers.py, test_resident_pages.py",
    "/office/{emitter:str}/people/stations/": "tests/core/office/test_factor.py",
    "/office/{emitter:str}/bills/": "tests/core/office/test_tills.py",
    "/office/{emitter:str}/tills/": "tests/core/office/test_tills.py",
    "/office/{emitter:str}/contracts/": "tests/core/office/test_contracts.py",
    "/office/{emitter:str}/lending/": "tests/core/office/test_lending.py",
    "/account/family/": "tests/core/identity/test_family.py",
    "/account/proxies/": "tests/plugins/idcard/test_proxies.py",
    "/operator/accounts/": "tests/core/office/test_accounts.py",
}
# What helpers booked, told apart by who booked it: tests/plugins/idcard/test_solidarity.py opens them.
OF_HELPERS = ("/helping/", "/office/{emitter:str}/idcard/solidarity/")
# Answers alike whether there was something to end or not; the owner's session is looked at afterwards.
ALIKE = "/account/sessions/{session:uuid}/end"


@dataclass
class World:
    """A town hall with one of everything, and the resident whose request is there."""

    app: object
    slug: str
    objects: dict[str, str]
    owner: dict[str, str]
    manager: dict[str, str]
    strangers: dict[str, tuple[str, dict[str, str]]]

    def address(self, route: RouteUnderTest, slug: str) -> str:
        values = {**self.objects, "emitter": slug}
        return re.sub(r"\{(\w+):\w+\}", lambda found: values[found[1]], route.path)

    async def status(self, method: str, address: str, cookies: dict[str, str]) -> int:
        base = settings.current().base_url
        headers = {"accept": "text/html", "origin": base}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies, headers=headers) as http:
            answer = await http.request(method, address)
        led_away = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
        return 401 if led_away else answer.status_code


@pytest.fixture
async def world(database):
    town = await a_town(desks=2)
    calendar = town.calendar
    put_clock(calendar.at(8))
    await territory.add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    slug = (await emitters.emitter(calendar.emitter)).slug
    resident = await a_person(name="Léa Martin")
    manager = await a_person(Role.MANAGER, calendar.emitter, name="Claire Muller")
    await identity.grant(manager, Role.AGENT, calendar.emitter)
    held = await town.hold(hour=10)
    booked = await actions.book(await town.request(held))
    async with transaction() as c:
        await c.execute("UPDATE parvis.dossier SET person = $2 WHERE id = $1", booked.dossier, resident)
    cookies = await a_session(resident)
    objects = {
        "calendar": calendar.id,
        "desk": calendar.desks[0],
        "kind": "deposit",
        "day": calendar.day.isoformat(),
        "closure": await a_closure(calendar),
        "dossier": booked.dossier,
        "visit": held.id,
        "person": manager,
        "plugin": "idcard",
        "position": 0,
        "outage": await outages.declare(calendar.id, calendar.desks[1:], calendar.at(12), "A cable", manager),
        "invitation": await invitations.invite(calendar.emitter, Role.AGENT, "nora@example.org", manager),
        "question": await a_question(booked.dossier, manager, calendar.emitter),
        "grant": await one("SELECT id FROM parvis.role_grant WHERE person = $1", manager),
        "session": await one("SELECT id FROM parvis.session WHERE person = $1", resident),
        "applicant": await one("SELECT id FROM idcard.applicant ORDER BY id LIMIT 1"),
        "declaration": await a_declaration(booked.dossier),
        "version": await one("SELECT max(version) FROM parvis.calendar_change WHERE calendar = $1", calendar.id),
    }
    return World(
        create(replace(settings.current())),
        slug,
        {name: str(value) for name, value in objects.items()},
        owner=cookies,
        manager=await a_session(manager),
        strangers=await strangers(),
    )


async def strangers():
    """Every kind of visitor, with the emitter at whose address they ask: their own, where they have one."""
    _, emitter = await a_place()
    slug = (await emitters.emitter(emitter)).slug
    await territory.enable_plugin(emitter, "idcard")
    found = {"anonymous": {}, "resident": await a_session(await a_person(name="Karim Benali"))}
    for role in Role:
        found[role.value] = await a_session(await a_person(role, emitter if role in AT_AN_EMITTER else None))
    return {name: (slug, cookies) for name, cookies in found.items()}


async def a_closure(calendar):
    day = calendar.day + timedelta(days=5)
    return await planning.add_exception(calendar.id, Exceptional("closed", day, day), desks=calendar.desks)


async def a_question(dossier, manager, emitter):
    await audit.saw(Actor(person=manager, grants=(Grant(Role.MANAGER, emitter),)), dossier, emitter)
    (reading,) = await trail.readers_of(dossier)
    await questions.ask(await dossiers.dossier(dossier), reading.id)
    return await one("SELECT id FROM parvis.reading_question LIMIT 1")


async def a_declaration(dossier):
    sql = (
        "INSERT INTO idcard.declaration (id, dossier, emitter, applicant, number, number_digest, state, due) "
        "SELECT $1, dossier.id, emitter, applicant.id, $3, $3, 'due', $4 FROM parvis.dossier "
        "JOIN idcard.applicant ON applicant.dossier = dossier.id WHERE dossier.id = $2 RETURNING id"
    )
    async with transaction() as c:
        return await c.fetchval(sql, new_id(), dossier, crypto.encrypt(b"A023456789", NUMBER), clock.now())


async def one(sql, *given):
    async with connection() as c:
        return await c.fetchval(sql, *given)


def named(app):
    """The routes that name an object by an id."""
    here = [route for route in routes_of(app) if not route.path.startswith(tuple(ELSEWHERE))]
    return [route for route in here if ":uuid}" in route.path and route.path not in BY_ADDRESS]


async def test_nobody_reaches_what_is_somebody_elses(world):
    routes = named(world.app)
    unknown = {name for route in routes for name in re.findall(r"\{(\w+):uuid\}", route.path)} - world.objects.keys()
    assert unknown == set(), "name a real object of this kind in `world`, so that its routes are tried with it"
    reached = [
        f"{route} as {who}: {said}"
        for route in routes
        for who, (slug, cookies) in world.strangers.items()
        if (said := await world.status(route.method, world.address(route, slug), cookies)) not in {401, 403, 404}
        and route.path != ALIKE
    ]
    assert "\n".join(reached) == ""
    assert await world.status("GET", "/account", world.owner) == 200


async def test_the_same_addresses_open_for_whom_they_belong_to(world):
    closed = []
    for route in named(world.app):
        if route.method == "GET" and not route.path.startswith(OF_HELPERS):
            staff = route.path.startswith("/office/")
            said = await world.status("GET", world.address(route, world.slug), world.manager if staff else world.owner)
            if said != 200:
                closed.append(f"{route}: {said}")
    assert "\n".join(closed) == ""
