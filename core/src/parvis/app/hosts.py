"""Host names: the portal's own, those of emitters, and any other, which is told that nothing is there.

Under an emitter's host name its public pages answer in its look. What needs to know who one is (sign-in, one's own
requests, the back office) happens under the portal's host name alone: there is one redirect address, one session.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from litestar.response.redirect import ASGIRedirectResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from parvis import settings
from parvis.errors import ParvisError, Text
from parvis.identity.guards import Guard
from parvis.territory import hosts
from parvis.web import houses
from parvis.web.rules import local_path

_PERSONAL = frozenset({"resident", "account", "staff", "territory", "operator"})
_SIGN_IN = ("/login", "/logout")
_SAFE = frozenset({"GET", "HEAD"})
_HEALTH = "/health/"


class Misdirected(ParvisError):
    """The host name is no emitter's, or this is done under the portal's own."""

    status = 421
    code = "misdirected"
    title = Text("There is no portal at this address.")


def by_host(app: ASGIApp) -> ASGIApp:
    """A middleware that tells under whose host name a request came. Raises Misdirected."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        now, host = settings.current(), _host(scope)
        if host == urlsplit(now.base_url).netloc or str(scope["path"]).startswith(_HEALTH):
            return await app(scope, receive, send)
        slug = await hosts.emitter_at(host.partition(":")[0])
        if slug is not None:
            houses.enter(scope, slug)
            if _is_personal(scope):
                return await _at_the_portal(scope, slug)(scope, receive, send)
        elif now.public_url:
            raise Misdirected
        return await app(scope, receive, send)

    return handle


def _host(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(b"host", b"").decode("latin-1").lower()


def _is_personal(scope: Scope) -> bool:
    guards = scope["route_handler"].resolve_guards()
    families = {guard.family for guard in guards if isinstance(guard, Guard)}
    return bool(families & _PERSONAL) or str(scope["path"]).startswith(_SIGN_IN)


def _at_the_portal(scope: Scope, slug: str) -> ASGIApp:
    """The same address under the portal's host name; whoever signs in comes back to the emitter's pages there."""
    if str(scope.get("method", "GET")) not in _SAFE:
        raise Misdirected
    path, query = quote(str(scope["path"])), scope["query_string"].decode("latin-1")
    if path == "/login":
        after = local_path(parse_qs(query).get("next", [""])[0])
        query = f"next={quote(f'/e/{slug}' if after == '/' else after)}"
    target = f"{settings.current().base_url}{path}" + (f"?{query}" if query else "")
    answer: Any = ASGIRedirectResponse(path=target, status_code=303, headers={"Cache-Control": "no-store"})
    return answer  # type: ignore[no-any-return]
