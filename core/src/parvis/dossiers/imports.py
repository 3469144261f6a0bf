"""Dossiers of appointments taken elsewhere, brought in by the thousand beside `calendars.imports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from parvis import crypto
from parvis.db import new_id, new_reference, transaction
from parvis.dossiers import digests
from parvis.dossiers.actions import NAMES

_DOSSIER = (
    "id", "reference", "service", "emitter", "names", "name_digests", "language", "kept_days", "opened_at", "booking",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A dossier opened elsewhere, by telephone mostly: no contact. `place` and `start` (UTC) are its visit's."""

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


async def bring_in(dossiers: Sequence[Former]) -> None:
    """Bring dossiers in with their timeline's first row, after their appointments; no event is recorded."""
    rows = [
        (
            former.id,
            new_reference(),
            former.service,
            former.emitter,
            crypto.encrypt(msgspec.json.encode(list(former.names)), NAMES),
            digests.of_names(former.names, former.emitter),
            former.language,
            former.kept_days,
            former.opened,
            former.booking,
        )
        for former in dossiers
    ]
    notes = [
        (
            new_id(),
            former.id,
            former.opened,
            "booking.confirmed",
            {"start": former.start.isoformat(), "place": former.place},
            "staff",
        )
        for former in dossiers
    ]
    sql = "INSERT INTO parvis.timeline (id, dossier, at, event, data, by) VALUES ($1, $2, $3, $4, $5, $6)"
    async with transaction() as c:
        await c.copy_records_to_table("dossier", schema_name="parvis", columns=_DOSSIER, records=rows)
        await c.executemany(sql, notes)
