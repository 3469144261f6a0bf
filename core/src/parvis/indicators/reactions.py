"""What the figures keep of events: who cancelled, before the timeline that says so is erased."""

from __future__ import annotations

from parvis.contract.values import Reaction
from parvis.db import transaction
from parvis.events import BookingCancelled, BookingRestored


async def note_cancelled(event: BookingCancelled) -> None:
    """Keep who cancelled; the same event twice is once."""
    sql = (
        "INSERT INTO parvis.cancellation (booking, by, at) SELECT $1, by, at FROM parvis.timeline "
        "WHERE dossier = $2 AND event IN ('booking.cancelled', 'visit.given-back') ORDER BY at DESC LIMIT 1 "
        "ON CONFLICT (booking) DO UPDATE SET by = excluded.by, at = excluded.at"
    )
    async with transaction() as c:
        await c.execute(sql, event.booking, event.dossier)


async def forget_restored(event: BookingRestored) -> None:
    """A cancellation that was undone was none."""
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.cancellation WHERE booking = $1", event.booking)


REACTIONS = (
    Reaction(key="indicators.cancelled", event=BookingCancelled, handle=note_cancelled),
    Reaction(key="indicators.restored", event=BookingRestored, handle=forget_restored),
)
