"""The worker process."""

from __future__ import annotations

from parvis import settings
from parvis.app.assembly import assemble
from parvis.app.parts import every_timer
from parvis.jobs import worker
from parvis.settings import Settings


def run_worker(ready: Settings) -> None:
    """Deliver and keep time until told to stop; waits for a database that does not answer yet."""
    assemble(ready)
    worker.run(settings.current(), every_timer())
