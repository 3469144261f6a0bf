"""The guards on a small application, and the matrix that holds every route to its declaration."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from litestar import Litestar, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.contract.values import Permission, Role
from parvis.errors import Text
from parvis.identity import guards
from parvis.identity.actors import powers_of
from parvis.identity.oidc.sign_on import SignOnDown
from parvis.testing.matrix import (
    FOREIGN,
    OWN,
    VISITORS,
    answered,
    expected,
    routes_of,
    undeclared,
    visitor_as,
)

POWERS = powers_of(
    [
        Permission(key="desk.see", name=Text("See"), roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER})),
        Permission(key="desk.book", name=Text("Book"), roles=frozenset({Role.HELPER, Role.AGENT})),
    ]
)


async def known_machine(connection):
    return connection.headers.get("x-token") == "right"


@get("/", guards=[guards.public()], **guards.declared("everyone"))
async def home() -> str:
    return ""


@get("/my", guards=[guards.resident()], **guards.declared("proved", "signed-in"))
async def mine() -> str:
    return ""


@get("/me", guards=[guards.account()], **guards.declared("signed-in"))
async def me() -> str:
    return ""


@post("/office/{emitter:str}/desk", guards=[guards.staff("desk.see")], **guards.declared("reader", "agent", "manager"))
async def desk(emitter: FromPath[str]) -> str:
    return emitter


@get("/help", guards=[guards.territory("desk.book")], **guards.declared("helper"))
async def help_others() -> str:
    return ""


@get("/operator", guards=[guards.operator()], **guards.declared("operator"))
async def operate() -> str:
    return ""


@get("/ants", guards=[guards.machine(known_machine)], **guards.declared("machine"))
async def ants() -> str:
    return ""


ALL = [home, mine, me, desk, help_others, operate, ants]


def an_app(*handlers):
    return Litestar([*handlers], state=State({"powers": POWERS}), openapi_config=None)


async def wrong(app):
    return [
        (str(route), visitor, slug)
        for route in routes_of(app)
        for visitor in VISITORS
        for slug in (OWN, FOREIGN)
        if await answered(app, route, visitor, slug) != expected(route, visitor, slug)
    ]


async def test_every_guard_keeps_its_declaration():
    app = an_app(*ALL)
    assert undeclared(app) == []
    assert await wrong(app) == []


async def test_what_each_family_answers():
    app = an_app(*ALL)
    by_path = {route.path: route for route in routes_of(app)}

    async def at(path, visitor, slug=OWN):
        return await answered(app, by_path[path], visitor, slug)

    staffed = "/office/{emitter:str}/desk"
    assert await at(staffed, "anonymous") == 401
    assert await at(staffed, "proved") == 401
    assert await at(staffed, "resident") == 404
    assert await at(staffed, "operator") == 404
    assert await at(staffed, "agent") == 200
    assert await at(staffed, "agent", FOREIGN) == 404
    assert await at(staffed, "accountant") == 403
    assert await at("/my", "proved") == 200
    assert await at("/me", "proved") == 401
    assert await at("/help", "agent") == 403
    assert await at("/operator", "manager") == 403
    assert await at("/ants", "operator") == 401


async def test_a_declaration_that_is_too_wide_or_too_narrow_is_seen():
    for who in (("reader", "agent"), ("reader", "agent", "manager", "accountant")):
        lying = post("/office/{emitter:str}/x", guards=[guards.staff("desk.see")], **guards.declared(*who))(desk.fn)
        assert await wrong(an_app(lying))


def test_a_route_without_declaration_guard_permission_or_emitter_is_named():
    @get("/bare")
    async def bare() -> str:
        return ""

    @get("/silent", guards=[guards.public()])
    async def silent() -> str:
        return ""

    @get("/twice", guards=[guards.public(), guards.account()], **guards.declared("everyone"))
    async def twice() -> str:
        return ""

    @get("/office/{emitter:str}/odd", guards=[guards.staff("desk.odd")], **guards.declared("agent"))
    async def odd(emitter: FromPath[str]) -> str:
        return ""

    @get("/nowhere", guards=[guards.staff("desk.see")], **guards.declared("agent"))
    async def nowhere() -> str:
        return ""

    faults = undeclared(an_app(bare, silent, twice, odd, nowhere, home))
    told = "\n".join(faults)
    for word in (
        "GET /bare: 0 guards",
        "GET /silent: nothing declared",
        "GET /twice: 2 guards",
        "desk.odd",
        "/nowhere",
    ):
        assert word in told
    assert "GET /:" not in told


def test_a_declaration_names_people_that_exist():
    with pytest.raises(ValueError, match="mayor"):
        guards.declared("mayor")
    with pytest.raises(ValueError, match="nobody"):
        guards.declared("")


async def test_a_machine_is_known_by_its_own_proof():
    class Connection:
        headers = {"x-token": "right"}
        scope = {}

    await guards.machine(known_machine)(Connection(), None)


async def test_staff_change_nothing_while_the_sign_on_is_silent():
    app = an_app(*ALL)
    (route,) = [route for route in routes_of(app) if route.path.startswith("/office")]

    async def said(method, silent):
        actor = replace(visitor_as("agent", POWERS), sign_on_silent=silent)
        connection = SimpleNamespace(scope={"user": actor, "method": method}, path_params={"emitter": OWN})
        return await route.guards[0](connection, route.handler)

    for method, silent in (("GET", True), ("POST", False)):
        assert await said(method, silent) is None
    with pytest.raises(SignOnDown):
        await said("POST", True)
