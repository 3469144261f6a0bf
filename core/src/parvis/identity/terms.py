"""Days that people type, and the instants at which a right ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from parvis import clock, settings


def end_of(day: date) -> datetime:
    """The instant (UTC) from which a right no longer holds whose last day this is."""
    return datetime.combine(day + timedelta(days=1), time(), settings.current().zone).astimezone(UTC)


def last_day(end: datetime) -> date:
    """The last day of a right that ends at this instant."""
    return (end - timedelta(microseconds=1)).astimezone(settings.current().zone).date()


def first_last_day() -> date:
    """The first day that can be typed as a last one: what is taken today is taken at once instead."""
    return clock.now().astimezone(settings.current().zone).date() + timedelta(days=1)
