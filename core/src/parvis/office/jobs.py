"""Background work of the back office."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs import Timer
from parvis.office.contracts import ending
from parvis.office.tills import duty_notices, reminding


def timers() -> tuple[Timer, ...]:
    """Ends of contracts, money that has to be handed over, and payers to remind, are looked for every hour."""
    hour = timedelta(hours=1)
    return (
        Timer("office.contract-ends", hour, ending.tell),
        Timer("office.till-duties", hour, duty_notices.tell),
        Timer("office.reminders", hour, reminding.remind),
    )
