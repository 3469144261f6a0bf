"""Background work of the plugin: reminders, and drafts that nobody came back to."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock
from parvis.db import transaction
from parvis.dossiers import actions as dossier_actions
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.dossiers.queries import Visit
from parvis.jobs import Timer
from parvis_idcard import drafts, messages, queries, rules
from parvis_idcard.ants.coordination import jobs as coordination


def timers() -> tuple[Timer, ...]:
    """Reminders every ten minutes, drafts swept as often; and what coordination has to do."""
    often = timedelta(minutes=10)
    return (
        Timer("idcard.remind", often, remind),
        Timer("idcard.sweep-drafts", often, drafts.sweep),
        *coordination.timers(),
    )


async def remind() -> int:
    """Send the reminders that are due; how many. A run that is repeated sends none twice."""
    now = clock.now()
    sent = 0
    for found in await dossiers.visits(queries.PLUGIN, now, now + timedelta(days=max(rules.REMINDERS))):
        if found.visit is None:
            continue
        told = await queries.reminders_sent(found.id, found.visit.sequence)
        days = rules.reminder_due(found.visit.start, await _since(found.id, found.visit), told, now)
        if days is None:
            continue
        async with transaction():
            key = queries.reminder_key(days, found.visit.sequence)
            if await messages.tell(messages.REMINDER, found.id, key, days):
                await dossier_actions.note(found.id, "visit.reminded", By(), days=days)
                sent += 1
    return sent


async def _since(dossier: UUID, visit: Visit) -> datetime:
    """Since when they have this hour: whoever has just moved it knows it."""
    if visit.sequence:
        moves = (row.at for row in await dossiers.timeline(dossier) if row.event == "booking.moved")
        if (moved := next(moves, None)) is not None:
            return moved
    return (await queries.appointment(dossier)).booked_at
