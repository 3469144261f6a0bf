"""Days of the territory as instants. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a day begins and is over; days of 23 and 25 hours too.

    >>> [one.isoformat() for one in bounds(date(2027, 3, 28), ZoneInfo("Europe/Paris"))]
    ['2027-03-27T23:00:00+00:00', '2027-03-28T22:00:00+00:00']
    """
    first, last = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return first, last
