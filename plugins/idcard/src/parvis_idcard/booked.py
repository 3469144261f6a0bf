"""What was booked from a seat, as its list shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parvis import clock
from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.territory import queries as territory
from parvis_idcard.queries import PLUGIN
from parvis_idcard.seats import Seat

MOST = 500


class State(StrEnum):
    """What became of an appointment."""

    COMING = "coming"
    MOVED = "moved"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment in the list, with the name of its place."""

    dossier: DossierInfo
    visit: Visit
    state: State
    place: str


async def rows(seat: Seat, sought: str = "") -> list[Row]:
    """What was booked from a seat, or what of it fits a name or a reference; that it was seen is traced.

    Those to come first, the next one on top; then the others, the latest on top.
    """
    found = await dossiers.opened_by(seat.by, PLUGIN, MOST)
    shown = [dossier for dossier in found if not sought or dossiers.is_meant(dossier, sought)]
    async with transaction():
        await audit.saw_several(seat.actor, [dossier.id for dossier in shown], seat.emitter)
    places = {place.id: place.name for place in await territory.places()}
    now = clock.now()
    return in_order(
        Row(dossier, dossier.visit, state(dossier.visit, now), places.get(dossier.visit.place, ""))
        for dossier in shown
        if dossier.visit is not None
    )


def state(visit: Visit, now: datetime) -> State:
    """What became of a visit."""
    if visit.cancelled:
        return State.CANCELLED
    if visit.end <= now:
        return State.OVER
    return State.MOVED if visit.sequence else State.COMING


def is_ahead(row: Row) -> bool:
    """Whether somebody still comes."""
    return row.state in {State.COMING, State.MOVED}


def in_order(found: Iterable[Row]) -> list[Row]:
    """Those to come, the next one first, then the others, the latest first."""
    latest = sorted(found, key=lambda row: row.visit.start, reverse=True)
    ahead: Sequence[Row] = [row for row in latest if is_ahead(row)]
    return [*reversed(ahead), *(row for row in latest if not is_ahead(row))]
