"""`parvis plugins`, `parvis plugin new|enable|disable`, `parvis territory load`, `parvis check`, `parvis reference`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
import click

from parvis import crypto, settings
from parvis.calendars import offering
from parvis.db import close_pool, open_pool, transaction
from parvis.db.embedded import provided
from parvis.errors import ConfigurationError, NotFound, ParvisError
from parvis.plugins import Plugin, load
from parvis.settings import Settings
from parvis.territory import actions, queries
from parvis.workbench import founding, renewing
from parvis.workbench.checking import mistakes
from parvis.workbench.reference import write
from parvis.workbench.scaffold import new_plugin

T = TypeVar("T")


@click.command("plugins")
def list_plugins() -> None:
    """List the installed plugins: version, what each brings, where it is enabled; and those refused."""
    found = load()
    enabled, unknown = _enabled()
    for plugin in found:
        where = enabled.get(plugin.key, [unknown or "no emitter yet"])
        click.echo("\n".join(_described(plugin, where)))
    for refused in found.refused:
        click.echo(f"refused: {refused}")
    if not found.by_key and not found.refused:
        click.echo("No plugin is installed. `parvis plugin new` begins one.")


@click.group()
def plugin() -> None:
    """Begin a plugin, or enable an installed one at an emitter."""


@plugin.command("new")
@click.argument("key")
@click.option("--name", help="What people call it; the key with a capital unless given.")
@click.option("--in", "folder", default=".", type=click.Path(path_type=Path), help="Where its folder goes.")
def new(key: str, name: str | None, folder: Path) -> None:
    """Write a plugin that works from its first minute: a page, a table, tests, two translations."""
    home = new_plugin(key, folder, name)
    click.echo(f"{home} is written. Begin to read in {home}/src/parvis_{key}/hooks.py.")


@plugin.command()
@click.argument("key")
@click.argument("emitter")
def enable(key: str, emitter: str) -> None:
    """Enable an installed plugin at an emitter (its short name), and publish its services there."""
    services = [service.key for service in _installed(key).services]

    async def run() -> None:
        found = await emitter_of(emitter)
        async with transaction():
            await actions.enable_plugin(found, key)
            for service in services:
                await actions.publish(found, service)
            await offering.tell(found)

    asked(run)
    click.echo(f"{key} is enabled at {emitter}.")


@plugin.command()
@click.argument("key")
@click.argument("emitter")
def disable(key: str, emitter: str) -> None:
    """Disable a plugin at an emitter; its data stay."""

    async def run() -> None:
        try:
            async with transaction():
                await actions.disable_plugin(found := await emitter_of(emitter), key)
                await offering.tell(found)
        except NotFound as error:
            raise ConfigurationError(f"{key} is not enabled at {emitter}.") from error

    asked(run)
    click.echo(f"{key} is no longer enabled at {emitter}; its data are kept.")


@click.group()
def territory() -> None:
    """The emitters, places and first grants of this instance."""


@territory.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def load_territory(file: Path, dry_run: bool) -> None:
    """Bring emitters, places and grants in line with FILE, all or nothing (docs/how-to/operate.md shows one)."""
    found = founding.read(file)
    installed = load().accepted(Settings.from_env(os.environ).skip_refused_plugins)
    done = asked(lambda: founding.load(found, installed, settings.current().oidc_issuer, rehearse=dry_run))
    click.echo("\n".join(done) or "Everything is as the file says.")
    if dry_run and done:
        click.echo("Nothing was changed: this was a dry run.")


@click.command()
def check() -> None:
    """Verify the whole configuration; one line for each mistake, and exit code 1 if there is one."""
    told = mistakes(os.environ)
    if told:
        raise ConfigurationError("\n".join(told))
    click.echo("The configuration is sound.")
    if len(crypto.at_hand().by_id) > 1:
        click.echo("\n".join(asked(_keys_needed)))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def reference(ctx: click.Context, folder: Path) -> None:
    """Write the reference of hooks, settings, events and commands, from the code, into FOLDER."""
    for page in write(folder, ctx.find_root().command):
        click.echo(page)


async def _keys_needed() -> list[str]:
    found = await renewing.standing(renewing.places(load().every_app()))
    return list(renewing.advice(found, crypto.at_hand()))


def _described(found: Plugin, enabled: list[str]) -> Iterator[str]:
    yield f"{found.key} {found.origin.version} ({found.origin.distribution}): {found.manifest.name}"
    brought = {
        "services": [service.key for service in found.services],
        "routes": [f"{mount.where} ({mount.audience})" for mount in found.routes],
        "permissions": [permission.key for permission in found.permissions],
        "messages": [template.key for template in found.message_templates],
        "reactions": [reaction.key for reaction in found.reactions],
        "commands": [str(command.name) for command in found.commands],
        "enabled at": enabled,
    }
    for what, names in brought.items():
        if names:
            yield f"  {what}: {', '.join(names)}"


def _enabled() -> tuple[dict[str, list[str]], str]:
    """The emitters that enabled each plugin, or why that is not known; nothing is set up to find out."""
    try:
        read = Settings.from_env(os.environ)
        if not read.database_url and not (read.data / "postgres").exists():
            return {}, "(there is no database yet)"
        return asked(queries.enabled_plugins), ""
    except ParvisError as error:
        return {}, f"(not known: {error})"


def _installed(key: str) -> Plugin:
    found = load()
    if key not in found.by_key:
        refused = [str(one) for one in found.refused if one.origin.key == key]
        known = ", ".join(found.by_key) or "none"
        raise ConfigurationError("\n".join(refused) or f"No plugin {key} is installed; there is: {known}.")
    return found[key]


async def emitter_of(slug: str) -> UUID:
    """The emitter of a short name. Raises ConfigurationError."""
    try:
        return (await queries.emitter_by_slug(slug)).id
    except NotFound as error:
        raise ConfigurationError(f"There is no emitter {slug}.") from error


def asked(ask: Callable[[], Awaitable[T]]) -> T:
    """What a coroutine answers on this instance's database."""
    with provided(Settings.from_env(os.environ)) as ready:
        settings.use(ready)
        return asyncio.run(_with_pool(ready.database_url, ask))


async def _with_pool(url: str, ask: Callable[[], Awaitable[T]]) -> T:
    await open_pool(url, 1)
    try:
        return await ask()
    except asyncpg.UndefinedTableError as error:
        raise ConfigurationError("The database is empty: run `parvis migrate` first.") from error
    finally:
        await close_pool()
