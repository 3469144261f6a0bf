"""`parvis check`: is this configuration one that an instance can run with? Every mistake at once, in a line each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import asyncpg
from jinja2 import TemplateError

from parvis import clock, crypto
from parvis import settings as instance
from parvis.db import close_pool, open_pool
from parvis.db.embedded import provided
from parvis.db.migrations import require_current_schema
from parvis.dossiers import queries as dossiers
from parvis.errors import ConfigurationError, ParvisError
from parvis.identity.keycloak.access import GROUPS_PREFIX, PREFIX, Access, GroupsAccess
from parvis.plugins import Plugins, load
from parvis.settings import Settings
from parvis.territory import queries
from parvis.web import catalogues, folders, rendering

_FILE = re.compile(r"(.+)_FILE$")


def mistakes(environ: Mapping[str, str]) -> list[str]:
    """One line for each thing the operator has to mend; none on a sound configuration."""
    plugins = load()
    told = [*_unknown(environ, plugins), *_unreadable(environ, plugins)]
    try:
        settings = Settings.from_env(environ)
    except ConfigurationError as error:
        return [*told, str(error)]
    instance.use(settings)
    told += map(str, plugins.refused)
    told += _tried(lambda: _keys(settings))
    told += _templates(plugins)
    return [*told, *_tried(lambda: _database(settings, plugins))]


def _unknown(environ: Mapping[str, str], plugins: Plugins) -> Iterator[str]:
    kinds: list[tuple[Any, str]] = [
        (Settings, "PARVIS_"),
        (Access, PREFIX),
        (GroupsAccess, GROUPS_PREFIX),
    ]
    kinds += [(kind, instance.prefix_of(key)) for key, kind in _environments(plugins)]
    known = {f"{prefix}{setting.name.upper()}" for kind, prefix in kinds for setting in fields(kind)}
    for name in sorted(environ):
        if name.startswith("PARVIS_") and name not in known and _FILE.sub(r"\1", name) not in known:
            yield f"{name} is no setting of Parvis: see docs/reference/settings.md."


def _unreadable(environ: Mapping[str, str], plugins: Plugins) -> Iterator[str]:
    for key, kind in _environments(plugins):
        try:
            instance.read(kind, environ, instance.prefix_of(key))
        except ConfigurationError as error:
            yield str(error)


def _environments(plugins: Plugins) -> list[tuple[str, Any]]:
    return [(plugin.key, plugin.environment) for plugin in plugins if plugin.environment]


def _keys(settings: Settings) -> list[str]:
    crypto.use(crypto.load_keys(settings))
    token = crypto.sign("check", "check", clock.now() + timedelta(minutes=1))
    crypto.verify(token, "check", clock.now())
    return []


def _templates(plugins: Plugins) -> Iterator[str]:
    folders.use(plugins.folders())
    environment = rendering.environment("en")
    for name in environment.list_templates():
        try:
            environment.get_template(name)
        except TemplateError as error:
            yield f"template {name}: {error}"
    for folder in folders.everything():
        yield from catalogues.check(folder)


def _database(settings: Settings, plugins: Plugins) -> list[str]:
    with provided(settings) as ready:
        return asyncio.run(_asked(ready, plugins))


async def _asked(ready: Settings, plugins: Plugins) -> list[str]:
    await open_pool(ready.database_url, 1)
    try:
        await require_current_schema(plugins.every_app())
        told = [line async for line in _kept_settings(plugins)]
        if not await dossiers.is_found_again():
            told.append("PARVIS_KEYS: requests are not found by their contact any more; put the last key back, last.")
        return told
    finally:
        await close_pool()


async def _kept_settings(plugins: Plugins) -> AsyncIterator[str]:
    for key, emitters in (await queries.enabled_plugins()).items():
        if key not in plugins.by_key:
            yield f"plugin {key} is enabled at {', '.join(emitters)} and not running: install it, or disable it."
        elif kind := plugins[key].settings:
            for slug in emitters:
                try:
                    await queries.settings_of(key, (await queries.emitter_by_slug(slug)).id, kind)
                except ParvisError as error:
                    yield f"settings of {key} at {slug}: {error}."


def _tried(check: Callable[[], list[str]]) -> list[str]:
    try:
        return check()
    except (ParvisError, OSError, asyncpg.PostgresError) as error:
        return [str(error)]
