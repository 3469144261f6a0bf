"""Dossiers of appointments taken elsewhere, brought in by the thousand beside `calendars.imports`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parvis import clock, crypto
from parvis.db import Connection, new_id, new_reference, transaction
from parvis.dossiers import digests
from parvis.dossiers.actions import NAMES, reached
from parvis.identity.contacts import Contact

_DOSSIER = (
    "id", "reference", "service", "emitter", "contact_kind", "contact", "contact_digest", "phone", "phone_digest",
    "names", "name_digests", "language", "state", "booking", "kept_days", "home", "opened_at", "closed_at",
)  # fmt: skip
_NOTES = """
INSERT INTO parvis.timeline (id, dossier, at, event, data, by)
SELECT id, dossier, at, event, data::jsonb, by
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
    AS told (id, dossier, at, event, data, by)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """When a dossier was closed (UTC), which the timeline tells as `event`, and by whom."""

    at: datetime
    event: str = "dossier.closed"
    by: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A dossier opened elsewhere. `place` and `start` (UTC) are its visit's; `by` is who booked it.

    `phone` is a number that agents call, `home` the INSEE code of the municipality they come from.
    """

    id: UUID
    service: str
    emitter: UUID
    booking: UUID
    names: tuple[str, ...]
    place: str
    start: datetime
    opened: datetime
    kept_days: int
    language: str = "fr"
    by: str = "staff"
    contact: Contact | None = None
    phone: str | None = None
    home: str | None = None
    ended: Ended | None = None

    def outlived(self, now: datetime) -> bool:
        """Whether it was closed so long ago that nothing personal is kept of it."""
        return self.ended is not None and self.ended.at + timedelta(days=self.kept_days) <= now


async def bring_in(dossiers: Sequence[Former]) -> None:
    """Bring dossiers in with their timeline, after their appointments; no event is recorded.

    Of one that was closed too long ago only the bare row is kept, as if it had been erased here.
    """
    now = clock.now()
    async with transaction() as c:
        references = await _references(c, len(dossiers))
        rows = [_row(former, reference, now) for former, reference in zip(dossiers, references, strict=True)]
        records = [tuple(row.get(name) for name in _DOSSIER) for row in rows]
        await c.copy_records_to_table("dossier", schema_name="parvis", columns=_DOSSIER, records=records)
        notes = [note for former in dossiers if not former.outlived(now) for note in _notes(former)]
        await c.execute(_NOTES, *([note[column] for note in notes] for column in range(6)))


def _row(former: Former, reference: str, now: datetime) -> dict[str, Any]:
    same = ("id", "service", "emitter", "language", "booking", "kept_days", "home")
    row: dict[str, Any] = {name: getattr(former, name) for name in same}
    row |= {"reference": reference, "state": "open", "opened_at": former.opened}
    if former.ended:
        row |= {"state": "closed", "closed_at": former.ended.at}
    if former.outlived(now):
        return row | {"state": "erased"}
    names = crypto.encrypt(msgspec.json.encode(list(former.names)), NAMES)
    found = digests.of_names(former.names, former.emitter)
    return row | reached(former.contact, former.phone) | {"names": names, "name_digests": found}


def _notes(former: Former) -> list[tuple[object, ...]]:
    booked = json.dumps({"start": former.start.isoformat(), "place": former.place})
    notes: list[tuple[object, ...]] = [(new_id(), former.id, former.opened, "booking.confirmed", booked, former.by)]
    if former.ended:
        notes.append((new_id(), former.id, former.ended.at, former.ended.event, "{}", former.ended.by))
    return notes


async def _references(c: Connection, count: int) -> list[str]:
    """So many references that no dossier has, nor another of these."""
    found: set[str] = set()
    while len(found) < count:
        found |= {new_reference() for _ in range(count - len(found))}
        rows = await c.fetch("SELECT reference FROM parvis.dossier WHERE reference = ANY ($1)", list(found))
        found -= {row["reference"] for row in rows}
    return list(found)
