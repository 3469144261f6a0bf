"""The installed plugins and what they bring: frozen, made once at start by `loading.load`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from click import Command
from msgspec import Struct
from piccolo.conf.apps import AppConfig

from parvis.contract.values import (
    Demo,
    Manifest,
    MessageTemplate,
    Mount,
    NavEntry,
    PaymentProvider,
    Permission,
    PersonalData,
    Reaction,
    Service,
)
from parvis.db.migrations import apps_under
from parvis.errors import ConfigurationError, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a plugin comes from: its key by its entry point, the module of its hooks, its distribution."""

    key: str
    module: str
    distribution: str
    version: str

    @property
    def package(self) -> str:
        """The package that has its templates, catalogues, tables and migrations."""
        return self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class PluginRefused:
    """A mistake that keeps a plugin out; its text is one line that says what to mend."""

    origin: Origin
    mistake: str

    def __str__(self) -> str:
        return f"plugin {self.origin.key} ({self.origin.distribution} {self.origin.version}): {self.mistake}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin and everything its hooks gave."""

    origin: Origin
    folder: Path
    manifest: Manifest
    settings: type[Struct] | None = None
    environment: type | None = None
    services: tuple[Service, ...] = ()
    routes: tuple[Mount, ...] = ()
    permissions: tuple[Permission, ...] = ()
    nav_entries: tuple[NavEntry, ...] = ()
    message_templates: tuple[MessageTemplate, ...] = ()
    commands: tuple[Command, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    payment_providers: tuple[PaymentProvider, ...] = ()
    demo: Demo | None = None
    app: AppConfig | None = None

    @property
    def key(self) -> str:
        """The plugin's key."""
        return self.origin.key


@dataclass(frozen=True, slots=True)
class Plugins:
    """The plugins of an instance by key, and those it refused. Iterating gives the plugins by key."""

    by_key: Mapping[str, Plugin]
    refused: tuple[PluginRefused, ...] = ()

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self.by_key.values())

    def __getitem__(self, key: str) -> Plugin:
        if key not in self.by_key:
            raise NotFound
        return self.by_key[key]

    def service(self, key: str) -> tuple[Plugin, Service]:
        """A service and the plugin that brings it. Raises NotFound."""
        for plugin in self:
            for service in plugin.services:
                if service.key == key:
                    return plugin, service
        raise NotFound

    def payment_provider(self, key: str) -> tuple[Plugin, PaymentProvider]:
        """A way to pay and the plugin that brings it. Raises NotFound."""
        for plugin in self:
            for provider in plugin.payment_providers:
                if provider.key == key:
                    return plugin, provider
        raise NotFound

    def permissions(self) -> tuple[Permission, ...]:
        """Every plugin's permissions, as `identity` takes them."""
        return tuple(permission for plugin in self for permission in plugin.permissions)

    def reactions(self) -> dict[str, tuple[Reaction, ...]]:
        """Every plugin's reactions by its key, as the outbox takes them."""
        return {plugin.key: plugin.reactions for plugin in self if plugin.reactions}

    def apps(self) -> list[AppConfig]:
        """Every plugin's Piccolo app, as migrating takes them."""
        return [plugin.app for plugin in self if plugin.app]

    def every_app(self) -> list[AppConfig]:
        """The core's Piccolo apps and these plugins', for bringing a database up to date."""
        return [*apps_under("parvis"), *self.apps()]

    def folders(self) -> list[Path]:
        """Every plugin's package folder, where `web` finds templates, catalogues and static files."""
        return [plugin.folder for plugin in self]

    def accepted(self, skip_refused: bool) -> Plugins:
        """These plugins; raises ConfigurationError with a line for each mistake unless the operator skips them."""
        if self.refused and not skip_refused:
            raise ConfigurationError("\n".join([*map(str, self.refused), _ADVICE]))
        return self


_ADVICE = "Mend or remove what is refused; PARVIS_SKIP_REFUSED_PLUGINS=on starts the instance without it."
_current: list[Plugins] = []


def use(plugins: Plugins) -> None:
    """Make `plugins` the process's own; a composition root calls it once, tests as they like."""
    _current[:] = [plugins]


def current() -> Plugins:
    """The plugins this process serves. Raises ConfigurationError before `use` was called."""
    if not _current:
        raise ConfigurationError("Plugins were asked for before the process loaded them.")
    return _current[-1]


def of(plugins: Iterable[Plugin]) -> Plugins:
    """A registry of just these plugins, for tests."""
    return Plugins({plugin.key: plugin for plugin in sorted(plugins, key=lambda plugin: plugin.key)})
