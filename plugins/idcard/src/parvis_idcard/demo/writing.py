"""Writes invented appointments in bulk, as if they had been brought in from a town's former tool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from parvis import clock, crypto
from parvis.attendance import imports as attendance
from parvis.attendance.imports import Stepped
from parvis.calendars import imports as calendars
from parvis.calendars.imports import Taken
from parvis.db import new_id, transaction
from parvis.dossiers import imports as dossiers
from parvis.dossiers.imports import Former
from parvis.indicators import imports as indicators
from parvis.indicators.imports import Cancelled
from parvis.territory.queries import PlaceInfo
from parvis_idcard.demo.endings import Ending
from parvis_idcard.demo.parties import Party, Person
from parvis_idcard.demo.visits import Visit
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.queries import DETAILS, PLUGIN, number_digest, reminder_key
from parvis_idcard.rules import Situation

_VISIT = ("dossier", "kind", "paper", "booked_at")
_APPLICANT = ("id", "dossier", "position", "age", "situation", "details", "number_digest", "live")
_TOLD = ("id", "dossier", "what")


@dataclass(frozen=True, slots=True)
class Booked:
    """An invented appointment at a desk, for whom, since when, and how it ended if it did; instants are UTC."""

    desk: UUID
    day: date
    start: datetime
    end: datetime
    visit: Visit
    party: Party
    opened: datetime
    ending: Ending | None
    id: UUID = field(default_factory=new_id)
    dossier: UUID = field(default_factory=new_id)


async def write(booked: Sequence[Booked], hall: PlaceInfo) -> None:
    """Bring appointments of a town hall in, with what became of them and what was told about them."""
    formers = [_former(one, hall) for one in booked]
    async with transaction():
        await calendars.bring_in([_taken(one) for one in booked])
        await dossiers.bring_in(formers)
        await attendance.bring_in([step for one in booked for step in _steps(one)])
        await indicators.bring_in([told for one in booked for told in _cancelled(one)])
        await _write(list(zip(booked, formers, strict=True)))


def _taken(booked: Booked) -> Taken:
    visit = booked.visit
    return Taken(
        id=booked.id,
        desk=booked.desk,
        day=booked.day,
        cell=visit.cell,
        cells=visit.cells,
        start=booked.start,
        kind=visit.kind,
        people=visit.people,
        dossier=booked.dossier,
        created=booked.opened,
        cancelled=booked.ending is not None and booked.ending.cancelled,
    )


def _former(booked: Booked, hall: PlaceInfo) -> Former:
    party = booked.party
    return Former(
        id=booked.dossier,
        service=PLUGIN,
        emitter=hall.emitter,
        booking=booked.id,
        names=tuple(f"{person.given} {person.family}" for person in party.people),
        place=hall.name,
        start=booked.start,
        opened=booked.opened,
        kept_days=Settings().kept_days,
        by=party.by,
        contact=party.contact,
        phone=party.phone,
        home=party.home,
        ended=booked.ending.closed if booked.ending else None,
    )


def _steps(booked: Booked) -> Iterator[Stepped]:
    for step, at, by in booked.ending.steps if booked.ending else ():
        yield Stepped(booked.id, step, at, by)


def _cancelled(booked: Booked) -> Iterator[Cancelled]:
    if booked.ending and booked.ending.cancelled:
        yield Cancelled(booked.id, booked.ending.closed.by, booked.ending.closed.at)


async def _write(booked: Sequence[tuple[Booked, Former]]) -> None:
    now = clock.now()
    visits = [(one.dossier, one.visit.kind, one.visit.paper, one.opened) for one, _ in booked]
    people = [
        (new_id(), one.dossier, position, person.age, Situation.RENEWAL, *_kept(person, one, former.outlived(now)))
        for one, former in booked
        for position, person in enumerate(one.party.people)
    ]
    told = [(new_id(), one.dossier, what) for one, _ in booked for what in _reminded(one, now)]
    async with transaction() as c:
        await c.copy_records_to_table("visit", schema_name="idcard", columns=_VISIT, records=visits)
        await c.copy_records_to_table("applicant", schema_name="idcard", columns=_APPLICANT, records=people)
        await c.copy_records_to_table("told", schema_name="idcard", columns=_TOLD, records=told)


def _kept(person: Person, booked: Booked, outlived: bool) -> tuple[bytes | None, bytes | None, bool]:
    """What is kept of somebody, what finds the number, and whether that is of a live deposit."""
    if outlived:
        return None, None, False
    told = {"given": person.given, "family": person.family, "number": person.number}
    digest = number_digest(person.number) if person.number else None
    live = booked.ending is None or not booked.ending.cancelled
    return crypto.encrypt(msgspec.json.encode(told), DETAILS), digest, live


def _reminded(booked: Booked, now: datetime) -> Iterator[str]:
    """Which reminders were sent before today, so that a demo that begins writes to nobody."""
    for days in Settings().reminders if booked.party.contact and booked.ending is None else ():
        if booked.opened <= booked.start - timedelta(days=days) <= now:
            yield reminder_key(days, 0)
