"""Background work of the audit trace: what is new is chained, what is kept long enough forgotten."""

from __future__ import annotations

from datetime import timedelta

from parvis.audit.actions import forget_old
from parvis.audit.chaining import chain, chain_late
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Chain every ten seconds, what was left behind every hour; forget old months every six hours."""
    return (
        Timer("audit.chain", timedelta(seconds=10), chain),
        Timer("audit.chain-late", timedelta(hours=1), chain_late),
        Timer("audit.forget", timedelta(hours=6), forget_old),
    )
