"""`parvis demo`: the main job with real data on one machine, in the foreground."""

from __future__ import annotations

import asyncio
import os

import click

from parvis.demo import plan, preflight, supervisor
from parvis.demo.nursery import Nursery
from parvis.plugins import load


@click.command()
@click.option("--reset-only", is_flag=True, help="Empty the demo's data and end.")
def demo(reset_only: bool) -> None:
    """Run the whole demo on this machine, seeded once, until Ctrl-C."""
    settings = plan.demo_settings(os.environ)
    if reset_only:
        preflight.empty(settings.data)
        click.echo(f"The demo's data in {settings.data} are gone.")
        return
    played = plan.played_by(load())
    nursery = Nursery.fork(plan.SHARED)
    ports = [(program.name, program.port) for program in plan.surroundings(settings, played) if program.port]
    with preflight.claimed(settings.data), preflight.listening(settings.host, settings.port) as listener:
        preflight.require_free(ports)
        with preflight.writing(settings.data):
            asyncio.run(supervisor.run(settings, listener, nursery, os.environ, played))
