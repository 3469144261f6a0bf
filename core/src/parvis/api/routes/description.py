"""The API described: for programs as OpenAPI 3.1, for people as a page that loads nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get, route

from parvis import plugins, settings
from parvis.api.openapi import document
from parvis.identity import guards
from parvis.web.pages import render

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")


@get("/api/v1/openapi.json", **_PUBLIC)
async def openapi(request: _AnyRequest) -> Response[bytes]:
    """The description for programs; scripts of any site may read it."""
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return Response(msgspec.json.encode(_document(request.app)), media_type="application/json", headers=headers)


@get("/api/v1/docs", **_PUBLIC)
async def docs(request: _AnyRequest) -> Response[Any]:
    """The description for people."""
    described = _document(request.app)
    told = [told for methods in described["paths"].values() for told in methods.values()]
    tags = list(dict.fromkeys(tag for operation in told for tag in operation["tags"]))
    return render(request, "api/docs.html", described=described, tags=tags, pretty=_pretty, plain=_plain)


@route(
    ["/api/v1/holds/{hold_id:uuid}", "/api/v1/bookings/{booking_id:uuid}"],
    http_method="OPTIONS",
    status_code=204,
    **_PUBLIC,
)
async def methods() -> Response[None]:
    """What these addresses take: Litestar's own answer forgets all methods but the first one registered."""
    return Response(None, status_code=204, headers={"Allow": "DELETE, GET, OPTIONS"})


@lru_cache(maxsize=4)
def _document(app: Litestar) -> dict[str, Any]:
    services = [service for plugin in plugins.current() for service in plugin.services]
    return document(app, services, settings.current().base_url)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()
