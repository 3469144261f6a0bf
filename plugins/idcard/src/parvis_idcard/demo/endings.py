"""How invented visits of the past ended: served, not come, not noted, or cancelled before, by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from parvis.attendance.rules import Step
from parvis.dossiers.imports import Ended
from parvis_idcard.demo.chance import one_of

_WHAT = (("served", 85), ("absent", 6), ("not-noted", 1), ("cancelled", 8))
_WHO_CANCELS = (("resident", 72), ("staff", 16), ("helper", 7), ("system", 5))
_BY_THEMSELVES = 0.2


@dataclass(frozen=True, slots=True)
class Ending:
    """The steps that were taken (which, when, by whom), and when and how the dossier was closed; instants are UTC."""

    steps: tuple[tuple[Step, datetime, str], ...]
    closed: Ended
    cancelled: bool = False


def ending(opened: datetime, start: datetime, end: datetime, random: Random) -> Ending:
    """How a visit ended that was booked at `opened` and lasted from `start` to `end`."""
    what = one_of(_WHAT, random)
    if what == "cancelled":
        at = opened + random.random() * (start - opened)
        return Ending((), Ended(at, "booking.cancelled", one_of(_WHO_CANCELS, random)), cancelled=True)
    return Ending(_steps(what, start, end, random), Ended(end))


def _steps(what: str, start: datetime, end: datetime, random: Random) -> tuple[tuple[Step, datetime, str], ...]:
    if what == "absent":
        return ((Step.ABSENT, end, "staff"),)
    if what == "not-noted":
        return ()
    arrived = start - timedelta(minutes=random.randrange(1, 10))
    by = "resident" if random.random() < _BY_THEMSELVES else "staff"
    return (Step.ARRIVED, arrived, by), (Step.SERVED, end - timedelta(minutes=random.randrange(4)), "staff")
