"""The guards: every route has exactly one, and declares beside it whom it lets in.

    @get("/office/{emitter:str}/today", guards=[guards.staff("office.today")], **guards.declared("agent", "manager"))
    @get("/office/{emitter:str}/today", **guards.page(guards.staff("office.today"), "agent", "manager"))

The declaration is written by hand and checked by a generated test of every route, role and emitter, so that a
change of a permission's roles shows up as a failing test. Anonymous visitors are led to the sign-in; somebody
foreign to the emitter of the address gets 404, as if there were nothing; a role without the permission 403. Who works
for an emitter, or for the instance, is led to their second factor before anything else is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from parvis.contract.values import Role
from parvis.errors import Forbidden, NotFound, NotSignedIn, Text
from parvis.identity.actors import ANONYMOUS, Actor
from parvis.identity.oidc.sign_on import SignOnDown

Connection = ASGIConnection[Any, Any, Any, Any]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_GROUPS = {
    "signed-in": frozenset({"resident", *Role}),
    "everyone": frozenset({"anonymous", "proved", "resident", *Role}),
}


class SecondFactorMissing(NotSignedIn):
    """A role that counts only once a second factor is given, at the emitter of this slug or at the instance (None)."""

    code = "second-factor-missing"
    title = Text("A second factor is asked for here. Please confirm that it is you.")

    def __init__(self, slug: str | None = None) -> None:
        super().__init__()
        self.slug = slug


class ActsForSomebody(Forbidden):
    """Whoever acts as a proxy reaches neither an account's pages nor a back office meanwhile."""

    code = "acts-for-somebody"
    title = Text("This is not possible while you act for somebody else.")


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard of a route; `family` and `permission` let the matrix test and `parvis check` read it."""

    family: str
    check: Callable[[Connection, Actor], Awaitable[None]]
    permission: str | None = None

    async def __call__(self, connection: Connection, _: BaseRouteHandler) -> None:
        """Let the request through, or raise NotSignedIn, Forbidden or NotFound."""
        await self.check(connection, actor_of(connection))


def actor_of(connection: Connection) -> Actor:
    """Who makes this request."""
    actor = connection.scope.get("user")
    return actor if isinstance(actor, Actor) else ANONYMOUS


def public() -> Guard:
    """Everyone."""
    return Guard("public", _anyone)


def resident() -> Guard:
    """Somebody signed in, or with a contact proved in this session."""
    return Guard("resident", _known)


def account() -> Guard:
    """Somebody signed in, who acts for nobody else at the moment."""
    return Guard("account", _themselves)


def proxy() -> Guard:
    """Somebody signed in, also while they act for somebody else."""
    return Guard("account", _signed_in)


def staff(permission: str) -> Guard:
    """Staff with `permission` at the emitter whose slug is `emitter` in the path."""

    async def check(connection: Connection, actor: Actor) -> None:
        await _themselves(connection, actor)
        slug = str(connection.path_params["emitter"])
        if not actor.roles_at(slug):
            raise NotFound
        require_factor(actor, slug)
        allow(connection, actor, actor.may(permission, slug))

    return Guard("staff", check, permission)


def territory(permission: str) -> Guard:
    """Somebody whose role on the territory (a helper) has `permission`."""

    async def check(connection: Connection, actor: Actor) -> None:
        await _themselves(connection, actor)
        allow(connection, actor, actor.may_on_territory(permission))

    return Guard("territory", check, permission)


def operator() -> Guard:
    """The instance's operators."""
    return Guard("operator", _operates)


def machine(known: Callable[[Connection], Awaitable[bool]]) -> Guard:
    """Another system, which `known` recognises by what its protocol sends. People are not let in."""

    async def check(connection: Connection, _: Actor) -> None:
        if not await known(connection):
            raise NotSignedIn

    return Guard("machine", check)


def declared(*who: str, **opt: Any) -> dict[str, Any]:
    """Whom a route lets in: `everyone`, `signed-in`, `anonymous`, `proved`, `resident`, `machine`, or roles.

    Other options of the route go with it, e.g. `cross_site=True`. Raises ValueError for a word it does not know.
    """
    admitted: set[str] = set()
    for name in who:
        if name not in _GROUPS and name not in _GROUPS["everyone"] | {"machine"}:
            raise ValueError(f"{name!r} is nobody a route can admit")
        admitted |= _GROUPS.get(name, {name})
    return {"opt": {"admits": frozenset(str(name) for name in admitted), **opt}}


def page(guard: Guard, *who: str, **more: Any) -> dict[str, Any]:
    """What a page's handler is given: its guard and who is expected to be let in; it is no part of the API."""
    return {"guards": [guard], "include_in_schema": False, **declared(*who), **more}


def require_factor(actor: Actor, slug: str | None = None) -> None:
    """Raise SecondFactorMissing unless their roles at an emitter, or at none, count already."""
    if not actor.is_confirmed(slug):
        raise SecondFactorMissing(slug)


def allow(connection: Connection, actor: Actor, allowed: bool) -> None:
    """Let staff and helpers through who are allowed, to write only while the sign-on confirms their account.

    Raises Forbidden, SignOnDown.
    """
    if not allowed:
        raise Forbidden
    if actor.sign_on_silent and connection.scope.get("method") not in _SAFE:
        raise SignOnDown


def may_act(connection: Connection, service: str) -> None:
    """Let everybody through but a proxy whose mandate does not cover a service, or is over. Raises Forbidden."""
    behalf = actor_of(connection).behalf
    if behalf is None or service in behalf.services:
        return
    if behalf.services:
        raise Forbidden(Text("You act for {name}, and may not do so in this service.", {"name": behalf.name}))
    raise Forbidden(Text("You may no longer act for this person: the right has ended."))


async def _anyone(_: Connection, __: Actor) -> None:
    """Nothing to check."""


async def _known(_: Connection, actor: Actor) -> None:
    if actor.person is None and not actor.proofs:
        raise NotSignedIn


async def _signed_in(_: Connection, actor: Actor) -> None:
    if actor.person is None:
        raise NotSignedIn


async def _themselves(connection: Connection, actor: Actor) -> None:
    await _signed_in(connection, actor)
    if actor.behalf:
        raise ActsForSomebody


async def _operates(connection: Connection, actor: Actor) -> None:
    await _themselves(connection, actor)
    if actor.has(Role.OPERATOR):
        require_factor(actor)
    allow(connection, actor, actor.has(Role.OPERATOR))
