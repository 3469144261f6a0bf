"""What the core's own domains bring to a process: permissions, reactions, timers, routes."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from parvis import api, office, plugins, portal
from parvis.attendance import jobs as attendance_jobs
from parvis.attendance.routes import HANDLERS as ATTENDANCE
from parvis.audit import jobs as audit_jobs
from parvis.branding.routes import look
from parvis.calendars import jobs as calendars_jobs
from parvis.contract.values import Permission, Reaction
from parvis.dossiers import jobs as dossiers_jobs
from parvis.dossiers.routes import HANDLERS as DOSSIERS
from parvis.earlier import jobs as earlier_jobs
from parvis.earlier.routes import HANDLERS as EARLIER
from parvis.identity import jobs as identity_jobs
from parvis.identity.groups import REACTIONS as GROUPS
from parvis.indicators.reactions import REACTIONS as INDICATORS
from parvis.jobs import Timer, timers
from parvis.messages import jobs as messages_jobs
from parvis.messages.reactions import reactions as messages_reactions
from parvis.office import jobs as office_jobs
from parvis.office.permissions import PERMISSIONS as OFFICE
from parvis.office.questions import REACTIONS as QUESTIONS
from parvis.office.tills import REACTIONS as TILLS
from parvis.payments import jobs as payments_jobs
from parvis.payments.routes import HANDLERS as PAYMENTS
from parvis.web import jobs as web_jobs

PERMISSIONS: tuple[Permission, ...] = OFFICE
REACTIONS: tuple[Reaction, ...] = (*messages_reactions(), *INDICATORS, *QUESTIONS, *GROUPS, *TILLS)
HANDLERS = (*portal.HANDLERS, *office.HANDLERS, *api.HANDLERS, *DOSSIERS, *PAYMENTS, *ATTENDANCE, *EARLIER, look)


def every_timer() -> tuple[Timer, ...]:
    """The timers of every domain, and of every plugin's `jobs` module."""
    domains = (
        timers,
        identity_jobs,
        audit_jobs,
        calendars_jobs,
        payments_jobs,
        messages_jobs,
        dossiers_jobs,
        attendance_jobs,
        earlier_jobs,
        office_jobs,
        web_jobs,
    )
    return (*(timer for domain in domains for timer in domain.timers()), *_of_plugins())


def _of_plugins() -> tuple[Timer, ...]:
    found = [f"{plugin.origin.package}.jobs" for plugin in plugins.current()]
    modules = [import_module(name) for name in found if find_spec(name)]
    return tuple(timer for module in modules for timer in module.timers())
