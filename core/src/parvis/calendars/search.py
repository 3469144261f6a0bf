"""Search over every place: by distance and by time, by month. What it finds is a hint; the claim decides."""

from __future__ import annotations

import heapq
import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import dropwhile, groupby, islice, takewhile
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars.bitmaps import WIDTH, cells_of
from parvis.calendars.following import index_for
from parvis.calendars.index import Entry, Hours, Index
from parvis.calendars.openings import cells_between
from parvis.calendars.rules import CELL, cells_needed, midnight
from parvis.calendars.slots import Mark, Slot, cursor_of, read_cursor
from parvis.calendars.wallclock import wall_times

Order = Literal["time", "distance"]
DayTimes: TypeAlias = tuple[date, tuple[str, ...]]
_GOOD, _TABLES = 8, 4
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. `since` and `until` are local days of each place, both included; empty sets mean any.

    `near` is a WGS84 point, `within_m` metres from it; `counter` sees the counter's share and what is not online.
    """

    service: str
    kind: str
    people: int = 1
    since: date | None = None
    until: date | None = None
    near: tuple[float, float] | None = None
    within_m: int | None = None
    places: frozenset[UUID] = frozenset()
    emitters: frozenset[UUID] = frozenset()
    weekdays: frozenset[int] = frozenset()
    half_day: Literal["morning", "afternoon"] | None = None
    accessible: bool = False
    counter: bool = False
    most_places: int = 200


class FreeSlot(NamedTuple):
    """An hour that can be taken, `free` times at once. Instants are UTC, `zone` is the place's, `id` an opaque code."""

    id: str
    calendar: UUID
    place: UUID
    place_name: str
    city: str
    emitter: UUID
    zone: ZoneInfo
    start: datetime
    end: datetime
    free: int
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some slots, and the cursor of the next page if there is one."""

    items: Sequence[FreeSlot]
    next: str | None


class PlaceHours(NamedTuple):
    """A place's first hours, how far away it is; `slots`, which do not repeat it, is empty when nothing is free."""

    place: UUID
    place_name: str
    city: str
    emitter: UUID
    calendar: UUID
    distance_m: int | None
    slots: Sequence[FreeSlot]


class PlaceTimes(NamedTuple):
    """A place's free starts: each local day that has any with its wall-clock times as `HH:MM`, in their order."""

    place: UUID
    days: Sequence[DayTimes]


async def search(wanted: Wanted, *, order: Order = "time", limit: int = 20, cursor: str | None = None) -> Page:
    """A page of free hours, the soonest or the nearest first. Raises Invalid for a cursor that is not ours."""
    after = read_cursor(cursor) if cursor else None
    found = _Finder(await index_for(wanted.service, wanted.near, wanted.most_places), wanted, clock.now())
    slots = found.by_time(after, limit + 1) if order == "time" else found.by_distance(after)
    items = list(islice(slots, limit + 1))
    return Page(items[:limit], cursor_of(time_key(items[limit - 1])) if len(items) > limit else None)


async def by_place(wanted: Wanted, *, each: int = 3, order: Order = "distance") -> list[PlaceHours]:
    """Every place in reach with its first hours, nearest first or soonest first; places without any come last."""
    found = _Finder(await index_for(wanted.service, wanted.near, wanted.most_places), wanted, clock.now())
    places = [found.place(metres, entry, each) for metres, entry in found.entries]
    if order == "time":
        places.sort(key=lambda place: place.slots[0].start if place.slots else datetime.max.replace(tzinfo=UTC))
    return sorted(places, key=lambda place: not place.slots)


async def per_day(wanted: Wanted) -> Mapping[date, int]:
    """How many appointments are free each local day, for the months between `since` and `until`."""
    found = _Finder(await index_for(wanted.service, wanted.near, wanted.most_places), wanted, clock.now())
    return found.counts()


async def timetable(wanted: Wanted) -> list[PlaceTimes]:
    """Every start of many places and days at once, in each place's wall-clock time, once however many desks are free.

    For those who take whole calendars over (`since` and `until` are needed); what else narrows a search counts too,
    but weekdays and half days.
    """
    found = _Finder(await index_for(wanted.service, wanted.near, wanted.most_places), wanted, clock.now())
    return [found.times(entry) for _, entry in found.entries]


async def opened(wanted: Wanted) -> frozenset[UUID]:
    """The places of a search that have any hours for its kind from today on, free or taken."""
    index, now = await index_for(wanted.service, wanted.near, wanted.most_places), clock.now()
    entries = [entry for _, entry in _Finder(index, wanted, now).entries]
    today = {entry.zone: now.astimezone(entry.zone).date().toordinal() for entry in entries}
    return frozenset(e.place for e in entries if index.opens(e, wanted.kind, today[e.zone]))


async def suggestions(wanted: Wanted, count: int = 3, rng: random.Random | None = None) -> Sequence[FreeSlot]:
    """Some good hours, not the same for everybody, so that not everybody tries the same one; by time."""
    good = (await search(wanted, limit=max(_GOOD, 2 * count))).items
    chosen = (rng or secrets.SystemRandom()).sample(good, min(count, len(good)))
    return sorted(chosen, key=time_key)


def by_day(slots: Iterable[FreeSlot]) -> list[tuple[date, list[FreeSlot]]]:
    """Hours in the order of time, by the local day of their place."""
    days = groupby(slots, key=lambda slot: slot.start.astimezone(slot.zone).date())
    return [(day, list(of_day)) for day, of_day in days]


class _Finder:
    """One search over an index."""

    def __init__(self, index: Index, wanted: Wanted, now: datetime) -> None:
        # An hour that begins this very instant is over for the public.
        self._index, self._wanted, self._now = index, wanted, now + timedelta(microseconds=1)
        w = wanted
        self._question = (w.kind, w.people, w.since, w.until, w.weekdays, w.half_day, w.counter)
        ranked = index.ranked(wanted.service, wanted.near, wanted.most_places, wanted.places)
        if (within := wanted.within_m) is not None:
            ranked = takewhile(lambda pair: pair[0] <= within, ranked)
        self.entries = list(islice(filter(self._eligible, ranked), wanted.most_places))

    def by_time(self, after: Mark | None, count: int) -> Iterator[FreeSlot]:
        """The soonest hours, at least `count` if there are as many."""
        since, entries = (after[0], self.entries) if after else (None, self._soonest(count))
        for mark, slot in heapq.merge(*(self._marked(metres, e, since) for metres, e in entries)):
            if after is None or mark > after:
                yield self._measured(mark[1], slot)

    def _soonest(self, count: int) -> list[tuple[int, Entry]]:
        """The places at which the soonest `count` hours are: those whose first hours are the soonest."""
        first = ((h[0].start, metres, e.calendar, e) for metres, e in self.entries if (h := self._hours(e).first(1)))
        return [(metres, entry) for _, metres, _, entry in heapq.nsmallest(count, first)]

    def by_distance(self, after: Mark | None) -> Iterator[FreeSlot]:
        entries = self.entries
        if after is not None:
            entries = list(dropwhile(lambda pair: pair[1].calendar != after[2], entries))
        for metres, entry in entries:
            begun = after if after and entry.calendar == after[2] else None
            for mark, slot in self._marked(metres, entry, begun[0] if begun else None):
                if begun is None or mark > begun:
                    yield self._measured(metres, slot)

    def place(self, metres: int, entry: Entry, each: int) -> PlaceHours:
        away, slots = metres if self._wanted.near else None, self._hours(entry).first(each)
        return PlaceHours(entry.place, entry.place_name, entry.city, entry.emitter, entry.calendar, away, slots)

    def counts(self) -> dict[date, int]:
        found: dict[date, int] = {}
        for _, entry in self.entries:
            for day, _, desks in self._days(entry, self._now):
                found[day] = found.get(day, 0) + sum(starts.bit_count() for starts in desks)
        return dict(sorted(found.items()))

    def times(self, entry: Entry) -> PlaceTimes:
        w, today = self._wanted, self._now.astimezone(entry.zone).date()
        first = max(today, w.since or today)
        last = min((w.until or first).toordinal(), entry.last)
        days = self._rest_of(today, entry) if first == today and today.toordinal() <= last else []
        whole = self._whole_days(entry, max(first, today + _DAY).toordinal(), last)
        return PlaceTimes(entry.place, [*days, *whole])

    def _rest_of(self, today: date, entry: Entry) -> list[DayTimes]:
        day, left = today.toordinal(), (midnight(today, entry.zone) - self._now) // CELL
        starts = self._index.days(entry, self._wanted.kind, self._cells(entry), day, day)[0]
        times = wall_times(starts & (1 << WIDTH + left) - 1, day, entry.zone)
        return [(today, times)] if times else []

    def _whole_days(self, entry: Entry, first: int, last: int) -> list[DayTimes]:
        """Whole days' times; what was written down for others is used again until something changes there."""
        key = (self._wanted.kind, cells := self._cells(entry), first, last)
        known = entry.tables.get(key)
        if known is None:
            if len(entry.tables) >= _TABLES:
                entry.tables.clear()
            unions = enumerate(self._index.days(entry, self._wanted.kind, cells, first, last), start=first)
            known = entry.tables[key] = [
                (date.fromordinal(day), wall_times(starts, day, entry.zone)) for day, starts in unions if starts
            ]
        return known

    def _eligible(self, pair: tuple[int, Entry]) -> bool:
        w, entry = self._wanted, pair[1]
        kind = entry.kinds.get(w.kind)
        return (
            kind is not None
            and (w.counter or (kind.online and w.people <= kind.people_max))
            and (not w.places or entry.place in w.places)
            and (not w.emitters or entry.emitter in w.emitters)
            and (not w.accessible or entry.accessible)
        )

    def _measured(self, metres: int, slot: FreeSlot) -> FreeSlot:
        return FreeSlot(*slot[:-1], metres) if self._wanted.near else slot

    def _marked(self, metres: int, entry: Entry, since: datetime | None) -> Iterator[tuple[Mark, FreeSlot]]:
        found = self._slots(entry, since) if since else self._hours(entry)
        return (((slot.start, metres, slot.calendar), slot) for slot in found)

    def _hours(self, entry: Entry) -> Hours[FreeSlot]:
        """A place's hours from now on; what was found for others is used again until something changes there."""
        found = entry.found.get(self._question)
        if found is None or (found.known and found.known[0].start <= self._now):
            found = self._index.remember(entry, self._question, self._slots(entry, self._now))
        return found

    def _slots(self, entry: Entry, since: datetime) -> Iterator[FreeSlot]:
        length = self._cells(entry) * CELL
        head = entry.calendar, entry.place, entry.place_name, entry.city, entry.emitter, entry.zone
        for _, begins, desks in self._days(entry, since):
            for cell in cells_of(_union(desks)):
                start, free = begins + cell * CELL, sum(starts >> WIDTH - 1 - cell & 1 for starts in desks)
                yield FreeSlot(Slot(entry.calendar, start).code, *head, start, start + length, free, None)

    def _days(self, entry: Entry, since: datetime) -> Iterator[tuple[date, datetime, list[int]]]:
        """Each local day with something free: the day, its midnight, and the starts of each desk."""
        w, begin = self._wanted, max(since, self._now)
        today = begin.astimezone(entry.zone).date()
        last = min(w.until.toordinal(), entry.last) if w.until else entry.last
        ordinal = entry.next_free(max(today, w.since or today).toordinal())
        while ordinal is not None and ordinal <= last:
            day = date.fromordinal(ordinal)
            if not w.weekdays or day.isoweekday() in w.weekdays:
                begins, desks = self._starts(entry, day, begin if day == today else None)
                if any(desks):
                    yield day, begins, desks
            ordinal = entry.next_free(ordinal + 1)

    def _starts(self, entry: Entry, day: date, begin: datetime | None) -> tuple[datetime, list[int]]:
        """A local day's midnight, and where each desk can start, from `begin` on."""
        w, begins = self._wanted, midnight(day, entry.zone)
        mask = _mask(day, entry.zone, w.half_day)
        if begin:
            mask &= (1 << WIDTH + (begins - begin) // CELL) - 1
        desks = self._index.starts(entry, w.kind, self._cells(entry), day.toordinal(), w.counter)
        return begins, [starts & mask for starts in desks]

    def _cells(self, entry: Entry) -> int:
        kind = entry.kinds[self._wanted.kind]
        return cells_needed(kind.minutes_first, kind.minutes_further, self._wanted.people)


@lru_cache(maxsize=4096)
def _mask(day: date, zone: ZoneInfo, half: str | None) -> int:
    everything = (1 << WIDTH) - 1
    if half is None:
        return everything
    morning = cells_between(day, time(), time(12), zone)
    return morning if half == "morning" else everything & ~morning


def _union(desks: Iterable[int]) -> int:
    union = 0
    for starts in desks:
        union |= starts
    return union


def time_key(slot: FreeSlot) -> Mark:
    """What hours are ordered by: their start, then the nearest."""
    return slot.start, slot.distance_m or 0, slot.calendar
