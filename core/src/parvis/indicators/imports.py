"""Cancellations of appointments taken elsewhere, brought in by the thousand beside `calendars.imports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis.db import transaction

_COLUMNS = ("booking", "by", "at")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Who cancelled a booking (resident, staff, helper or system) and when (UTC)."""

    booking: UUID
    by: str
    at: datetime


async def bring_in(cancellations: Sequence[Cancelled]) -> None:
    """Bring in who cancelled, for the figures."""
    rows = [(one.booking, one.by, one.at) for one in cancellations]
    async with transaction() as c:
        await c.copy_records_to_table("cancellation", schema_name="parvis", columns=_COLUMNS, records=rows)
