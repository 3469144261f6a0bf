"""Background work of the web."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs.timers import Timer
from parvis.web.idempotency import forget_old


def timers() -> tuple[Timer, ...]:
    """What runs again and again."""
    return (Timer("web.forget-kept-answers", timedelta(hours=1), forget_old),)
