"""Small decisions of the calendars: where an instant lies in a desk's day, how long, how far ahead, how late."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.errors import Refusal, Text

CELL = timedelta(minutes=CELL_MINUTES)
_FURTHEST = timedelta(days=400)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a local day begins.

    >>> midnight(date(2026, 3, 30), ZoneInfo("Europe/Paris")).isoformat()
    '2026-03-29T22:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def instant_of(day: date, cell: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a cell of a local day begins."""
    return midnight(day, zone) + cell * CELL


def cell_of(instant: datetime, zone: ZoneInfo) -> tuple[date, int]:
    """The local day of an instant and the cell it lies in.

    >>> cell_of(datetime(2026, 3, 29, 7, 0, tzinfo=UTC), ZoneInfo("Europe/Paris"))  # 9:00, after the change
    (datetime.date(2026, 3, 29), 96)
    """
    day = instant.astimezone(zone).date()
    return day, (instant - midnight(day, zone)) // CELL


def cells_needed(minutes_first: int, minutes_further: int, people: int) -> int:
    """How many cells an appointment for so many people takes, rounded up.

    >>> cells_needed(20, 12, 2)
    7
    """
    return -(-(minutes_first + (people - 1) * minutes_further) // CELL_MINUTES)


def last_open_day(
    now: datetime, horizon_days: int, weekday: int | None, at: time, open_until: date | None = None
) -> date:
    """The last local day that can be booked. `now` is in the place's zone, `weekday` is 1 for Monday, None for daily.

    With `open_until` all days up to it are open at once, but never more than 400 days ahead.

    >>> friday = datetime(2026, 11, 27, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))
    >>> last_open_day(friday, 10, 4, time(17, 30)).isoformat()  # opened on Thursday, to the Sunday of next week
    '2026-12-06'
    """
    if open_until is not None:
        return min(open_until, now.date() + _FURTHEST)
    opened = now.date() if now.time() >= at else now.date() - timedelta(days=1)
    if weekday is not None:
        opened -= timedelta(days=(opened.isoweekday() - weekday) % 7)
    return opened + timedelta(days=horizon_days)


def next_opening(now: datetime, weekday: int | None, at: time, open_until: date | None = None) -> datetime | None:
    """When the next days open, in the place's zone; None where all were opened at once. As for `last_open_day`.

    >>> friday = datetime(2026, 11, 27, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))
    >>> next_opening(friday, 4, time(17, 30)).isoformat(), next_opening(friday, None, time()).isoformat()
    ('2026-12-03T17:30:00+01:00', '2026-11-28T00:00:00+01:00')
    """
    if open_until is not None:
        return None
    day = now.date() if now.time() < at else now.date() + timedelta(days=1)
    if weekday is not None:
        day += timedelta(days=(weekday - day.isoweekday()) % 7)
    return datetime.combine(day, at, now.tzinfo)


def returns_late(start: datetime, now: datetime, at_once: timedelta) -> bool:
    """Whether a freed hour waits before it returns to the public: not if it is too near for the wait to be fair."""
    return start - now > at_once


def extension(created: datetime, held_until: datetime, extended: bool, longest: timedelta) -> datetime | Refusal:
    """Until when a hold lasts once it is prolonged; it can be, once, to `longest` after it was taken."""
    if extended:
        return Refusal("hold-extended", Text("This hour was already kept longer for you once."))
    return max(held_until, created + longest)


def too_late(start: datetime, now: datetime) -> Refusal | None:
    """Why a booking can no longer be moved or cancelled, if so."""
    if start <= now:
        return Refusal("booking-started", Text("This appointment has already begun. It can no longer be changed."))
    return None
