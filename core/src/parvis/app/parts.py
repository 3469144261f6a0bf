"""What the core's own domains bring to a process: permissions, reactions, timers, routes."""

from __future__ import annotations

from parvis import api, office, portal
from parvis.branding.routes import look
from parvis.calendars import jobs as calendars_jobs
from parvis.contract.values import Permission, Reaction
from parvis.identity import jobs as identity_jobs
from parvis.jobs import Timer, timers
from parvis.messages import jobs as messages_jobs
from parvis.messages.reactions import reactions as messages_reactions
from parvis.office.permissions import PERMISSIONS as OFFICE
from parvis.web import jobs as web_jobs

PERMISSIONS: tuple[Permission, ...] = OFFICE
REACTIONS: tuple[Reaction, ...] = messages_reactions()
HANDLERS = (*portal.HANDLERS, *office.HANDLERS, *api.HANDLERS, look)


def every_timer() -> tuple[Timer, ...]:
    """The timers of every domain."""
    domains = (timers, identity_jobs, calendars_jobs, messages_jobs, web_jobs)
    return tuple(timer for domain in domains for timer in domain.timers())
