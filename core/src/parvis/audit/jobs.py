"""Background work of the audit trace: what is kept long enough is forgotten."""

from __future__ import annotations

from datetime import timedelta

from parvis.audit.actions import forget_old
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Forget old traces every six hours."""
    return (Timer("audit.forget", timedelta(hours=6), forget_old),)
