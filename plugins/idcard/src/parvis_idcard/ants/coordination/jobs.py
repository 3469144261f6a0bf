"""Background work of coordination. Timers only write rows; the calls are deliveries, which delay no other timer."""

from __future__ import annotations

from datetime import datetime, timedelta

from parvis import clock
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo
from parvis.jobs import Timer
from parvis_idcard import actions as appointments
from parvis_idcard import messages
from parvis_idcard.ants.coordination import actions, checks, client, queries, rules
from parvis_idcard.ants.coordination.queries import Declaration
from parvis_idcard.ants.coordination.rules import ADVICE, DEAD, State
from parvis_idcard.queries import PLUGIN

_LATE = timedelta(minutes=15)


def timers() -> tuple[Timer, ...]:
    """Whatever no event told is compared every minute; questions and old checks every ten."""
    seldom = timedelta(minutes=10)
    return (
        Timer("idcard.ants-compare", timedelta(minutes=1), compare),
        Timer("idcard.ants-ask", timedelta(minutes=1), ask),
        Timer("idcard.ants-check", seldom, check_near_ones),
        Timer("idcard.ants-free", seldom, free_unanswered),
        Timer("idcard.ants-forget", seldom, checks.sweep),
    )


async def compare() -> int:
    """Find live deposits without a declaration, places called otherwise now, and attempts that got lost; how many."""
    service = client.current()
    if service is None:
        return 0
    dossiers_due = await queries.undeclared_dossiers(rehearsed=not service.rehearses)
    renamed = [] if service.rehearses else await queries.renamed_dossiers()
    found = [await actions.reconcile(dossier) for dossier in dict.fromkeys([*dossiers_due, *renamed])]
    now = clock.now()
    late = await queries.overdue(now, now - _LATE)
    await actions.check_again(late)
    return sum(found) + len(late)


async def check_near_ones() -> int:
    """Ask again what numbers are worth, 7 and 2 days before their hour; how many."""
    now = clock.now()
    if client.current() is None:
        return 0
    due: list[Declaration] = []
    for found in await dossiers.visits(PLUGIN, now, now + max(rules.QUESTIONS)):
        if found.visit is not None:
            due += [row for row in await queries.of_dossier(found.id) if _is_due(row, found.visit.start, now)]
    await actions.check_again(due)
    return len(due)


async def ask() -> int:
    """Ask residents about numbers that are worth nothing (any more), each once; how many were told."""
    return sum([await _ask(row) for row in await queries.not_asked()])


async def free_unanswered() -> int:
    """Free the hours whose numbers are all dead, and about which nobody answered; how many."""
    return sum([await _free(await dossiers.dossier(dossier)) for dossier in await queries.unanswered(clock.now())])


def _is_due(row: Declaration, start: datetime, now: datetime) -> bool:
    return row.state in {State.DECLARED, State.REFUSED} and rules.check_due(start, row.checked_at, now)


async def _ask(row: Declaration) -> bool:
    found, now = await dossiers.dossier(row.dossier), clock.now()
    if found.visit is None or found.visit.start <= now or row.status is None:
        return False
    until = rules.answer_by(found.visit.start, now)
    frees = row.status in DEAD and await _all_dead(found) and rules.may_free(now, found.visit.start)
    async with transaction():
        told = await messages.tell(
            messages.NUMBER,
            found.id,
            f"{row.id.hex[-10:]}-{row.status}"[:20],
            advice=ADVICE[row.status],
            number=row.number,
            until=until,
            frees=frees,
        )
        await actions.note_asked(row.id, now, until)
    return told


async def _free(found: DossierInfo) -> bool:
    visit, now = found.visit, clock.now()
    if visit is None or not visit.live or visit.start <= now or not await _all_dead(found):
        return False
    rows = [row for row in await queries.of_dossier(found.id) if row.asked_at]
    if not any(rules.frees(row.status, row.asked_at, row.answer_by, visit.start, now) for row in rows):
        return False
    await appointments.cancel(found.id, By())
    return True


async def _all_dead(found: DossierInfo) -> bool:
    """Whether no number of an appointment is worth anything any more, whatever it is for."""
    needed = await queries.needed(found) or {}
    worth = [row.status for row in await queries.of_dossier(found.id) if row.digest in needed]
    people = found.visit.people if found.visit else 0
    return len(worth) == people and all(status in DEAD for status in worth)
