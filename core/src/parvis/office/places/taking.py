"""An emitter's own places and calendars as the lines of the file that brings them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from uuid import UUID

from parvis.calendars import queries as calendars
from parvis.calendars import timetable_rows
from parvis.calendars.timetables import DeskRules
from parvis.office.places.bringing import sayable
from parvis.office.places.sheet import About, Line
from parvis.territory import queries as territory

EXAMPLE = (
    Line(
        number=2,
        place="mairie-nord",
        about=About(
            name="Mairie annexe Nord",
            address="1 rue de la Mairie",
            postcode="68100",
            city="Mulhouse",
            latitude=47.7489,
            longitude=7.3253,
            accessible=True,
            phone="03 53 01 01 01",
        ),
        service="idcard",
        desk="Guichet 1",
        days=(1, 2, 3, 4, 5),
        opens=time(8, 30),
        closes=time(12),
    ),
    Line(number=3, place="mairie-nord", service="idcard", desk="Guichet 1", days=(3,), opens=time(14), closes=time(17)),
)


async def lines_of(emitter: UUID) -> list[Line]:
    """Every place that is the emitter's own, with its desks and weeks; a desk with hours by season is left out."""
    found: list[Line] = []
    own = [place for place in await territory.places(emitter) if place.emitter == emitter]
    of_place: dict[UUID, list[Line]] = {place.id: [] for place in own}
    for calendar in await calendars.calendars_of(emitter):
        if calendar.place in of_place:
            of_place[calendar.place] += await _desks(calendar.id, calendar.service)
    for place in own:
        about = About(**{name: getattr(place, name) for name in About.__dataclass_fields__})
        first, *rest = of_place[place.id] or [Line(number=0, place="")]
        found += [replace(first, place=place.slug, about=about), *(replace(line, place=place.slug) for line in rest)]
    return found


async def _desks(calendar: UUID, service: str) -> list[Line]:
    kept = await timetable_rows.read(calendar)
    return [line for rules in kept.timetable.desks.values() if sayable(rules) for line in _lines(service, rules)]


def _lines(service: str, rules: DeskRules) -> Iterator[Line]:
    spans = list(dict.fromkeys((one.opens, one.closes) for one in rules.weekly))
    if not spans:
        yield Line(number=0, place="", service=service, desk=rules.name)
    for opens, closes in spans:
        days = tuple(sorted(one.weekday for one in rules.weekly if (one.opens, one.closes) == (opens, closes)))
        yield Line(number=0, place="", service=service, desk=rules.name, days=days, opens=opens, closes=closes)
