"""An appointment as a calendar file: created, changed and cancelled under one UID with a rising SEQUENCE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from icalendar import Calendar, Event, vCalAddress, vText

_PRODUCT = "-//Parvis//Parvis//FR"
_REFRESH = timedelta(minutes=15)


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into a calendar. `uid` stays the same for life; `start` and `end` are instants (UTC).

    The summary, the description and the location are in the reader's language already; `cancelled` takes the
    entry away again. The sequence is counted by `messages` as it is sent.
    """

    uid: str
    start: datetime
    end: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One sending of an entry: its number, when, in whose name, shown in which zone."""

    sequence: int
    at: datetime
    organiser: str
    organiser_mail: str
    zone: ZoneInfo


def method(entry: CalendarEntry) -> str:
    """The iTIP method (RFC 5546) under which mail clients take the file."""
    return "CANCEL" if entry.cancelled else "PUBLISH"


def calendar_file(entry: CalendarEntry, issue: Issue) -> bytes:
    """The entry as an iCalendar file (RFC 5545), its hours in the zone's own time with that zone's rules."""
    calendar = _calendar()
    calendar.add("method", method(entry))
    calendar.add_component(_event(entry, issue))
    return _written(calendar, entry.start.astimezone(issue.zone).year)


def agenda_file(name: str, entries: Iterable[CalendarEntry], at: datetime, zone: ZoneInfo) -> bytes:
    """Several entries as one calendar to subscribe to, its hours in the zone's own time; nobody is invited."""
    calendar = _calendar()
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_plain_event(entry, at, zone))
    return _written(calendar, at.astimezone(zone).year)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _written(calendar: Calendar, year: int) -> bytes:
    calendar.add_missing_timezones(first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    return bytes(calendar.to_ical())


def _plain_event(entry: CalendarEntry, at: datetime, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", at)
    event.add("dtstart", entry.start.astimezone(zone))
    event.add("dtend", entry.end.astimezone(zone))
    event.add("summary", entry.summary)
    event.add("class", "PRIVATE")
    return event


def _event(entry: CalendarEntry, issue: Issue) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", issue.sequence)
    event.add("dtstamp", issue.at)
    event.add("last-modified", issue.at)
    event.add("dtstart", entry.start.astimezone(issue.zone))
    event.add("dtend", entry.end.astimezone(issue.zone))
    event.add("summary", entry.summary)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    organiser = vCalAddress(f"mailto:{issue.organiser_mail}")
    organiser.params["CN"] = vText(issue.organiser)
    event.add("organizer", organiser)
    for name in ("location", "description", "url"):
        if getattr(entry, name):
            event.add(name, getattr(entry, name))
    return event
