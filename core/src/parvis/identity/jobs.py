"""Background work of identity."""

from __future__ import annotations

from datetime import timedelta

from parvis.identity import endings, groups
from parvis.jobs import Timer


def timers() -> tuple[Timer, ...]:
    """What lapsed goes every ten minutes; groups are compared four times a day, as Keycloak may be down at one."""
    return (
        Timer("identity.sweep", timedelta(minutes=10), endings.sweep),
        Timer("identity.groups", timedelta(hours=6), groups.compare),
    )
