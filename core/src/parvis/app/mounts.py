"""Plugins' routes at their places, answering only where an emitter enabled the plugin, or everywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Router

from parvis.contract.values import Mount
from parvis.errors import NotFound
from parvis.plugins import Plugin, Plugins
from parvis.territory import queries as territory

_BASES = {"emitter": "/e/{emitter:str}", "office": "/office/{emitter:str}", "api": "/api/v1"}


def mounted(installed: Plugins) -> list[Router]:
    """A router for each place of each plugin."""
    return [_mounted(plugin, mount) for plugin in installed for mount in plugin.routes]


def _mounted(plugin: Plugin, mount: Mount) -> Router:
    if mount.where not in _BASES:
        return Router(mount.where, route_handlers=[mount.router])
    # The name a page is called with decides whose it is, so it is asked at use.
    check = None if mount.everywhere or mount.where == "api" else _only_where_enabled(plugin.key)
    return Router(f"{_BASES[mount.where]}/{plugin.key}", route_handlers=[mount.router], before_request=check)


def _only_where_enabled(plugin: str) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    async def check(request: Request[Any, Any, Any]) -> None:
        emitter = await territory.emitter_by_slug(str(request.path_params["emitter"]))
        if not await territory.is_enabled(plugin, emitter.id):
            raise NotFound

    return check
