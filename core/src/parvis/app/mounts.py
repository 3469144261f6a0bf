"""Plugins' routes at their places, answering only where an emitter enabled the plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Router

from parvis.errors import NotFound
from parvis.plugins import Plugin, Plugins
from parvis.territory import queries as territory

_BASES = {"emitter": "/e/{emitter:str}", "office": "/office/{emitter:str}", "api": "/api/v1"}


def mounted(installed: Plugins) -> list[Router]:
    """A router for each place of each plugin."""
    return [_mounted(plugin, mount.where, mount.router) for plugin in installed for mount in plugin.routes]


def _mounted(plugin: Plugin, where: str, router: Router) -> Router:
    if where not in _BASES:
        return Router(where, route_handlers=[router])
    # The name a page is called with decides whose it is, so it is asked at use.
    check = _only_where_enabled(plugin.key) if where != "api" else None
    return Router(f"{_BASES[where]}/{plugin.key}", route_handlers=[router], before_request=check)


def _only_where_enabled(plugin: str) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    async def check(request: Request[Any, Any, Any]) -> None:
        emitter = await territory.emitter_by_slug(str(request.path_params["emitter"]))
        if not await territory.is_enabled(plugin, emitter.id):
            raise NotFound

    return check
