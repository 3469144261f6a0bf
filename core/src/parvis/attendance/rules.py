"""How a visit stands on its day, which step may follow, and what has no outcome yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.errors import Refusal, Text

NOTE_SIGNS = 140
EARLIEST_ARRIVAL = timedelta(minutes=60)


class Step(StrEnum):
    """What happens to a visit on its day; `released` gives the rest of its hour back."""

    ARRIVED = "arrived"
    SERVED = "served"
    ABSENT = "absent"
    RELEASED = "released"


class Standing(StrEnum):
    """How a visit stands."""

    EXPECTED = "expected"
    LATE = "late"
    RELEASED = "released"
    ARRIVED = "arrived"
    SERVED = "served"
    ABSENT = "absent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken and not undone: when (UTC) and by whom (resident, staff or system)."""

    id: UUID
    step: Step
    at: datetime
    by: str
    cells: int | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """A visit's hour: instants (UTC), its place's zone, and whether it was cancelled."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    cancelled: bool = False


def standing(done: Sequence[Done], hour: Hour, now: datetime) -> Standing:
    """How a visit stands after the steps taken, the oldest first."""
    if hour.cancelled:
        return Standing.CANCELLED
    if done:
        return Standing(done[-1].step.value)
    return Standing.LATE if hour.start < now else Standing.EXPECTED


def turns_late(done: Sequence[Done], hour: Hour, now: datetime) -> datetime | None:
    """When a visit's standing will change by itself, if it will."""
    return hour.start if standing(done, hour, now) is Standing.EXPECTED else None


def has_no_outcome(found: Standing, end: datetime, now: datetime) -> bool:
    """Whether the time of a visit is over and nobody has said how it ended."""
    open_ = {Standing.EXPECTED, Standing.LATE, Standing.RELEASED, Standing.ARRIVED}
    return end <= now and found in open_


def refusal(found: Standing, step: Step, hour: Hour, now: datetime) -> Refusal | None:
    """Why a step cannot be taken, if so."""
    if found is Standing.CANCELLED:
        return Refusal("visit-cancelled", Text("This appointment was cancelled."))
    if found is Standing.SERVED:
        return Refusal("visit-served", Text("This visit is over. Undo that first."))
    if step is Step.RELEASED and found is not Standing.LATE:
        return Refusal("visit-not-late", Text("Only the hour of somebody who is late is given back."))
    return _wrong_day(step, hour, now)


def offered(found: Standing, hour: Hour, now: datetime) -> tuple[Step, ...]:
    """The steps that are offered first, the likeliest before the others."""
    likely = {
        Standing.EXPECTED: (Step.ARRIVED,),
        Standing.LATE: (Step.ARRIVED, Step.ABSENT),
        Standing.RELEASED: (Step.ARRIVED, Step.ABSENT),
        Standing.ARRIVED: (Step.SERVED,),
        Standing.ABSENT: (),
    }
    if hour.start.astimezone(hour.zone).date() < now.astimezone(hour.zone).date():
        likely[Standing.LATE] = likely[Standing.RELEASED] = (Step.SERVED, Step.ABSENT)
    return tuple(step for step in likely.get(found, ()) if refusal(found, step, hour, now) is None)


def resident_refusal(found: Standing, hour: Hour, now: datetime) -> Refusal | None:
    """Why a resident cannot say by their own link that they are there, if so."""
    if found in {Standing.SERVED, Standing.ABSENT, Standing.CANCELLED} or hour.end <= now:
        return Refusal("visit-over", Text("This appointment is over or was cancelled. Please speak to an agent."))
    if now < hour.start - EARLIEST_ARRIVAL:
        return Refusal("too-early", Text("You can say that you are there from one hour before your appointment on."))
    return None


def noted(text: str) -> str | Refusal:
    """A note tidied into one line, or why it cannot be kept.

    >>> noted("  comes with\\n her mother ")
    'comes with her mother'
    """
    tidy = " ".join(text.split())
    if len(tidy) > NOTE_SIGNS:
        told = Text("A note has {most} characters at most; you wrote {n}.", {"most": NOTE_SIGNS, "n": len(tidy)})
        return Refusal("note-too-long", told, "note")
    return tidy


def together(done: Sequence[Done]) -> list[Done]:
    """The last step with those taken in the same go, the latest first: they are undone together."""
    last: list[Done] = []
    for one in reversed(done):
        if last and one.at != last[0].at:
            break
        last.append(one)
    return last


def count(standings: Iterable[Standing]) -> dict[Standing, int]:
    """How many visits stand how; every standing has its figure."""
    counted = dict.fromkeys(Standing, 0)
    for one in standings:
        counted[one] += 1
    return counted


def _wrong_day(step: Step, hour: Hour, now: datetime) -> Refusal | None:
    day, today = hour.start.astimezone(hour.zone).date(), now.astimezone(hour.zone).date()
    if day > today or (step is Step.ARRIVED and day < today):
        return Refusal("another-day", Text("This appointment is on another day: {day}.", {"day": day}))
    if step is Step.ABSENT and now < hour.start:
        return Refusal("visit-not-begun", Text("This appointment has not begun. If nobody comes, cancel it."))
    return None
