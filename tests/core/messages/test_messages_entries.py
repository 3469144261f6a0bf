from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from icalendar import Calendar

from parvis.messages.entries import CalendarEntry, Issue, calendar_file

PARIS = ZoneInfo("Europe/Paris")
ISSUE = Issue(
    sequence=0,
    at=datetime(2026, 11, 24, 8, tzinfo=UTC),
    organiser="Ville d’Illzach",
    organiser_mail="ne-pas-repondre@example.org",
    zone=PARIS,
)
ENTRY = CalendarEntry(
    uid="K7M29QXP@example.org",
    start=datetime(2027, 1, 5, 8, 30, tzinfo=UTC),
    end=datetime(2027, 1, 5, 8, 50, tzinfo=UTC),
    summary="Rendez-vous : carte d’identité, passeport; à l'heure",
    location="Mairie d’Illzach, 9 place de la République, 68110 Illzach",
    description="Apportez :\nvotre photo",
    url="https://example.org/r/1",
)


def read(entry: CalendarEntry = ENTRY, sequence: int = 0) -> tuple[Calendar, str]:
    raw = calendar_file(entry, replace(ISSUE, sequence=sequence))
    return Calendar.from_ical(raw), raw.decode()


def test_what_was_written_is_read_back() -> None:
    calendar, _ = read()
    event = calendar.events[0]
    assert (event["uid"], event["summary"], event["location"]) == (ENTRY.uid, ENTRY.summary, ENTRY.location)
    assert event["description"] == ENTRY.description
    assert (event.start, event.end) == (ENTRY.start, ENTRY.end)
    assert event["organizer"] == "mailto:ne-pas-repondre@example.org"


def test_hours_are_the_place_s_own() -> None:
    _, raw = read()
    assert "DTSTART;TZID=Europe/Paris:20270105T093000" in raw


@pytest.mark.parametrize("month", range(1, 13))
def test_the_zone_says_what_the_real_one_says(month: int) -> None:
    """A client that trusts VTIMEZONE alone reads the very instant, summer and winter."""
    start = datetime(2027, month, 28, 8, 30, tzinfo=UTC)
    calendar, _ = read(msgspec.structs.replace(ENTRY, start=start, end=start + timedelta(minutes=20)))
    zone = calendar.timezones[0].to_tz(lookup_tzid=False)
    local = calendar.events[0].start.replace(tzinfo=None)
    assert local.replace(tzinfo=zone).astimezone(UTC) == start


def test_a_change_keeps_the_uid_and_raises_the_sequence() -> None:
    first, second = read(sequence=0)[0].events[0], read(sequence=1)[0].events[0]
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (0, 1)


def test_a_new_entry_is_published() -> None:
    calendar, _ = read()
    assert calendar["method"] == "PUBLISH"
    assert calendar.events[0]["status"] == "CONFIRMED"


def test_a_cancelled_entry_says_so() -> None:
    calendar, _ = read(msgspec.structs.replace(ENTRY, cancelled=True), 2)
    assert calendar["method"] == "CANCEL"
    assert calendar.events[0]["status"] == "CANCELLED"
    assert calendar.events[0]["sequence"] == 2


def test_lines_are_folded_and_ended_as_the_standard_asks() -> None:
    raw = calendar_file(ENTRY, ISSUE)
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
