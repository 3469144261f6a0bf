"""Background work of the back office."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs import Timer
from parvis.office.contracts import ending
from parvis.office.tills import duty_notices


def timers() -> tuple[Timer, ...]:
    """Ends of contracts, and money that has to be handed over, are looked for every hour."""
    return (
        Timer("office.contract-ends", timedelta(hours=1), ending.tell),
        Timer("office.till-duties", timedelta(hours=1), duty_notices.tell),
    )
