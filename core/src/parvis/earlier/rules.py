"""Pure decisions about earlier hours: what somebody would take, when they may be asked, how often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis.errors import Refusal, Text

MOST_OFFERS = 3
LEAD = timedelta(hours=48)
_MORNING, _EVENING = time(8), time(20)
_SPARE = timedelta(minutes=10)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody would take: at which calendars, on which weekdays (1 is Monday, none is any), up to which day.

    An hour begins at `not_before` or later and ends at `not_after` or earlier, in the place's time.
    """

    calendars: tuple[UUID, ...]
    weekdays: tuple[int, ...] = ()
    not_before: time = time(0)
    not_after: time = time(23, 59)
    last_day: date


def fits(wish: Wish, calendar: UUID, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether an hour (UTC) is one that somebody would take.

    >>> from datetime import UTC
    >>> hall, paris = UUID(int=1), ZoneInfo("Europe/Paris")
    >>> mornings = Wish(calendars=(hall,), not_after=time(12), last_day=date(2027, 1, 8))
    >>> fits(mornings, hall, datetime(2027, 1, 4, 10, 40, tzinfo=UTC), datetime(2027, 1, 4, 11, tzinfo=UTC), paris)
    True
    >>> fits(mornings, hall, datetime(2027, 1, 4, 11, tzinfo=UTC), datetime(2027, 1, 4, 11, 20, tzinfo=UTC), paris)
    False
    """
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    return (
        calendar in wish.calendars
        and (not wish.weekdays or begins.isoweekday() in wish.weekdays)
        and begins.time() >= wish.not_before
        and ends.time() <= wish.not_after
        and begins.date() <= wish.last_day
    )


def asked_from(now: datetime) -> datetime:
    """When somebody may be asked next: now, or at eight in the morning if it is night; `now` is in the place's zone.

    >>> paris = ZoneInfo("Europe/Paris")
    >>> asked_from(datetime(2026, 11, 27, 20, 0, tzinfo=paris)).isoformat()
    '2026-11-28T08:00:00+01:00'
    """
    if _MORNING <= now.time() < _EVENING:
        return now
    day = now.date() + timedelta(days=now.time() >= _EVENING)
    return datetime.combine(day, _MORNING, now.tzinfo)


def kept_over_night(morning: datetime) -> datetime:
    """Until when an hour is kept that nobody may be asked about before the morning."""
    return morning + _SPARE


def refusals(wish: Wish, offered: Iterable[UUID], visit: datetime, now: datetime, offers: int) -> list[Refusal]:
    """Why somebody cannot ask for this. `offered` are the calendars there are; `visit`, `now` in the place's zone."""
    found = []
    if offers >= MOST_OFFERS:
        text = Text("You were proposed {n} hours already. You can still move your appointment yourself.", {"n": offers})
        found.append(Refusal("offers-used", text))
    if visit - now <= LEAD:
        found.append(Refusal("too-near", Text("Your appointment is too near: nobody could be asked in time.")))
    if not wish.calendars or not set(wish.calendars) <= set(offered):
        found.append(Refusal("no-place", Text("Choose one place at least."), "places"))
    if wish.not_before >= wish.not_after:
        found.append(Refusal("no-hours", Text("Choose an end that is later than the beginning."), "not_after"))
    if not (now + LEAD).date() <= wish.last_day <= visit.date():
        text = Text("Choose a day from {first} to {last}.", {"first": (now + LEAD).date(), "last": visit.date()})
        found.append(Refusal("no-day", text, "last_day"))
    return found
