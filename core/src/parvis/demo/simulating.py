"""Plays another system that a plugin simulates: `python -m parvis.demo.simulating <plugin> <key>`."""

from __future__ import annotations

import os
import sys

import uvicorn

from parvis import clock, plugins, settings
from parvis.contract.values import Simulator, Stage
from parvis.demo import faults
from parvis.errors import NotFound
from parvis.settings import Settings

# Somebody may still wait for an answer that a fault holds back.
_PATIENCE = 2


def main() -> None:
    """Serve until a signal; nothing is logged of what is asked, as addresses may hold a person's numbers."""
    _, plugin, key = sys.argv
    ready = Settings.from_env(os.environ)
    settings.use(ready)
    clock.follow(ready.data / "clock")
    simulator = simulator_of(plugin, key)
    folder = ready.data / "simulators" / key
    folder.mkdir(parents=True, exist_ok=True)
    app = simulator.app(Stage(folder=folder, faults=lambda: faults.active(ready.data)))
    uvicorn.run(
        app,
        port=ready.port + simulator.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_PATIENCE,
    )


def simulator_of(plugin: str, key: str) -> Simulator:
    """What plays that system. Raises NotFound."""
    demo = plugins.load()[plugin].demo
    for simulator in demo.simulators if demo else ():
        if simulator.key == key:
            return simulator
    raise NotFound


if __name__ == "__main__":
    main()
