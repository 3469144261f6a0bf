"""`parvis audit verify`: whether anybody changed the trace of who did and saw what."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from parvis.audit.heads import kept
from parvis.audit.verifying import Verdict, verify
from parvis.cli.instance import asked, instance

_FAULTY = 3


@click.group()
def audit() -> None:
    """The trace of who did and saw what."""


@audit.command("verify")
@click.option(
    "--head",
    type=click.Path(path_type=Path),
    help="A signed head kept elsewhere, instead of the worker's own in the data folder.",
)
def verify_trace(head: Path | None) -> None:
    """Follow the whole chain and say each fault in a sentence.

    Ends with 0 if there is none, 1 if it could not be followed, 3 if a line was removed, altered, inserted or moved,
    or a head forged.
    """
    with instance() as ready:
        verdict = asyncio.run(asked(ready, verify(kept(head))))
    for fault in verdict.faults:
        click.echo(fault)
    click.echo(_summary(verdict), err=bool(verdict.faults))
    sys.exit(_FAULTY if verdict.faults else 0)


def _summary(verdict: Verdict) -> str:
    waiting = f", {verdict.waiting} wait for their place" if verdict.waiting else ""
    found = f"{len(verdict.faults)} faults" if verdict.faults else "nothing was changed"
    return f"{verdict.lines} lines{waiting}: {found}."
