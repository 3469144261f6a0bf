"""Every route that names an object × every kind of visitor: a real one of somebody else's is as if there were none.

The objects belong to a town hall where the visitors have no role, and to a resident who is none of them; each is tried
with another's address, and below what is the visitor's own. What keeps the test honest: each address opens for whoever
it belongs to, and where the question whose it is says yes to everybody, every route is found.
"""

import re
from dataclasses import replace

import pytest
from tests.plugins.idcard.world import World, a_world

from parvis import plugins, settings
from parvis.app import create
from parvis.dossiers import queries as dossiers
from parvis.identity.actors import Actor
from parvis.office.tills.looking import Here
from parvis.territory import queries as territory
from parvis.testing.matrix import RouteUnderTest, routes_of

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
# Operators are strangers to nothing on the instance's own pages; that nobody else gets there is the guard's.
OPERATORS = "/operator/"


@pytest.fixture
async def world(database):
    app, before = create(replace(settings.current())), plugins.current()
    yield await a_world(app)
    plugins.use(before)


def named(world: World) -> list[RouteUnderTest]:
    """The routes that name an object by an id."""
    return [route for route in routes_of(world.app) if ":uuid}" in route.path and route.path not in BY_ADDRESS]


async def reached(world: World, routes: list[RouteUnderTest]):
    """Each address at which a stranger comes to an object, and how."""
    for route in routes:
        for who, visitor in world.strangers.items():
            if who == "operator" and route.path.startswith(OPERATORS):
                continue
            for address in world.of_stranger(route, visitor):
                if (said := await world.reaches(visitor, address)) is not None:
                    yield f"{address} as {who}: {said}"


async def test_nobody_reaches_what_is_somebody_elses(world):
    routes = named(world)
    unknown = {name for route in routes for name in re.findall(r"\{(\w+):uuid\}", route.path)} - world.objects.keys()
    assert unknown == set(), "make a real object of this kind in `possessions`, so that its routes are tried with it"
    assert "\n".join([line async for line in reached(world, routes)]) == ""


async def test_the_same_addresses_open_for_whom_they_belong_to(world):
    closed = [
        str(address)
        for route in named(world)
        if await world.reaches(world.owner(route), address := world.of_owner(route)) is None
    ]
    assert "\n".join(closed) == ""


def emitter_forgotten(patched, owner):
    """Objects are compared with the emitter that they belong to, whichever the address names."""
    ask = territory.emitter_by_slug

    async def theirs(slug):
        return replace(await ask(owner.slug), slug=slug)

    patched.setattr(territory, "emitter_by_slug", theirs)


def account_forgotten(patched, owner):
    """Everybody has what is the owner's."""
    patched.setattr(Actor, "account", property(lambda _: owner.person))
    patched.setattr(Actor, "owns", lambda *_: True)


def seat_forgotten(patched, _):
    """Everybody booked everything."""
    patched.setattr(dossiers, "one_opened_by", lambda dossier, _: dossiers.dossier(dossier))


def drawer_forgotten(patched, owner):
    """Everybody stands at the owner's drawer."""
    emitter_forgotten(patched, owner)
    patched.setattr(Here, "by", property(lambda _: owner.person))


FORGOTTEN = {
    "/office/{emitter:str}/counter/": drawer_forgotten,
    "/office/": emitter_forgotten,
    "/helping/": seat_forgotten,
    "/": account_forgotten,
}


async def test_a_route_that_no_longer_asks_whose_it_is_is_found(world, monkeypatch):
    missed = []
    for route in named(world):
        if route.path.startswith(OPERATORS):
            continue
        forget = next(forget for start, forget in FORGOTTEN.items() if route.path.startswith(start))
        with monkeypatch.context() as patched:
            forget(patched, world.owner(route))
            if not [line async for line in reached(world, [route])]:
                missed.append(str(route))
    assert "\n".join(missed) == ""
