"""Background work of the dossiers: visits that are over are closed, and what is kept long enough is erased."""

from __future__ import annotations

from datetime import timedelta

from parvis import plugins
from parvis.dossiers import actions, erasing, searching
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """Close past visits every five minutes; erase every hour; find by name what was there before names were found."""
    return (
        Timer("dossiers.close", timedelta(minutes=5), actions.close_past_visits),
        Timer("dossiers.erase", timedelta(hours=1), _erase),
        Timer("dossiers.index-names", timedelta(minutes=1), searching.index_names),
    )


async def _erase() -> int:
    owners = [owner for plugin in plugins.current() for owner in plugin.personal_data]
    return await erasing.erase_kept_long_enough(owners)
