"""`parvis messages`: keep the catalogues of the core and of the plugins true to the code."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import click

from parvis.errors import ConfigurationError
from parvis.web import catalogues, folders


@click.group()
def messages() -> None:
    """The sentences people read, in every language."""


@messages.command()
def check() -> None:
    """Name every sentence that is missing, no longer said, or written in two ways; exit 1 if there is one."""
    packages = list(_packages())
    wrong = [line for folder in packages for line in catalogues.check(folder)]
    wrong += catalogues.differences(packages)
    if wrong:
        raise ConfigurationError("\n".join([*wrong, "`make messages` adds and drops; write what is missing."]))
    click.echo("Every sentence is written in every language.")


@messages.command()
def update() -> None:
    """Add what the code says newly to the catalogues, drop what it no longer says."""
    for folder in _packages():
        catalogues.update(folder)


def _packages() -> list[Path]:
    specs = [find_spec(point.module.partition(".")[0]) for point in entry_points(group="parvis")]
    return [*folders.core(), *(Path(spec.origin).parent for spec in specs if spec and spec.origin)]
