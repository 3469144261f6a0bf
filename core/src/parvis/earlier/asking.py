"""The question which earlier hours somebody would take, as a form: for residents and for agents who ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from parvis.calendars.queries import BookingInfo
from parvis.earlier.queries import Choice
from parvis.earlier.rules import LEAD, Wish
from parvis.errors import Text
from parvis.web import fields, forms
from parvis.web.forms import Form

_FIRST, _LAST = 7, 20
_ANY_END = 24


class AskForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which hours, as chosen: places by their calendar, weekdays, whole hours of the clock, the last day."""

    last_day: Annotated[date, fields.Missing(Text("Write up to which day."))]
    places: tuple[str, ...] = ()
    weekdays: tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...] = ()
    not_before: Annotated[int, msgspec.Meta(ge=0, le=23)] = 0
    not_after: Annotated[int, msgspec.Meta(ge=1, le=_ANY_END)] = _ANY_END


def wish_of(asked: AskForm, choices: Sequence[Choice]) -> Wish:
    """What was chosen; a place that is no choice is left out."""
    ticked = set(asked.places)
    return Wish(
        calendars=tuple(choice.calendar for choice in choices if choice.calendar.hex in ticked),
        weekdays=tuple(sorted(set(asked.weekdays))),
        not_before=time(asked.not_before),
        not_after=time(asked.not_after) if asked.not_after < _ANY_END else time(23, 59),
        last_day=asked.last_day,
    )


def filled(wish: Wish | None, held: BookingInfo, choices: Sequence[Choice]) -> Form[Any]:
    """The form with what was asked for, or to begin with: the own place, any day up to the one before the visit."""
    if wish is None:
        own = tuple(choice.calendar.hex for choice in choices if choice.calendar == held.calendar)
        return forms.blank(places=own, not_before=0, not_after=_ANY_END, last_day=_day_before(held))
    return forms.blank(
        places=tuple(calendar.hex for calendar in wish.calendars),
        weekdays=wish.weekdays,
        not_before=wish.not_before.hour,
        not_after=_ANY_END if wish.not_after.minute else wish.not_after.hour,
        last_day=wish.last_day,
    )


def options(held: BookingInfo, choices: Sequence[Choice], now: datetime) -> Mapping[str, Any]:
    """What the form offers."""
    zone = ZoneInfo(held.zone)
    return {
        "places": [(choice.calendar.hex, choice.name) for choice in choices],
        "begins": [time(hour) for hour in range(_FIRST + 1, _LAST)],
        "ends": [time(hour) for hour in range(_FIRST + 2, _LAST + 1)],
        "first_day": (now + LEAD).astimezone(zone).date(),
        "last_day": held.start.astimezone(zone).date(),
    }


def names_of(wish: Wish, choices: Sequence[Choice]) -> list[str]:
    """The places of a wish by name."""
    known: Mapping[UUID, str] = {choice.calendar: choice.name for choice in choices}
    return [known[calendar] for calendar in wish.calendars if calendar in known]


def _day_before(held: BookingInfo) -> date:
    return held.start.astimezone(ZoneInfo(held.zone)).date() - timedelta(days=1)
