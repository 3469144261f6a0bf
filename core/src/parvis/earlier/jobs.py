"""Background work of earlier hours."""

from __future__ import annotations

from datetime import timedelta

from parvis.earlier import offering
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """What was freed is proposed, and passed on, within ten seconds."""
    return (Timer("earlier.propose", timedelta(seconds=10), offering.run),)
