"""What an application number is worth, what is to be done at the coordination service, and when. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from parvis.errors import Refusal, Text

QUESTIONS = (timedelta(days=7), timedelta(days=2))
_TO_ANSWER = timedelta(days=3)
_BEFORE = timedelta(days=1)
_FIRST, _LONGEST = 2.0, 300.0


class Status(StrEnum):
    """What the service says of a number. Only `validated` may be booked."""

    VALIDATED = "validated"
    CONSUMED = "consumed"
    DECLARED = "declared"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


DEAD = frozenset({Status.CONSUMED, Status.EXPIRED})


class State(StrEnum):
    """How a declaration stands: to be tried, there and only its status asked again, there, not there, not allowed,
    only logged, or its hour has begun."""

    DUE = "due"
    CHECK = "check"
    DECLARED = "declared"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    REHEARSED = "rehearsed"
    OVER = "over"


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as the service has it; `appointment_date` is wall-clock time, e.g. 2027-01-04T08:45:00."""

    management_url: str = ""
    meeting_point: str = ""
    appointment_date: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says of a number: its status, and the appointments it has anywhere."""

    status: Status
    appointments: tuple[Registered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An appointment as we declare it; `at` is the wall-clock time of the place."""

    place_id: str
    place: str
    at: str
    url: str

    def is_(self, there: Registered) -> bool:
        """Whether the service has just this."""
        return (there.meeting_point, there.management_url) == (self.place, self.url) and _same_time(
            there.appointment_date, self.at
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be done: withdraw these, then declare; or nothing, because the number's status forbids it."""

    withdraw: tuple[Registered, ...] = ()
    declare: bool = False
    refused: bool = False


def steps(
    wanted: Declared | None, told: Declared | None, standing: Standing, own: str, overridden: bool = False
) -> Steps:
    """What brings the service in line with what we want of a number.

    Ours is what has the address `own`, or what we told before: a declaration whose answer was lost is ours too. A
    number that is no longer `validated` keeps what it has.
    """
    ours = [there for there in standing.appointments if there.management_url == own or _was_told(there, told)]
    if wanted is None:
        return Steps(withdraw=tuple(ours))
    wrong = tuple(there for there in ours if not wanted.is_(there))
    if len(wrong) < len(ours):
        return Steps(withdraw=wrong)
    allowed = standing.status is Status.VALIDATED or (overridden and standing.status is not Status.CONSUMED)
    return Steps(withdraw=wrong, declare=True) if allowed else Steps(refused=True)


def elsewhere(standing: Standing, own: str) -> tuple[Registered, ...]:
    """A number's appointments that are not this instance's; our addresses begin with `own`."""
    return tuple(there for there in standing.appointments if not there.management_url.startswith(own))


def refusal(
    standing: Standing, others: Sequence[Registered], cleared: bool, field: str, zone: ZoneInfo
) -> Refusal | None:
    """Why a number cannot be booked online, and what to do; `cleared` says that the other appointment is cancelled."""
    if standing.status is not Status.VALIDATED:
        return Refusal(f"number-{standing.status}", ADVICE[standing.status], field)
    if others and not cleared:
        there = others[0]
        params = {
            "place": there.meeting_point,
            "at": said_time(there.appointment_date, zone),
            "url": there.management_url,
        }
        return Refusal("number-elsewhere", Text(ELSEWHERE.msgid, params), field)
    return None


def other_address(text: Text | None) -> str | None:
    """Where another vendor's appointment is cancelled, if a refusal says so; only what a browser may open."""
    if text is None or text.msgid != ELSEWHERE.msgid:
        return None
    url = str(text.params["url"])
    return url if url.startswith(("https://", "http://")) else ""


ELSEWHERE = Text(
    "This number already has an appointment: {place}, {at}. Cancel it there ({url}), then tick below that it is done."
)
ADVICE = {
    Status.CONSUMED: Text(
        "A paper was already applied for with this number. Make a new pre-application, and write its number here."
    ),
    Status.EXPIRED: Text("This number is too old. Make a new pre-application, and write its number here."),
    Status.UNKNOWN: Text(
        "The national service does not know this number. Copy it again from the summary of your pre-application."
    ),
    Status.DECLARED: Text(
        "This pre-application is not finished. Finish it at passeport.ants.gouv.fr, then write the number here."
    ),
}


def wall_time(start: datetime) -> str:
    """An instant, already in the zone of its place, as the service wants it: without a zone."""
    return f"{start:%Y-%m-%dT%H:%M:%S}"


def said_time(typed: str, zone: ZoneInfo) -> datetime | str:
    """A wall-clock time of the service's as an hour that can be shown, or as it stands if it cannot be read."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError:
        return typed


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after a failed attempt: doubling from 2 s to five minutes, a part of it left to chance.

    >>> [pause(n, 0).total_seconds() for n in (1, 3, 40)]
    [2.0, 8.0, 300.0]
    """
    longest = min(_FIRST * 2 ** min(attempts - 1, 20), _LONGEST)
    return timedelta(seconds=longest * (1 - jitter / 2))


def check_due(start: datetime, checked: datetime | None, now: datetime) -> bool:
    """Whether a number's status is asked again: 7 and 2 days before the hour, once each.

    >>> from datetime import UTC
    >>> start, day = datetime(2027, 1, 11, 9, tzinfo=UTC), timedelta(days=1)
    >>> check_due(start, start - 20 * day, start - 6 * day), check_due(start, start - 6.5 * day, start - 6 * day)
    (True, False)
    """
    marks = [start - before for before in QUESTIONS if start - before <= now < start]
    return bool(marks) and (checked is None or checked < max(marks))


def answer_by(start: datetime, now: datetime) -> datetime:
    """Until when a resident may mend a number, or answer whether the appointment is still needed: some days.

    >>> from datetime import UTC
    >>> now = datetime(2027, 1, 4, 9, tzinfo=UTC)
    >>> [answer_by(datetime(2027, 1, day, 9, tzinfo=UTC), now).day for day in (31, 6)]
    [7, 5]
    """
    return min(now + _TO_ANSWER, max(now, start - _BEFORE))


def may_free(asked: datetime, start: datetime) -> bool:
    """Whether a question is asked early enough for the hour to be freed without an answer: a day before at least."""
    return asked < start - _BEFORE


def frees(
    status: Status | None, asked: datetime | None, until: datetime | None, start: datetime, now: datetime
) -> bool:
    """Whether an hour is freed: its number is dead, the question was asked in time, and nobody answered it."""
    if status not in DEAD or asked is None or until is None:
        return False
    return may_free(asked, start) and until <= now < start


def _was_told(there: Registered, told: Declared | None) -> bool:
    if told is None:
        return False
    same = there.meeting_point == told.place and _same_time(there.appointment_date, told.at)
    return same or there.management_url == told.url


def _same_time(one: str, other: str) -> bool:
    # It may come back with a blank for the T, or without seconds.
    return one.replace(" ", "T")[:16] == other.replace(" ", "T")[:16]
