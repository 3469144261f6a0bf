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
from parvis.territory import queries as territory
from parvis_idcard import drafts, messages, queries, rules
from parvis_idcard.ants.coordination import jobs as coordination
from parvis_idcard.emitter_settings import Settings


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
    chosen = await _reminders()
    usual = Settings().reminders
    furthest = max((day for days in (*chosen.values(), usual) for day in days), default=0)
    for found in await dossiers.visits(queries.PLUGIN, now, now + timedelta(days=furthest)):
        days = chosen.get(found.emitter, usual)
        if found.visit is None or found.visit.start > now + timedelta(days=max(days, default=0)):
            continue
        told = await queries.reminders_sent(found.id, found.visit.sequence)
        due = rules.reminder_due(found.visit.start, await _since(found.id, found.visit), told, days, now)
        if due is None:
            continue
        async with transaction():
            key = queries.reminder_key(due, found.visit.sequence)
            if await messages.tell(messages.REMINDER, found.id, key, due):
                await dossier_actions.note(found.id, "visit.reminded", By(), days=due)
                sent += 1
    return sent


async def _reminders() -> dict[UUID, tuple[int, ...]]:
    """The days of reminders that each town hall chose."""
    found = await territory.settings_everywhere(queries.PLUGIN, Settings)
    return {emitter: settings.reminders for emitter, settings in found.items()}


async def _since(dossier: UUID, visit: Visit) -> datetime:
    """Since when they have this hour: whoever has just moved it knows it."""
    if visit.sequence:
        moves = (row.at for row in await dossiers.timeline(dossier) if row.event == "booking.moved")
        if (moved := next(moves, None)) is not None:
            return moved
    return (await queries.appointment(dossier)).booked_at
