"""`parvis migrate`, `backup`, `restore`, `deliveries`, `keys`: what an operator keeps, looks after and puts back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import click

from parvis import crypto
from parvis.cli.instance import asked, instance
from parvis.db import backup as backups
from parvis.db.embedded import bring_up_to_date
from parvis.db.migrations import require_current_schema
from parvis.errors import ConfigurationError
from parvis.outbox import queries as outbox
from parvis.outbox.actions import replay
from parvis.plugins import Plugins, load
from parvis.workbench import renewing


@click.command()
def migrate() -> None:
    """Bring the database up to date: the core's migrations and every plugin's, all or nothing."""
    with instance() as ready:
        ran = bring_up_to_date(ready, load().accepted(ready.skip_refused_plugins).every_app())
    click.echo("\n".join(ran) or "The database is up to date.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database into FILE. Keep PARVIS_KEYS beside it: encrypted fields need them."""
    with instance() as ready:
        size = backups.backup(ready.database_owner_url, file)
    click.echo(f"{file}: {size / 1e6:.1f} MB. Keep the keys too; without them encrypted fields are lost.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite a database that is not empty.")
def restore(file: Path, replace: bool) -> None:
    """Put the back-up in FILE into the database, all or nothing, and bring it up to date."""
    with instance() as ready:
        backups.restore(ready.database_owner_url, file, replace)
        bring_up_to_date(ready, load().accepted(ready.skip_refused_plugins).every_app())
    click.echo(f"{file} is restored.")


@click.group()
def deliveries() -> None:
    """What the worker gave up after its last attempt: see it, let it be tried again."""


@deliveries.command("list")
def list_deliveries() -> None:
    """List dead deliveries, the latest first: id, event, reaction, attempts, what went wrong."""
    with instance() as ready:
        for row in asyncio.run(asked(ready, outbox.dead(1000))):
            click.echo(f"{row.id}  {row.type}  {row.reaction}  {row.attempts}  {row.error}")


@deliveries.command("replay")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="Every dead delivery.")
def replay_deliveries(ids: tuple[UUID, ...], every: bool) -> None:
    """Let the deliveries of these IDS be tried anew."""
    if every == bool(ids):
        raise click.UsageError("Give the ids that `parvis deliveries list` shows, or --all.")
    with instance() as ready:
        click.echo(f"{asyncio.run(asked(ready, replay('all' if every else ids)))} will be tried again.")


@click.group()
def keys() -> None:
    """Keys that encrypt fields and sign links."""


@keys.command("new")
def new_key() -> None:
    """Print a new key for PARVIS_KEYS; put it first to encrypt with it, keep the old ones behind it."""
    click.echo(crypto.new_key())


@keys.command("renew")
@click.option("--check", "only_count", is_flag=True, help="Change nothing; exit 1 if a value is under an old key.")
def renew_keys(only_count: bool) -> None:
    """Put every encrypted field under the first key of PARVIS_KEYS, while the instance runs.

    It may be stopped and begun anew at any time. At its end it says which keys are needed no more.
    """
    with instance() as ready:
        asyncio.run(asked(ready, _renew(load().accepted(ready.skip_refused_plugins), only_count)))


async def _renew(plugins: Plugins, only_count: bool) -> None:
    apps = plugins.every_app()
    await require_current_schema(apps)
    places, keys, unreadable = renewing.places(apps), crypto.at_hand(), list[str]()
    before = (await renewing.standing(places)).old(keys.writing)
    for place, number in before.items():
        click.echo(f"{place}: {number} under an old key")
        if not only_count:
            unreadable += [f"{place}, row {row}" for row in await renewing.renew(place, _progress(place, number))]
    after = await renewing.standing(places)
    click.echo("\n".join(renewing.advice(after, keys)) or "There is no other key.")
    _refuse(sum(after.old(keys.writing).values()), unreadable)


def _progress(place: renewing.Place, of: int) -> Callable[[int], None]:
    renewed = 0

    def tell(more: int) -> None:
        nonlocal renewed
        renewed += more
        click.echo(f"{place}: {renewed} of {of} renewed")

    return tell


def _refuse(left: int, unreadable: Sequence[str]) -> None:
    """Raises ConfigurationError if a value is still under an old key."""
    if unreadable:
        raise ConfigurationError("\n".join(["Not readable, the key is gone or they were altered:", *unreadable]))
    if left:
        raise ConfigurationError(f"{left} values are under an old key: renew them once every process has the new one.")
