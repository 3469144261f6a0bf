"""Appointments taken elsewhere, brought in by the thousand: from a town's former tool, or by the demo's seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from parvis.calendars.claims import TAKE_CELLS
from parvis.calendars.rules import CELL
from parvis.db import transaction

_COLUMNS = ("id", "desk", "day", "cell", "cells", "period", "state", "kind", "people", "dossier", "created")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An appointment at a desk: `cell` and `cells` of its local day, the same as an instant (UTC) in `start`.

    One that was `cancelled` takes none of them.
    """

    id: UUID
    desk: UUID
    day: date
    cell: int
    cells: int
    start: datetime
    kind: str
    people: int
    dossier: UUID
    created: datetime
    cancelled: bool = False


async def bring_in(appointments: Sequence[Taken]) -> None:
    """Bring appointments in, all or nothing; no event is recorded, so that nobody is written to.

    The desks' days must be open (`grids.open_days`). An appointment that overlaps a live one raises asyncpg's
    ExclusionViolationError.
    """
    rows = [
        (
            taken.id,
            taken.desk,
            taken.day,
            taken.cell,
            taken.cells,
            asyncpg.Range(taken.start, taken.start + taken.cells * CELL),
            "cancelled" if taken.cancelled else "confirmed",
            taken.kind,
            taken.people,
            taken.dossier,
            taken.created,
        )
        for taken in appointments
    ]
    cells = [(taken.desk, taken.day, taken.cell, taken.cells) for taken in appointments if not taken.cancelled]
    async with transaction() as c:
        await c.copy_records_to_table("booking", schema_name="parvis", columns=_COLUMNS, records=rows)
        await c.executemany(TAKE_CELLS, cells)
        await c.execute(
            "INSERT INTO parvis.slot_change_waiting (calendar) "
            "SELECT DISTINCT calendar FROM parvis.desk WHERE id = ANY ($1)",
            list({taken.desk for taken in appointments}),
        )
