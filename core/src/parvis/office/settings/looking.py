"""Whose settings somebody looks at: a plugin's that the emitter they act for has enabled, as they are kept now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from msgspec import Struct

from parvis import plugins
from parvis.contract.values import MessageTemplate
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.plugins import Plugin
from parvis.territory import queries as territory
from parvis.territory import settings_history as history
from parvis.territory.queries import EmitterInfo
from parvis.web import i18n

_AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A plugin's settings at an emitter: their class, what is kept, and which version of them that is."""

    emitter: EmitterInfo
    plugin: Plugin
    kind: type[Struct]
    settings: Struct
    version: int
    actor: Actor
    lang: str

    @property
    def base(self) -> str:
        """The address of the plugin's settings."""
        return f"/office/{self.emitter.slug}/settings/{self.plugin.key}"

    @property
    def templates(self) -> list[MessageTemplate]:
        """The messages that these settings change."""
        return [found for found in self.plugin.message_templates if found.settled]


async def look(request: _AnyRequest, slug: str, key: str) -> Here:
    """A plugin's settings at an emitter. Raises NotFound where it is not enabled, or has none."""
    emitter, plugin = await territory.emitter_by_slug(slug), plugins.current()[key]
    if plugin.settings is None or not await territory.is_enabled(key, emitter.id):
        raise NotFound
    # The version first: who publishes in between is seen, not overwritten.
    version = await history.latest_version(key, emitter.id)
    return Here(
        emitter=emitter,
        plugin=plugin,
        kind=plugin.settings,
        settings=await territory.settings_of(key, emitter.id, plugin.settings),
        version=version,
        actor=guards.actor_of(request),
        lang=i18n.language(request),
    )


async def with_settings(emitter: EmitterInfo) -> list[Plugin]:
    """The plugins of an emitter that have settings."""
    found = [plugin for plugin in plugins.current() if plugin.settings is not None]
    return [plugin for plugin in found if await territory.is_enabled(plugin.key, emitter.id)]
