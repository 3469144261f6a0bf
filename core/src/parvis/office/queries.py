"""What the back office shows: one day's appointments of one emitter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from parvis.audit import actions as audit
from parvis.db import connection, transaction
from parvis.dossiers import queries as dossiers
from parvis.identity.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A confirmed appointment; `start` and `end` are instants (UTC), `zone` is the place's."""

    booking: UUID
    start: datetime
    end: datetime
    zone: str
    desk: str
    place: str
    service: str
    kind: str
    people: int
    dossier: UUID | None
    reference: str | None


_DAY = """
SELECT booking.id AS booking, lower(period) AS start, upper(period) AS end, calendar.zone, desk.name AS desk,
       place.name AS place, calendar.service, booking.kind, booking.people, dossier.id AS dossier, reference
FROM parvis.place
JOIN parvis.calendar ON calendar.place = place.id
JOIN parvis.desk ON desk.calendar = calendar.id
JOIN parvis.booking ON booking.desk = desk.id
LEFT JOIN parvis.dossier ON dossier.id = booking.dossier
WHERE (place.emitter = $1 OR place.operator = $1) AND booking.day = $2 AND booking.state = 'confirmed'
ORDER BY start, place.name, desk.name
"""


async def appointments(emitter: UUID, day: date) -> list[Appointment]:
    """Confirmed appointments of an emitter's places on a day (the place's own), by hour and desk."""
    async with connection() as c:
        return [Appointment(**row) for row in await c.fetch(_DAY, emitter, day)]


async def names_seen(actor: Actor, emitter: UUID, rows: Sequence[Appointment]) -> dict[UUID, tuple[str, ...]]:
    """Whom the appointments are for, by dossier; that the agent saw them is traced, and shown to each resident."""
    ids = [row.dossier for row in rows if row.dossier]
    async with transaction():
        await audit.saw_several(actor, ids, emitter)
        return await dossiers.names(ids)
