"""What the core's own domains bring to a process: permissions, reactions, timers, routes."""

from __future__ import annotations

from parvis import office, portal
from parvis.branding.routes import look
from parvis.calendars import jobs as calendars_jobs
from parvis.contract.values import Permission, Reaction
from parvis.identity import jobs as identity_jobs
from parvis.jobs import Timer, timers
from parvis.messages import jobs as messages_jobs
from parvis.messages.reactions import reactions as messages_reactions
from parvis.office.permissions import PERMISSIONS as OFFICE

PERMISSIONS: tuple[Permission, ...] = OFFICE
REACTIONS: tuple[Reaction, ...] = messages_reactions()
HANDLERS = (*portal.HANDLERS, *office.HANDLERS, look)


def every_timer() -> tuple[Timer, ...]:
    """The timers of every domain."""
    return (*timers.timers(), *identity_jobs.timers(), *calendars_jobs.timers(), *messages_jobs.timers())
