"""The simulated services as a process of their own: `python -m parvis_payments.simulator <port> <folder> [fault …]`."""

from __future__ import annotations

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn

from parvis import settings
from parvis.contract.values import Stage
from parvis.settings import Settings
from parvis_payments.simulator.app import create


def main() -> None:
    """Serve on loopback until a signal."""
    port, folder, *faults = sys.argv[1:]
    settings.use(Settings(env="test", zone=ZoneInfo("Europe/Paris")))
    on = frozenset(faults)
    Path(folder).mkdir(parents=True, exist_ok=True)
    app = create(Stage(folder=Path(folder), faults=lambda: on))
    # Whoever is kept waiting by a fault keeps nobody from stopping it.
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
