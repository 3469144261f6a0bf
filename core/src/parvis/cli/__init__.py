"""The `parvis` command: what municipal IT types. An error is one line that says what to mend, and exit code 1."""

from __future__ import annotations

import sys
from collections import UserDict
from pkgutil import resolve_name
from typing import Any

import click

from parvis.errors import ParvisError

_COMMANDS = {
    "serve": "parvis.cli.running:serve",
    "worker": "parvis.cli.running:worker",
    "migrate": "parvis.cli.keeping:migrate",
    "backup": "parvis.cli.keeping:backup",
    "restore": "parvis.cli.keeping:restore",
    "deliveries": "parvis.cli.keeping:deliveries",
    "audit": "parvis.cli.auditing:audit",
    "keys": "parvis.cli.keeping:keys",
    "identity": "parvis.cli.identity:identity",
    "demo": "parvis.demo.commands:demo",
    "messages": "parvis.web.commands:messages",
    "plugins": "parvis.workbench.commands:list_plugins",
    "plugin": "parvis.workbench.commands:plugin",
    "territory": "parvis.workbench.commands:territory",
    "emitter": "parvis.workbench.hosting:emitter",
    "check": "parvis.workbench.commands:check",
    "reference": "parvis.workbench.commands:reference",
}


class _OnDemand(UserDict[str, Any]):
    """Commands by name, each imported once it is asked for: importing the whole platform is most of what one takes."""

    def __getitem__(self, name: str) -> click.Command:
        found: click.Command = resolve_name(self.data[name])
        return found


class _OneLine(click.Group):
    """A group whose commands end with one line instead of a trace when the operator has something to mend.

    The commands of plugins stand beside the core's.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if found := super().get_command(ctx, cmd_name):
            return found
        return next((one for one in _brought() if one.name == cmd_name), None)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *(str(command.name) for command in _brought())])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParvisError as error:
            click.echo(f"parvis: {error}", err=True)
            sys.exit(1)


@click.group(cls=_OneLine, commands=_OnDemand(_COMMANDS))
@click.version_option(package_name="parvis-core")
def main() -> None:
    """Run a Parvis instance. Settings come from the environment: see docs/reference/settings.md."""


def _brought() -> list[click.Command]:
    return [command for plugin in resolve_name("parvis.plugins:load")() for command in plugin.commands]
