"""Background work of the dossiers: visits that are over are closed, and what is kept long enough is erased."""

from __future__ import annotations

from datetime import timedelta

from parvis import plugins
from parvis.dossiers import actions
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Close past visits every five minutes; erase every hour."""
    return (
        Timer("dossiers.close", timedelta(minutes=5), actions.close_past_visits),
        Timer("dossiers.erase", timedelta(hours=1), _erase),
    )


async def _erase() -> int:
    owners = [owner for plugin in plugins.current() for owner in plugin.personal_data]
    return await actions.erase_kept_long_enough(owners)
