"""What every process of an instance shares: settings, keys, plugins, reactions, and the frame of its pages."""

from __future__ import annotations

import os

from parvis import clock, crypto, logging, plugins, settings
from parvis.app.frames import frame_of
from parvis.app.parts import REACTIONS
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.access import GROUPS_PREFIX, GroupsAccess
from parvis.outbox import subscriptions
from parvis.plugins import Plugins
from parvis.settings import Settings
from parvis.territory import queries as territory
from parvis.web import folders, pages


def assemble(ready: Settings | None = None, found: Plugins | None = None) -> Plugins:
    """Set this process up from its environment and return its plugins.

    `found` are the installed plugins where they have been read already.

    Raises ConfigurationError, a line for each refused plugin.
    """
    ready = ready or Settings.from_env(os.environ)
    if not ready.database_url:
        raise ConfigurationError("PARVIS_DATABASE_URL is missing: `parvis serve` sets it for the embedded database.")
    settings.use(ready)
    logging.configure(ready)
    crypto.use(crypto.load_keys(ready))
    clock.follow(None if ready.env == "production" else ready.data / "clock")
    settings.provide(settings.read(GroupsAccess, os.environ, GROUPS_PREFIX))
    installed = (found or plugins.load()).accepted(ready.skip_refused_plugins)
    plugins.use(installed)
    for plugin in installed:
        if plugin.environment:
            settings.provide(settings.read(plugin.environment, os.environ, settings.prefix_of(plugin.key)))
    folders.use(installed.folders())
    pages.provide_frame(frame_of)
    subscriptions.use(subscriptions.Subscriptions(REACTIONS, installed.reactions(), is_enabled=territory.is_enabled))
    return installed
