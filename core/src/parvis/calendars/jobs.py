"""What the worker does for the calendars."""

from __future__ import annotations

from datetime import timedelta

from parvis import clock
from parvis.calendars import feed
from parvis.calendars.actions import sweep
from parvis.calendars.grids import open_all
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Return what lapsed, open the days that are due, forget changes that everybody has read."""
    return (
        Timer("calendars.sweep", timedelta(seconds=5), sweep),
        Timer("calendars.open-days", timedelta(minutes=1), open_all),
        Timer("calendars.forget-changes", timedelta(hours=1), _forget),
    )


async def _forget() -> None:
    await feed.forget(clock.now())
