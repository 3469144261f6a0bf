"""The `parvis` command: what municipal IT types. An error is one line that says what to mend, and exit code 1."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import uvicorn

from parvis import crypto, logging, settings
from parvis.db import backup as backups
from parvis.db import close_pool, open_pool
from parvis.db.embedded import bring_up_to_date, provided
from parvis.demo.commands import demo
from parvis.errors import ParvisError
from parvis.outbox import queries as outbox
from parvis.outbox.actions import replay
from parvis.plugins import load
from parvis.settings import Settings
from parvis.web.commands import messages
from parvis.workbench.commands import COMMANDS

T = TypeVar("T")


class _OneLine(click.Group):
    """A group whose commands end with one line instead of a trace when the operator has something to mend.

    The commands of plugins stand beside the core's; they are loaded only when asked for.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if found := super().get_command(ctx, cmd_name):
            return found
        return next((one for plugin in load() for one in plugin.commands if one.name == cmd_name), None)

    def list_commands(self, ctx: click.Context) -> list[str]:
        brought = (str(command.name) for plugin in load() for command in plugin.commands)
        return sorted([*super().list_commands(ctx), *brought])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParvisError as error:
            click.echo(f"parvis: {error}", err=True)
            sys.exit(1)


@click.group(cls=_OneLine)
@click.version_option(package_name="parvis-core")
def main() -> None:
    """Run a Parvis instance. Settings come from the environment: see docs/reference/settings.md."""


@contextmanager
def instance() -> Iterator[Settings]:
    """The instance's settings with its database up, keys loaded and logging set."""
    read = Settings.from_env(os.environ)
    logging.configure(read)
    crypto.use(crypto.load_keys(read))
    with provided(read, os.environ) as ready:  # type: ignore[arg-type]
        settings.use(ready)
        yield ready


@main.command()
@click.option("--workers", default=1, show_default=True, help="Web processes.")
@click.option("--fd", type=int, help="Serve on this open socket, handed over by a supervisor, instead of the port.")
def serve(workers: int, fd: int | None) -> None:
    """Serve the portal and the API (bring the database up to date first: `parvis migrate`)."""
    with instance() as ready:
        uvicorn.run(
            "parvis.app:create",
            factory=True,
            host=ready.host,
            port=ready.port,
            fd=fd,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=ready.secure,
        )


@main.command()
def worker() -> None:
    """Deliver what is recorded: mails, mirrors, timers. Run one or more beside the portal."""
    from parvis.app import run_worker

    with instance() as ready:
        run_worker(ready)


@main.command()
def migrate() -> None:
    """Bring the database up to date: the core's migrations and every plugin's, all or nothing."""
    with instance() as ready:
        ran = bring_up_to_date(ready, load().accepted(ready.skip_refused_plugins).every_app())
    click.echo("\n".join(ran) or "The database is up to date.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database into FILE. Keep PARVIS_KEYS beside it: encrypted fields need them."""
    with instance() as ready:
        size = backups.backup(ready.database_owner_url, file)
    click.echo(f"{file}: {size / 1e6:.1f} MB. Keep the keys too; without them encrypted fields are lost.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite a database that is not empty.")
def restore(file: Path, replace: bool) -> None:
    """Put the back-up in FILE into the database, all or nothing, and bring it up to date."""
    with instance() as ready:
        backups.restore(ready.database_owner_url, file, replace)
        bring_up_to_date(ready, load().accepted(ready.skip_refused_plugins).every_app())
    click.echo(f"{file} is restored.")


@main.group()
def deliveries() -> None:
    """What the worker gave up after its last attempt: see it, let it be tried again."""


@deliveries.command("list")
def list_deliveries() -> None:
    """List dead deliveries, the latest first: id, event, reaction, attempts, what went wrong."""
    with instance() as ready:
        for row in asyncio.run(_asked(ready, outbox.dead(1000))):
            click.echo(f"{row.id}  {row.type}  {row.reaction}  {row.attempts}  {row.error}")


@deliveries.command("replay")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="Every dead delivery.")
def replay_deliveries(ids: tuple[UUID, ...], every: bool) -> None:
    """Let the deliveries of these IDS be tried anew."""
    if every == bool(ids):
        raise click.UsageError("Give the ids that `parvis deliveries list` shows, or --all.")
    with instance() as ready:
        click.echo(f"{asyncio.run(_asked(ready, replay('all' if every else ids)))} will be tried again.")


async def _asked(ready: Settings, question: Coroutine[Any, Any, T]) -> T:
    await open_pool(ready.database_url, 1)
    try:
        return await question
    finally:
        await close_pool()


@main.group()
def keys() -> None:
    """Keys that encrypt fields and sign links."""


@keys.command("new")
def new_key() -> None:
    """Print a new key for PARVIS_KEYS; put it first to encrypt with it, keep the old ones behind it."""
    click.echo(crypto.new_key())


main.add_command(messages)
main.add_command(demo)
for command in COMMANDS:
    main.add_command(command)
