"""All the figures of a page, for one town hall or for every one of a territory, and as rows for export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from parvis import clock, settings
from parvis.calendars import queries as calendars
from parvis.calendars import search
from parvis.calendars.search import Wanted
from parvis.indicators import queries
from parvis.indicators.queries import Origins, Outcomes, WeekFigures
from parvis.indicators.rules import Period, Span, percent, period, tellable
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo

_THIRD = 3
_NONE = Outcomes(served=0, absent=0, unknown=0, cancelled={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """One town hall: its appointments, what became of them, and in how many days its next hours are."""

    emitter: EmitterInfo
    taken: int
    outcomes: Outcomes
    first: int | None
    third: int | None

    @property
    def absent(self) -> int | None:
        """Percent of those of whom it is known that did not come."""
        return percent(self.outcomes.absent, self.outcomes.absent + self.outcomes.served)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a period."""

    span: Span
    over: Period
    halls: Sequence[Hall]
    weeks: Sequence[WeekFigures]
    origins: Origins
    hours: Mapping[tuple[int, int], int]

    @property
    def taken(self) -> int:
        """Appointments of all."""
        return sum(hall.taken for hall in self.halls)

    @property
    def cancelled(self) -> Mapping[str, int]:
        """Cancellations of all, by who cancelled."""
        by: dict[str, int] = {}
        for hall in self.halls:
            for who, count in hall.outcomes.cancelled.items():
                by[who] = by.get(who, 0) + count
        return by

    @property
    def absent(self) -> int | None:
        """Percent of those of whom it is known that did not come."""
        absent = sum(hall.outcomes.absent for hall in self.halls)
        return percent(absent, absent + sum(hall.outcomes.served for hall in self.halls))

    @property
    def elsewhere(self) -> int | None:
        """Percent of the people who come from another municipality; None of nobody, or of too few to be told."""
        found = self.origins
        if tellable(found.own) is None or tellable(found.other) is None:
            return None
        return percent(found.other, found.own + found.other)


class Row(NamedTuple):
    """One exported figure: `of` is the Monday of a week, who cancelled, or a weekday and an hour."""

    figure: str
    emitter: str
    of: str
    value: int


async def report(own: EmitterInfo, span: Span) -> Report:
    """What there is to tell an emitter: the agglomeration of every town hall, the others of themselves."""
    now = clock.now()
    over, halls = period(span, now.astimezone(settings.current().zone).date()), await _halls(own)
    ids = [hall.id for hall in halls]
    taken, ended = await queries.taken(ids, over), await queries.outcomes(ids, over, now)
    return Report(
        span=span,
        over=over,
        halls=[await _hall(hall, taken, ended) for hall in halls],
        weeks=await queries.weeks(ids, over),
        origins=await queries.origins(ids, over),
        hours=await queries.by_hour(ids, over),
    )


def rows(found: Report) -> Iterator[Row]:
    """What the page shows, a row each; numbers of people that are too few are left out."""
    for week in found.weeks:
        monday = week.monday.isoformat()
        yield Row("appointments", "", monday, week.taken)
        yield Row("minutes-open", "", monday, week.open_minutes)
        yield Row("minutes-free", "", monday, week.free_minutes)
    for hall in found.halls:
        yield from _rows_of(hall)
    for name in ("own", "other", "unknown"):
        if (told := tellable(getattr(found.origins, name))) is not None:
            yield Row("people-from", "", name, told)
    for (weekday, hour), count in found.hours.items():
        yield Row("appointments-at", "", f"{weekday}-{hour:02}", count)


def _rows_of(hall: Hall) -> Iterator[Row]:
    name, ended = hall.emitter.slug, hall.outcomes
    yield Row("appointments", name, "", hall.taken)
    yield Row("served", name, "", ended.served)
    yield Row("absent", name, "", ended.absent)
    yield Row("without-outcome", name, "", ended.unknown)
    for who, count in sorted(ended.cancelled.items()):
        yield Row("cancelled", name, who, count)
    for which, days in (("first", hall.first), ("third", hall.third)):
        if days is not None:
            yield Row("days-to-free-hour", name, which, days)


async def _halls(own: EmitterInfo) -> list[EmitterInfo]:
    if own.kind != "agglomeration":
        return [own]
    with_places = {place.emitter for place in await territory.places()}
    return [emitter for emitter in await territory.emitters("municipality") if emitter.id in with_places]


async def _hall(emitter: EmitterInfo, taken: Mapping[UUID, int], ended: Mapping[UUID, Outcomes]) -> Hall:
    first, third = await _days_to_hours(emitter)
    return Hall(
        emitter=emitter,
        taken=taken.get(emitter.id, 0),
        outcomes=ended.get(emitter.id, _NONE),
        first=first,
        third=third,
    )


async def _days_to_hours(emitter: EmitterInfo) -> tuple[int | None, int | None]:
    """In how many days the first and the third hour are that the public can take, of the longest kind."""
    kinds = await calendars.kinds_at(emitter.id)
    if not kinds:
        return None, None
    _, service, kind, _ = kinds[0]
    wanted = Wanted(service=service, kind=kind, emitters=frozenset({emitter.id}))
    found = (await search.search(wanted, limit=_THIRD)).items
    today = clock.now().astimezone(settings.current().zone).date()
    days = [(slot.start.astimezone(slot.zone).date() - today).days for slot in found]
    return (days[0] if days else None), (days[_THIRD - 1] if len(days) >= _THIRD else None)
