"""The demo's stations: what each town hall opens in a week, invented so that a year has about 45,000 appointments.

Hours come as "weekdays from-to"; 1 is Monday. A year of the fourteen desks is counted by a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from parvis.calendars.openings import Weekly

_LINE = re.compile(r"([1-7]+) (\d+):(\d\d)-(\d+):(\d\d)")
THURSDAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A town hall's stations: the weekly hours of each, minutes of a deposit for the first and each further person.

    `opens_at` is for one that publishes its new hours on Thursdays.
    """

    place: str
    desks: tuple[str, ...]
    first: int = 20
    further: int = 10
    opens_weekday: int | None = None
    opens_at: time = time()


STATIONS = (
    Station(
        place="mairie-mulhouse",
        desks=(
            "12345 8:30-12:10, 6 9:00-11:40",
            "12345 8:30-12:10, 6 9:00-11:40",
            "12345 8:30-11:50, 24 13:30-15:10",
            "12345 8:30-11:50, 24 13:30-15:10",
            "12345 13:30-17:10",
            "12345 13:30-17:10",
        ),
        opens_weekday=THURSDAY,
        opens_at=time(17, 30),
    ),
    Station(
        place="mairie-illzach",
        desks=("12345 8:30-12:10, 3 13:40-17:00", "12345 13:30-17:10, 2 8:30-11:50"),
    ),
    Station(
        place="mairie-wittenheim",
        desks=("12345 8:00-12:00, 4 16:00-18:00", "1235 13:30-17:10, 4 13:30-18:50, 6 9:00-11:00"),
        further=15,
    ),
    Station(place="mairie-rixheim", desks=("12345 8:30-11:45, 3 14:00-15:15",), first=15, further=15),
    Station(place="mairie-habsheim", desks=("12345 8:00-12:00, 2 16:00-18:20",)),
    Station(place="mairie-wittelsheim", desks=("12345 8:30-12:10, 14 13:40-15:40",), further=15),
    Station(place="mairie-kingersheim", desks=("12345 14:00-17:00, 3 8:30-11:00",), first=15),
)


def weekly(hours: str) -> Iterator[Weekly]:
    """The weekly openings of a desk.

    >>> [(w.weekday, w.opens.isoformat("minutes"), w.closes.isoformat("minutes")) for w in weekly("23 8:30-12:10")]
    [(2, '08:30', '12:10'), (3, '08:30', '12:10')]
    """
    for days, opens, opens_minute, closes, closes_minute in _LINE.findall(hours):
        for day in days:
            yield Weekly(int(day), time(int(opens), int(opens_minute)), time(int(closes), int(closes_minute)))
