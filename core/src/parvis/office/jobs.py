"""Background work of the back office."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs import Timer
from parvis.office.contracts import ending


def timers() -> tuple[Timer, ...]:
    """Ends of contracts are looked for every hour."""
    return (Timer("office.contract-ends", timedelta(hours=1), ending.tell),)
