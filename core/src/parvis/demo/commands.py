"""`parvis demo`: the main job with real data on one machine, in the foreground."""

from __future__ import annotations

import asyncio
import os

import click

from parvis.demo import plan, preflight, supervisor
from parvis.demo.keycloak import distribution
from parvis.demo.keycloak.server import end_left_over
from parvis.demo.nursery import Nursery
from parvis.plugins import load
from parvis.settings import Settings


@click.command()
@click.option("--keycloak", is_flag=True, help="Sign people in with a real Keycloak: takes Java and Maven.")
@click.option("--reset-only", is_flag=True, help="Empty the demo's data and end.")
def demo(keycloak: bool, reset_only: bool) -> None:
    """Run the whole demo on this machine, seeded once, until Ctrl-C."""
    settings = plan.demo_settings(os.environ, keycloak)
    if reset_only:
        preflight.empty(settings.data)
        click.echo(f"The demo's data in {settings.data} are gone.")
        return
    played = plan.played_by(load())
    nursery = Nursery.fork(plan.SHARED)
    ports = [(program.name, program.port) for program in plan.surroundings(settings, played) if program.port]
    with preflight.claimed(settings.data), preflight.listening(settings.host, settings.port) as listener:
        if keycloak:
            ports += _keycloak(settings)
        preflight.require_free(ports)
        with preflight.writing(settings.data):
            asyncio.run(supervisor.run(settings, listener, nursery, os.environ, played))


def _keycloak(settings: Settings) -> list[tuple[str, int]]:
    """Have a Keycloak in the data folder, and none running there; the ports it needs. Raises KeycloakMissing."""
    if not distribution.is_prepared():
        click.echo("Keycloak is fetched and built, once: this takes a minute or two.", err=True)
    home = plan.keycloak_home(settings)
    end_left_over(home)
    with preflight.writing(settings.data):
        distribution.copied(distribution.prepared(), home)
    return [("Keycloak", settings.port + plan.PROVIDER), ("Keycloak", settings.port + plan.KEYCLOAK_HEALTH)]
