"""What an agent decides about appointments that a change leaves out, as the form sends it, and the saving itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from parvis import clock
from parvis.audit import actions as audit
from parvis.calendars import orphaned, saving
from parvis.calendars.orphaned import Decision, Orphan
from parvis.calendars.saving import Edit, Saved
from parvis.calendars.timetables import Timetable
from parvis.db import transaction
from parvis.dossiers import settling
from parvis.dossiers.actions import By
from parvis.errors import Refusal, Text
from parvis.office.openings.looking import Here
from parvis.web.forms import Form

_UNDECIDED = Text("Decide what becomes of this appointment.")
_TAKEN = Text("This hour is no longer free. Choose another one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An appointment left out, the hours it could move to (UTC), and how its people can be told, if at all.

    One that has `begun` can only be kept: its people are there.
    """

    orphan: Orphan
    hours: Sequence[datetime]
    contact: str | None
    begun: bool

    @property
    def field(self) -> str:
        """The name of its field in the form."""
        return f"decision-{self.orphan.booking.id.hex}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """All that a change leaves out: appointments to decide about, and how many hours are being booked just now."""

    appointments: Sequence[Left] = ()
    held: int = 0


async def left_out(before: Timetable, after: Timetable) -> LeftOut:
    """What a change leaves out, with proposals."""
    found = await orphaned.orphans(before, after)
    booked = [orphan for orphan in found if orphan.booking.state == "confirmed"]
    now = clock.now()
    ahead = [orphan.booking for orphan in booked if orphan.booking.start > now]
    hours = await orphaned.proposals(after, ahead) if ahead else {}
    contacts = await settling.contacts(orphan.booking.id for orphan in booked)
    appointments = [
        Left(
            orphan=orphan,
            hours=hours.get(orphan.booking.id, ()),
            contact=contacts.get(orphan.booking.id),
            begun=orphan.booking.start <= now,
        )
        for orphan in booked
    ]
    return LeftOut(appointments, len(found) - len(booked))


def decisions(form: Form[Any], appointments: Iterable[Left]) -> dict[UUID, Decision]:
    """What was decided so far; hours that are not proposed any more count as nothing."""
    found = {left.orphan.booking.id: _decision(form.text(left.field), left) for left in appointments}
    return {booking: decision for booking, decision in found.items() if decision is not None}


def undecided(form: Form[Any], appointments: Iterable[Left]) -> list[Refusal]:
    """A sentence for each appointment about which nothing, or something impossible, was decided."""
    return [
        Refusal("undecided", _TAKEN if form.text(left.field).startswith("move ") else _UNDECIDED, left.field)
        for left in appointments
        if _decision(form.text(left.field), left) is None
    ]


def decided_alike(form: Form[Any], appointments: Iterable[Left]) -> Form[Any]:
    """The form with the same decision for all about whom nothing was decided yet."""
    alike = form.text("alike")
    chosen: dict[str, tuple[str, ...]] = {}
    for left in appointments:
        if _decision(form.text(left.field), left) is None:
            if left.begun:
                chosen[left.field] = ("keep",)
            elif alike == "move" and left.hours:
                chosen[left.field] = (value_of(left.hours[0]),)
            elif alike in ("keep", "cancel"):
                chosen[left.field] = (alike,)
    return replace(form, raw={**form.raw, **chosen})


def value_of(start: datetime) -> str:
    """How a form says that an appointment moves to an hour."""
    return f"move {start.isoformat()}"


async def save(here: Here, edit: Edit, decided: Mapping[UUID, Decision], message: str) -> Saved:
    """Save a change and settle what it leaves out, all or nothing; residents are told, with the message.

    Raises RulesChanged, Undecided, SlotFull, Refused.
    """
    by = By("staff", here.actor.person, here.emitter.id)
    async with transaction():
        dossiers = await settling.lock(decided)
        saved = await saving.save(edit, decided)
        due = {booking: decided[booking] for booking in saved.settled}
        await settling.settle(due, dossiers, by, message)
        await audit.trace(
            here.actor,
            "change-rules",
            "calendar",
            edit.calendar,
            emitter=here.emitter.id,
            sort=edit.sort,
            version=saved.version,
            settled=len(due),
        )
    return saved


def _decision(raw: str, left: Left) -> Decision | None:
    if raw == "keep":
        return Decision("keep")
    if raw == "cancel" and not left.begun:
        return Decision("cancel")
    return next((Decision("move", start) for start in left.hours if value_of(start) == raw), None)
