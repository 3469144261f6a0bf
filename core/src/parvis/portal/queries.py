"""What the home pages list."""

from __future__ import annotations

from dataclasses import dataclass

from parvis import plugins
from parvis.errors import Text
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as an emitter offers it."""

    name: Text
    summary: Text
    url: str


async def offers(emitter: EmitterInfo) -> list[Offer]:
    """The services that an emitter has published, of the plugins it enabled."""
    published = await territory.published(emitter.id)
    return [
        Offer(service.name, service.summary, f"/e/{emitter.slug}/{plugin.key}{service.first_page.rstrip('/')}")
        for plugin in plugins.current()
        for service in plugin.services
        if service.key in published and await territory.is_enabled(plugin.key, emitter.id)
    ]


async def publishing() -> set[str]:
    """The slugs of the emitters that have published any service."""
    services = [service.key for plugin in plugins.current() for service in plugin.services]
    return {emitter.slug for service in services for emitter in await territory.publishers(service)}
