"""Background work of the web."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs.timers import Timer
from parvis.web import attempts, challenges, idempotency


def timers() -> tuple[Timer, ...]:
    """What runs again and again."""
    often = timedelta(hours=1)
    return (
        Timer("web.forget-kept-answers", often, idempotency.forget_old),
        Timer("web.forget-attempts", often, attempts.forget_old),
        Timer("web.forget-challenges", often, challenges.forget_old),
    )
