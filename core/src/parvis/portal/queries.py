"""What the home pages list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parvis import plugins
from parvis.contract.values import Service
from parvis.errors import Text
from parvis.plugins import Plugin
from parvis.territory import queries as territory
from parvis.territory.publishing import queries as publishing_queries
from parvis.territory.publishing.queries import OfferInfo
from parvis.territory.queries import EmitterInfo


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as an emitter offers it; `about` is what a contract holder says of it, by language.

    `open` is false while it is suspended.
    """

    name: Text
    summary: Text
    url: str
    about: Mapping[str, str] = field(default_factory=dict)
    open: bool = True


async def offers(emitter: EmitterInfo) -> list[Offer]:
    """The services that an emitter has published, of the plugins it enabled, and those it has suspended."""
    published = await territory.published(emitter.id)
    contracted = {offer.service: offer for offer in await publishing_queries.shown(emitter.id)}
    return [
        _offer(emitter, plugin, service, contracted.get(service.key), service.key in published)
        for plugin in plugins.current()
        for service in plugin.services
        if service.key in published | contracted.keys() and await territory.is_enabled(plugin.key, emitter.id)
    ]


def _offer(emitter: EmitterInfo, plugin: Plugin, service: Service, said: OfferInfo | None, live: bool) -> Offer:
    url = f"/e/{emitter.slug}/{plugin.key}{service.first_page.rstrip('/')}"
    about = said.published.about if said and said.published else {}
    return Offer(service.name, service.summary, url, about, live)


async def publishing() -> set[str]:
    """The slugs of the emitters that have published any service."""
    services = [service.key for plugin in plugins.current() for service in plugin.services]
    return {emitter.slug for service in services for emitter in await territory.publishers(service)}
