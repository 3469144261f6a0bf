"""What becomes of appointments that a change of opening rules leaves out: moved or cancelled, and their people told.

Inside one transaction: `lock` before the rules are saved, `settle` after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from parvis.calendars import actions as calendars
from parvis.calendars.orphaned import Decision
from parvis.calendars.queries import booking
from parvis.db import connection, transaction
from parvis.dossiers import actions
from parvis.dossiers.actions import By
from parvis.errors import NotFound
from parvis.territory import queries as territory


async def lock(bookings: Iterable[UUID]) -> dict[UUID, UUID]:
    """Lock the dossiers of some bookings, before anything else of them is locked; their ids by booking."""
    sql = "SELECT id, booking FROM parvis.dossier WHERE booking = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
    async with transaction() as c:
        return {row["booking"]: row["id"] for row in await c.fetch(sql, list(bookings))}


async def settle(decisions: Mapping[UUID, Decision], dossiers: Mapping[UUID, UUID], by: By, reason: str) -> None:
    """Move or cancel bookings as decided, those that stay are left alone; `dossiers` are their locked dossiers.

    Raises SlotFull if an hour was taken meanwhile, Refused if one has begun.
    """
    # Freed hours first, then in the order of the new ones: what one leaves another may take.
    for found, decision in sorted(
        decisions.items(), key=lambda pair: (pair[1].start is not None, pair[1].start, pair[0])
    ):
        if decision.what == "cancel":
            await _cancel(found, dossiers.get(found), by, reason)
        elif decision.start is not None:
            await _move(found, decision, dossiers.get(found), by, reason)


async def _cancel(found: UUID, dossier: UUID | None, by: By, reason: str) -> None:
    if dossier is None:
        await calendars.cancel(found)
    else:
        await actions.cancel_visit(dossier, by, reason=reason)


async def _move(found: UUID, decision: Decision, dossier: UUID | None, by: By, reason: str) -> None:
    start = decision.start
    if start is None:
        raise NotFound
    now = await booking(found)
    if dossier is None:
        await calendars.move(found, now.calendar, start, counter=True)
    else:
        place = await territory.place(now.place)
        await actions.move_visit(dossier, now.calendar, start, place.name, by, reason)


async def contacts(bookings: Iterable[UUID]) -> dict[UUID, str]:
    """How the people of bookings can be told: mail or sms; a booking without a contact is missing."""
    sql = "SELECT booking, contact_kind FROM parvis.dossier WHERE booking = ANY ($1) AND contact_kind IS NOT NULL"
    async with connection() as c:
        return {row["booking"]: row["contact_kind"] for row in await c.fetch(sql, list(bookings))}
