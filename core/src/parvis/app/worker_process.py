"""The worker process."""

from __future__ import annotations

from parvis.settings import Settings


def run_worker(ready: Settings) -> None:
    """Deliver until told to stop."""
