"""Every free hour in memory, in the process that searches: a hint, rebuilt at start; the claim decides.

What searches found is remembered within bounds, and forgotten where something changes.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.calendars.bitmaps import fitting
from parvis.calendars.deskbits import BYTES, DeskBits, Shape
from parvis.calendars.nearest import Ball, Spot, ball_of, nearest
from parvis.territory.rules import distance_m

T = TypeVar("T")

_ALIKE = 50_000
# So few places are measured one by one.
_FEW = 100
# A list of hours takes some kilobytes.
_REMEMBERED = 10_000
# Many search from the same points, the middles of municipalities.
_POINTS = 1000


class KindInfo(NamedTuple):
    """Minutes for the first person and each further one, the step between starts, the most people, online or not."""

    minutes_first: int
    minutes_further: int
    step_minutes: int
    people_max: int
    online: bool


@dataclass(slots=True)
class Hours(Generic[T]):
    """The answer to a question, found as far as somebody wanted to know."""

    rest: Iterator[T]
    known: list[T] = field(default_factory=list)

    def first(self, count: int) -> list[T]:
        """The first hours, as many as there are up to `count`."""
        if count > len(self.known):
            self.known += islice(self.rest, count - len(self.known))
        return self.known[:count]

    def __iter__(self) -> Iterator[T]:
        yield from self.known
        for one in self.rest:
            self.known.append(one)
            yield one


@dataclass(slots=True)
class Entry:
    """A calendar with its place, as searches need them. The point is WGS84; after the day `last` nothing is offered.

    `found` and `tables` are what searches remember; both are forgotten at each change.
    """

    calendar: UUID
    service: str
    zone: ZoneInfo
    place: UUID
    place_name: str
    city: str
    emitter: UUID
    latitude: float
    longitude: float
    accessible: bool
    kinds: Mapping[str, KindInfo]
    last: int = date.max.toordinal()
    desks: dict[UUID, DeskBits] = field(default_factory=dict, compare=False)
    found: dict[Hashable, Hours[Any]] = field(default_factory=dict, compare=False)
    tables: dict[Hashable, list[tuple[date, tuple[str, ...]]]] = field(default_factory=dict, compare=False)

    @property
    def spot(self) -> Spot:
        """Where it is."""
        return Spot(self.place_name, self.calendar, self.latitude, self.longitude)

    def next_free(self, day: int) -> int | None:
        """The first day (an ordinal) from this one on with anything free at any desk."""
        days = [found for desk in self.desks.values() if (found := desk.next_free(day)) is not None]
        return min(days, default=None)


class Index:
    """The calendars of an instance with their free cells. Shape 0 is the closed day."""

    def __init__(self) -> None:
        self.entries: dict[UUID, Entry] = {}
        self.epoch: UUID | None = None
        self.last = 0
        self._shapes: list[Shape] = [Shape(0, 0)]
        self._shape_ids: dict[tuple[int, int], int] = {(0, 0): 0}
        self._desks: dict[UUID, tuple[Entry, DeskBits]] = {}
        self._alike: dict[tuple[bytes, int, int, int, int], int] = {}
        self._at: dict[tuple[str, UUID], Entry] = {}
        self._by_name: dict[str, list[Spot]] = {}
        self._balls: dict[str, Ball] = {}
        self._nearby: dict[Hashable, list[tuple[int, Entry]]] = {}
        self._remembered = 0

    def put(self, entry: Entry) -> None:
        """Add a calendar, or replace it with all its days."""
        known = self.entries.get(entry.calendar)
        self._nearby.clear()
        if known is None or known.spot != entry.spot:
            self._forget_order()
        if known:
            self._take_out(known)
        self.entries[entry.calendar] = self._at[entry.service, entry.place] = entry
        self._desks |= {desk: (entry, bits) for desk, bits in entry.desks.items()}

    def drop(self, calendar: UUID) -> None:
        """Forget a calendar."""
        if known := self.entries.get(calendar):
            self._nearby.clear()
            self._forget_order()
            self._take_out(known)

    def put_day(self, desk: UUID, day: date, free: int, grid: int, kept: int) -> None:
        """Set a desk's day; a desk that is not known (yet) is left alone."""
        if known := self._desks.get(desk):
            entry, bits = known
            bits.widen(grid)
            bits.put(day.toordinal(), free, self._shape(grid, kept))
            entry.found.clear()
            entry.tables.clear()

    def fill(self, bits: DeskBits, days: Sequence[int], free: bytes, grids: Sequence[bytes]) -> None:
        """Set a desk's days, ordinals in their order: 38 bytes of `free` for each, and twice 38 of grid and kept."""
        shapes: dict[bytes, int] = {}
        for both in set(grids):
            grid, kept = int.from_bytes(both[:BYTES], "big"), int.from_bytes(both[BYTES:], "big")
            bits.widen(grid)
            shapes[both] = self._shape(grid, kept)
        bits.put_all(days, free, [shapes[both] for both in grids])

    def free(self, desk: UUID, day: date) -> int:
        """The free cells of a desk's day as the index has them."""
        found = self._desks.get(desk)
        return found[1].on(day.toordinal())[0] if found else 0

    def starts(self, entry: Entry, kind: str, cells: int, day: int, counter: bool) -> Iterator[int]:
        """For each desk that serves the kind: where `cells` cells can start on a day (an ordinal)."""
        step = entry.kinds[kind].step_minutes // 5
        for desk in entry.desks.values():
            free, shape_id = desk.on(day)
            if free and (not desk.kinds or kind in desk.kinds):
                shape = self._shapes[shape_id]
                yield fitting(free if counter else free & ~shape.kept, cells) & shape.marks(step)

    def days(self, entry: Entry, kind: str, cells: int, first: int, last: int) -> list[int]:
        """Where `cells` cells can start for the public on each day from `first` to `last` (ordinals), at any desk."""
        step, found = entry.kinds[kind].step_minutes // 5, [0] * max(0, last - first + 1)
        for desk in entry.desks.values():
            if desk.kinds and kind not in desk.kinds:
                continue
            for day, free, shape_id in desk.between(first, last):
                found[day - first] |= self._starts(free, desk.beyond, shape_id, cells, step)
        return found

    def opens(self, entry: Entry, kind: str, first: int) -> bool:
        """Whether a calendar has hours for a kind on a day from `first` (an ordinal) on, taken ones too."""
        return any(
            any(desk.shapes[max(0, first - desk.first) :])
            for desk in entry.desks.values()
            if not desk.kinds or kind in desk.kinds
        )

    def remember(self, entry: Entry, question: Hashable, hours: Iterator[T]) -> Hours[T]:
        """Keep the answer to a question until something changes at a calendar, or too many are kept."""
        if self._remembered >= _REMEMBERED:
            self._remembered = 0
            for other in self.entries.values():
                other.found.clear()
        self._remembered += 1
        entry.found[question] = found = Hours(hours)
        return found

    def ranked(
        self, service: str, near: tuple[float, float] | None, count: int, places: Collection[UUID] = ()
    ) -> Iterable[tuple[int, Entry]]:
        """A service's calendars with their metres from a point, nearest first; by name, 0 metres away, without one.

        `count` is how many are probably wanted. Of the given `places`, if they are few; of many it also gives others.
        """
        if 0 < len(places) <= _FEW:
            few = [entry for place in places if (entry := self._at.get((service, place)))]
            measured = [(distance_m(*near, e.latitude, e.longitude) if near else 0, e) for e in few]
            return sorted(measured, key=lambda pair: (pair[0], pair[1].spot))
        if near is None:
            return ((0, self.entries[spot.calendar]) for spot in self._ordered(service))
        key = (service, near, count)
        if (first := self._nearby.get(key)) is None:
            if len(self._nearby) >= _POINTS:
                self._nearby.clear()
            first = self._nearby[key] = list(islice(self._nearest(service, near), count))
        return chain(first, islice(self._nearest(service, near), count, None))

    def _ordered(self, service: str) -> list[Spot]:
        if (found := self._by_name.get(service)) is None:
            spots = (entry.spot for entry in self.entries.values() if entry.service == service)
            found = self._by_name[service] = sorted(spots)
        return found

    def _nearest(self, service: str, near: tuple[float, float]) -> Iterator[tuple[int, Entry]]:
        if service not in self._balls:
            self._balls[service] = ball_of(self._ordered(service))
        for metres, spot in nearest(self._balls[service], near):
            yield metres, self.entries[spot.calendar]

    def _forget_order(self) -> None:
        self._by_name.clear()
        self._balls.clear()

    def _take_out(self, entry: Entry) -> None:
        del self.entries[entry.calendar], self._at[entry.service, entry.place]
        for desk in entry.desks:
            self._desks.pop(desk, None)

    def _starts(self, free: bytes, beyond: int, shape_id: int, cells: int, step: int) -> int:
        """The starts that a day's free cells offer, `beyond` cells before its end; what is alike is worked out once."""
        key = (free, beyond, shape_id, cells, step)
        found = self._alike.get(key)
        if found is None:
            shape = self._shapes[shape_id]
            if len(self._alike) >= _ALIKE:
                self._alike.clear()
            bits = int.from_bytes(free, "big") << beyond & ~shape.kept
            found = self._alike[key] = fitting(bits, cells) & shape.marks(step)
        return found

    def _shape(self, grid: int, kept: int) -> int:
        found = self._shape_ids.get((grid, kept))
        if found is None:
            found = self._shape_ids[grid, kept] = len(self._shapes)
            self._shapes.append(Shape(grid, kept))
        return found
