"""Background work of identity."""

from __future__ import annotations

from datetime import timedelta

from parvis.identity import endings
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Lapsed sessions, codes and logout tokens are deleted every ten minutes."""
    return (Timer("identity.sweep", timedelta(minutes=10), endings.sweep),)
