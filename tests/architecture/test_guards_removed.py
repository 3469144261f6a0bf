"""The matrix of routes notices every guard that is removed, or that says less than it did.

The list is made from the routes: a new route, or one whose guard changes, is in it by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from parvis import settings
from parvis.app import create
from parvis.identity import guards
from parvis.identity.guards import Guard
from parvis.testing.matrix import FOREIGN, OWN, VISITORS, RouteUnderTest, answered, expected, routes_of


@dataclass(frozen=True, slots=True)
class Weakened(RouteUnderTest):
    """A route with another guard than its own."""

    guard: Guard

    @property
    def guards(self) -> list[Guard]:
        return [self.guard]


async def anybody(_, __):
    """What is left of a guard that was removed."""


def of_any_emitter(guard):
    """Staff of one emitter let in at every other: what a forgotten comparison of slugs would do."""

    async def check(connection, actor):
        await guards.account().check(connection, actor)
        guards.allow(connection, actor, actor.may(guard.permission))

    return replace(guard, check=check)


def strangers_told(guard):
    """Somebody foreign to the emitter hears that there is something: 403 instead of 404."""

    async def check(connection, actor):
        await guards.account().check(connection, actor)
        guards.allow(connection, actor, actor.may(guard.permission, str(connection.path_params["emitter"])))

    return replace(guard, check=check)


def weaker(guard):
    """The guards that let more through than this one, each with what was done to it."""
    if guard.family == "public":
        return
    yield "removed", replace(guard, check=anybody)
    yield "public", guards.public()
    if guard.family in {"account", "staff", "territory", "operator"}:
        yield "a proved contact is enough", guards.resident()
    if guard.family in {"staff", "territory", "operator"}:
        yield "an account is enough", guards.account()
    if guard.family == "staff":
        yield "of any emitter", of_any_emitter(guard)
        yield "strangers told", strangers_told(guard)
    if guard.family == "territory":
        yield "of any emitter", of_any_emitter(guard)


def weakened(app) -> Iterator[tuple[str, Weakened]]:
    for route in routes_of(app):
        for guard in route.guards:
            for what, less in weaker(guard):
                yield what, Weakened(route.path, route.method, route.handler, less)


async def noticed(app, route):
    """Whether the matrix finds a difference between what the route declares and whom it lets in."""
    for visitor in VISITORS:
        for slug in (FOREIGN, OWN):
            if await answered(app, route, visitor, slug) != expected(route, visitor, slug):
                return True
    return False


@pytest.fixture
def app(database):
    return create(replace(settings.current()))


async def test_every_guard_that_lets_more_through_is_noticed(app):
    tried = list(weakened(app))
    assert [f"{route}: {what}" for what, route in tried if not await noticed(app, route)] == []
    assert {what for what, _ in tried} >= {"removed", "an account is enough", "of any emitter", "strangers told"}
    # The routes behind a guard are most of them; where they are all public, something else is wrong.
    assert len({str(route) for _, route in tried}) > 50


async def test_the_routes_as_they_are_are_left_alone(app):
    own = [Weakened(one.path, one.method, one.handler, one.guards[0]) for one in routes_of(app) if one.guards]
    assert [str(route) for route in own if await noticed(app, route)] == []


@pytest.mark.parametrize("name", ["allow", "_signed_in"])
async def test_a_check_that_guards_share_is_noticed_when_it_is_gone(app, monkeypatch, name):
    monkeypatch.setattr(guards, name, anybody if name == "_signed_in" else lambda *_: None)
    every = {"reader", "agent", "manager", "accountant"}
    staff = [route for route in routes_of(app) if route.guards and route.guards[0].family == "staff"]
    # Where every role at an emitter is let in, its permission keeps nobody out.
    narrow = [route for route in staff if name == "_signed_in" or not route.admits >= every]
    assert len(narrow) > 50
    assert [str(route) for route in narrow if not await noticed(app, route)] == []
