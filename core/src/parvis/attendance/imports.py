"""What became of visits elsewhere, brought in by the thousand beside `calendars.imports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis.attendance.rules import Step
from parvis.db import new_id, transaction

_COLUMNS = ("id", "booking", "step", "at", "by")


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step that was taken with a visit at an instant (UTC), by resident, staff or system."""

    booking: UUID
    step: Step
    at: datetime
    by: str = "staff"


async def bring_in(steps: Sequence[Stepped]) -> None:
    """Bring steps in, those of one visit in the order in which they were taken."""
    rows = [(new_id(), taken.booking, taken.step.value, taken.at, taken.by) for taken in steps]
    async with transaction() as c:
        await c.copy_records_to_table("attendance_step", schema_name="parvis", columns=_COLUMNS, records=rows)
