"""Background work of the attendance: give back the hours of those who do not come, erase what was for the day."""

from __future__ import annotations

from datetime import timedelta

from parvis import clock, settings
from parvis.attendance import actions
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Late hours are looked for every 20 seconds, sheets of past days every hour."""
    return (
        Timer("attendance.release", timedelta(seconds=20), actions.release_late),
        Timer("attendance.erase", timedelta(hours=1), _erase),
    )


async def _erase() -> int:
    return await actions.erase_sheets(clock.now().astimezone(settings.current().zone).date())
