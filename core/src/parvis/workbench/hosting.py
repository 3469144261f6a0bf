"""`parvis emitter host`: a host name of its own for an emitter's pages."""

from __future__ import annotations

import click

from parvis.errors import ConfigurationError, Conflict, Invalid
from parvis.territory import hosts
from parvis.workbench.commands import asked, emitter_of


@click.group()
def emitter() -> None:
    """What the operator sets for one emitter."""


@emitter.command("host")
@click.argument("emitter")
@click.argument("host", required=False)
@click.option("--none", "nothing", is_flag=True, help="Take its host name away.")
def set_host(emitter: str, host: str | None, nothing: bool) -> None:
    """Let an EMITTER (its short name) answer under a HOST name of its own too; without one, say which it has."""

    async def run() -> str | None:
        found = await emitter_of(emitter)
        if host or nothing:
            await hosts.set_host(found, None if nothing else host)
        return await hosts.host_of(found)

    try:
        now = asked(run)
    except (Invalid, Conflict) as error:
        raise ConfigurationError(str(error)) from error
    click.echo(f"{emitter} answers under {now} too." if now else f"{emitter} has no host name of its own.")
