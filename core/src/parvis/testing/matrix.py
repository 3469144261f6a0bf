"""Who gets in where: every route of an application, asked as every kind of visitor, at their own emitter and at
a foreign one. Plugin authors run it on an application of their own routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from parvis import clock
from parvis.contract.values import Channel, Role
from parvis.errors import ParvisError
from parvis.identity.actors import ANONYMOUS, Actor, Grant, Powers, Proof
from parvis.identity.guards import Guard

VISITORS = ("anonymous", "proved", "resident", *(role.value for role in Role))
OWN, FOREIGN = "own-emitter", "foreign-emitter"
_AT_AN_EMITTER = frozenset({Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT})
_SAMPLES = {"uuid": str(UUID(int=7)), "int": "1", "date": "2027-01-04", "float": "1.5", "path": "x"}


@dataclass(frozen=True, slots=True)
class RouteUnderTest:
    """One address with one method, and the handler that answers it."""

    path: str
    method: str
    handler: HTTPRouteHandler

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def guards(self) -> list[Guard]:
        """Its guards; there should be one."""
        return [guard for guard in self.handler.resolve_guards() if isinstance(guard, Guard)]

    @property
    def admits(self) -> frozenset[str] | None:
        """Whom it declares to let in; None if it declares nothing."""
        if self.handler.opt.get("public") is True:
            return frozenset(VISITORS)
        return self.handler.opt.get("admits")

    def address(self, slug: str) -> str:
        """The path with sample values, at the emitter of that slug."""
        return re.sub(r"\{(\w+):(\w+)\}", lambda found: _sample(found[1], found[2], slug), self.path)


def routes_of(app: Litestar) -> list[RouteUnderTest]:
    """Every route of an application, without the OPTIONS that Litestar adds."""
    return [
        RouteUnderTest(route.path, method, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"})
    ]


def undeclared(app: Litestar) -> list[str]:
    """What is wrong with the declarations, a line each: no guard, two guards, nothing declared, an unknown
    permission, a staff route without an emitter in its path."""
    return [line for route in routes_of(app) for line in _faults(route, app.state.get("powers", {}))]


def expected(route: RouteUnderTest, visitor: str, slug: str) -> int:
    """The status a visitor is owed at an address: 200 for being let in, else 401, 403 or 404."""
    family = route.guards[0].family if route.guards else "public"
    if family == "machine":
        return 401
    strangers = slug == FOREIGN or visitor not in {role.value for role in _AT_AN_EMITTER}
    if family == "staff" and visitor not in {"anonymous", "proved"} and strangers:
        return 404
    if visitor in (route.admits or ()):
        return 200
    return 401 if visitor == "anonymous" or (visitor == "proved" and family != "resident") else 403


async def answered(app: Litestar, route: RouteUnderTest, visitor: str, slug: str) -> int:
    """What the route's guards say to a visitor: 200, or the status of their refusal."""
    values = {name: _sample(name, kind, slug) for name, kind in re.findall(r"\{(\w+):(\w+)\}", route.path)}
    scope: dict[str, Any] = {
        "type": "http",
        "method": route.method,
        "path": route.address(slug),
        "path_params": values,
        "headers": [],
        "query_string": b"",
        "state": {},
        "litestar_app": app,
        "app": app,
        "user": visitor_as(visitor, app.state.get("powers", {})),
    }
    try:
        for guard in route.guards:
            await guard(ASGIConnection(scope), route.handler)  # type: ignore[arg-type]
    except ParvisError as refusal:
        return refusal.status
    return 200


def visitor_as(visitor: str, powers: Powers) -> Actor:
    """The actor that a visitor of the matrix is; staff have their role at `own-emitter`."""
    if visitor == "anonymous":
        return ANONYMOUS
    if visitor == "proved":
        proof = Proof(uuid4(), Channel.MAIL, b"", clock.now() + timedelta(hours=1))
        return Actor(session=uuid4(), proofs=(proof,), powers=powers)
    if visitor == "resident":
        return Actor(person=uuid4(), session=uuid4(), powers=powers)
    role = Role(visitor)
    grant = Grant(role, uuid4(), OWN, "Own") if role in _AT_AN_EMITTER else Grant(role)
    return Actor(person=uuid4(), session=uuid4(), grants=(grant,), powers=powers)


def _faults(route: RouteUnderTest, powers: Powers) -> Iterator[str]:
    if route.handler.opt.get("public") is True and not route.guards:
        return
    if len(route.guards) != 1 or len(route.handler.resolve_guards()) != 1:
        yield f"{route}: {len(route.guards)} guards, where there must be one"
        return
    guard = route.guards[0]
    if route.admits is None:
        yield f"{route}: nothing declared; add **guards.declared(…)"
    if guard.permission and guard.permission not in powers:
        yield f"{route}: nobody declared the permission {guard.permission}"
    if guard.family == "staff" and "{emitter:str}" not in route.path:
        yield f"{route}: staff of which emitter? The path has no {{emitter:str}}"


def _sample(name: str, kind: str, slug: str) -> str:
    return slug if name == "emitter" else _SAMPLES.get(kind, "x")
