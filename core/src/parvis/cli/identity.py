"""`parvis identity provision`: Keycloak brought in line with a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import click

from parvis import settings
from parvis.cli.instance import asked, instance
from parvis.db import close_pool, open_pool
from parvis.errors import ConfigurationError
from parvis.identity import groups
from parvis.identity.keycloak.access import GROUPS_PREFIX, PREFIX, Access, GroupsAccess
from parvis.identity.keycloak.files import read
from parvis.identity.keycloak.rules import Plan
from parvis.settings import Settings
from parvis.territory import queries

if TYPE_CHECKING:
    from parvis.identity.keycloak.provisioning import Provisioning


@click.group()
def identity() -> None:
    """The sign-on of this instance."""


@identity.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--apply/--plan", "apply", default=False, help="Make the changes, or only say them (the default).")
@click.option("--adopt", multiple=True, metavar="THING", help="Take over a thing that a conflict names.")
def provision(file: Path | None, apply: bool, adopt: tuple[str, ...]) -> None:
    """Bring Keycloak in line with FILE: realm, client, groups, providers (docs/how-to/keycloak.md shows one)."""
    wanted, access = read(file), settings.read(Access, os.environ, PREFIX)
    with instance() as ready:
        provisioning = _provisioning(access, ready)
        emitters = asyncio.run(_emitters(ready.database_url))
        found = provisioning.plan(wanted, emitters, frozenset(adopt))
        _require_no_conflict(found)
        if apply:
            provisioning.apply(found.changes, click.echo)
        else:
            click.echo("".join(f"{change}\n" for change in found.changes), nl=False)
    click.echo(_summed_up(len(found.changes), apply))


@identity.command()
@click.option("--apply/--plan", "apply", default=False, help="Make the moves, or only say them (the default).")
def sync(apply: bool) -> None:
    """Bring the members of Keycloak's groups in line with the grants; the worker does so once a day by itself."""
    with instance() as ready:
        settings.provide(settings.read(GroupsAccess, os.environ, GROUPS_PREFIX))
        said = groups.plan(lambda subject, move: click.echo(f"{subject}: {move}"), apply)
        count = asyncio.run(asked(ready, said))
    click.echo(_moved(count, apply))


def _moved(count: int, applied: bool) -> str:
    if not count:
        return "The groups are as the grants say."
    counted = "1 move" if count == 1 else f"{count} moves"
    return f"{counted} made." if applied else f"{counted} to make: --apply does it."


def _provisioning(access: Access, ready: Settings) -> Provisioning:
    # Only whoever has a Keycloak installs its library.
    try:
        kind = resolve_name("parvis.identity.keycloak.provisioning:Provisioning")
    except ModuleNotFoundError as error:
        raise ConfigurationError("The library for Keycloak is missing: install parvis-core[keycloak].") from error
    found: Provisioning = kind(access, ready, settings.read(GroupsAccess, os.environ, GROUPS_PREFIX))
    return found


async def _emitters(url: str) -> list[str]:
    await open_pool(url, 1)
    try:
        return [emitter.slug for emitter in await queries.emitters()]
    finally:
        await close_pool()


def _require_no_conflict(found: Plan) -> None:
    if found.conflicts:
        told = (
            f"{thing} is there already and is not Parvis's: rename it, or hand it over with --adopt '{thing}'."
            for thing in found.conflicts
        )
        raise ConfigurationError("\n".join([*told, "Nothing was changed."]))


def _summed_up(changes: int, applied: bool) -> str:
    if not changes:
        return "Keycloak is as the file says."
    counted = "1 change" if changes == 1 else f"{changes} changes"
    return f"{counted} made." if applied else f"{counted} to make: --apply does it."
