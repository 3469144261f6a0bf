"""Every free hour in memory, in the process that searches: a hint, rebuilt at start; the claim decides.

A desk keeps 38 bytes a day. Its grids repeat from week to week, so each distinct one is kept once, with the starts
it offers worked out once.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.calendars.bitmaps import WIDTH, fitting, marks
from parvis.territory.rules import distance_m

_BYTES = WIDTH // 8
_NOTHING = bytes(_BYTES)
_RANKINGS = 500
_ALIKE = 50_000


class KindInfo(NamedTuple):
    """Minutes for the first person and each further one, the step between starts, the most people, online or not."""

    minutes_first: int
    minutes_further: int
    step_minutes: int
    people_max: int
    online: bool


@dataclass(slots=True)
class Shape:
    """One distinct grid with the counter's share of it."""

    grid: int
    kept: int
    by_step: dict[int, int] = field(default_factory=dict)

    def marks(self, step: int) -> int:
        """Where appointments may start, every `step` cells from each opening."""
        found = self.by_step.get(step)
        if found is None:
            found = self.by_step[step] = marks(self.grid, step)
        return found


@dataclass(slots=True)
class DeskBits:
    """A desk's free cells, day after day from `first` (a date's ordinal); `kinds` empty means all."""

    id: UUID
    kinds: frozenset[str]
    first: int = 0
    free: bytearray = field(default_factory=bytearray)
    shapes: array[int] = field(default_factory=lambda: array("I"))

    def put(self, day: int, free: int, shape: int) -> None:
        """Set a day (an ordinal); the days between are closed until they are set."""
        if not self.shapes:
            self.first = day
        if day < self.first:
            self.free[:0] = bytes((self.first - day) * _BYTES)
            self.shapes[0:0] = array("I", [0]) * (self.first - day)
            self.first = day
        beyond = day - self.first - len(self.shapes) + 1
        if beyond > 0:
            self.free += bytes(beyond * _BYTES)
            self.shapes += array("I", [0]) * beyond
        at = day - self.first
        self.free[at * _BYTES : (at + 1) * _BYTES] = free.to_bytes(_BYTES, "big")
        self.shapes[at] = shape

    def on(self, day: int) -> tuple[int, int]:
        """The free cells and the shape of a day; (0, 0) outside what is known."""
        at = day - self.first
        if not 0 <= at < len(self.shapes):
            return 0, 0
        return int.from_bytes(self.free[at * _BYTES : (at + 1) * _BYTES], "big"), self.shapes[at]


@dataclass(slots=True)
class Entry:
    """A calendar with its place, as searches need them. The point is WGS84.

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
    desks: dict[UUID, DeskBits] = field(default_factory=dict)
    found: dict[Hashable, list[tuple[datetime, datetime, int]]] = field(default_factory=dict, compare=False)
    tables: dict[Hashable, list[tuple[date, tuple[str, ...]]]] = field(default_factory=dict, compare=False)


class Index:
    """The calendars of an instance with their free cells. Shape 0 is the closed day."""

    def __init__(self) -> None:
        self.entries: dict[UUID, Entry] = {}
        self.epoch: UUID | None = None
        self.last = 0
        self._shapes: list[Shape] = [Shape(0, 0)]
        self._shape_ids: dict[tuple[int, int], int] = {(0, 0): 0}
        self._desks: dict[UUID, tuple[Entry, DeskBits]] = {}
        self._alike: dict[tuple[bytes, int, int, int], int] = {}
        self._rankings: dict[tuple[str, tuple[float, float] | None], list[tuple[int, Entry]]] = {}

    def put(self, entry: Entry) -> None:
        """Add a calendar, or replace it with all its days."""
        self.drop(entry.calendar)
        self.entries[entry.calendar] = entry
        self._desks |= {desk: (entry, bits) for desk, bits in entry.desks.items()}

    def drop(self, calendar: UUID) -> None:
        """Forget a calendar."""
        self._rankings.clear()
        if gone := self.entries.pop(calendar, None):
            for desk in gone.desks:
                self._desks.pop(desk, None)

    def put_day(self, desk: UUID, day: date, free: int, grid: int, kept: int) -> None:
        """Set a desk's day; a desk that is not known (yet) is left alone."""
        if known := self._desks.get(desk):
            entry, bits = known
            bits.put(day.toordinal(), free, self._shape(grid, kept))
            entry.found.clear()
            entry.tables.clear()

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
                if counter:
                    yield fitting(free, cells)
                else:
                    yield fitting(free & ~shape.kept, cells) & shape.marks(step)

    def days(self, entry: Entry, kind: str, cells: int, first: int, last: int) -> list[int]:
        """Where `cells` cells can start for the public on each day from `first` to `last` (ordinals), at any desk."""
        step, found = entry.kinds[kind].step_minutes // 5, [0] * max(0, last - first + 1)
        for desk in entry.desks.values():
            if desk.kinds and kind not in desk.kinds:
                continue
            begin, end = max(first, desk.first), min(last + 1, desk.first + len(desk.shapes))
            for day in range(begin, end):
                at = day - desk.first
                free = desk.free[at * _BYTES : (at + 1) * _BYTES]
                if free != _NOTHING:
                    found[day - first] |= self._starts(bytes(free), desk.shapes[at], cells, step)
        return found

    def opens(self, entry: Entry, kind: str, first: int) -> bool:
        """Whether a calendar has hours for a kind on a day from `first` (an ordinal) on, taken ones too."""
        return any(
            any(desk.shapes[max(0, first - desk.first) :])
            for desk in entry.desks.values()
            if not desk.kinds or kind in desk.kinds
        )

    def ranked(self, service: str, near: tuple[float, float] | None) -> list[tuple[int, Entry]]:
        """A service's calendars with their distance in metres from a point, nearest first."""
        key = (service, near)
        if (found := self._rankings.get(key)) is None:
            entries = [entry for entry in self.entries.values() if entry.service == service]
            measured = [(distance_m(*near, e.latitude, e.longitude) if near else 0, e) for e in entries]
            found = sorted(measured, key=lambda pair: (pair[0], pair[1].place_name, pair[1].calendar))
            if len(self._rankings) >= _RANKINGS:
                self._rankings.clear()
            self._rankings[key] = found
        return found

    def _starts(self, free: bytes, shape_id: int, cells: int, step: int) -> int:
        """The starts that a day's free cells offer; days that are alike are worked out once."""
        key = (free, shape_id, cells, step)
        found = self._alike.get(key)
        if found is None:
            shape = self._shapes[shape_id]
            if len(self._alike) >= _ALIKE:
                self._alike.clear()
            bits = int.from_bytes(free, "big") & ~shape.kept
            found = self._alike[key] = fitting(bits, cells) & shape.marks(step)
        return found

    def _shape(self, grid: int, kept: int) -> int:
        found = self._shape_ids.get((grid, kept))
        if found is None:
            found = self._shape_ids[grid, kept] = len(self._shapes)
            self._shapes.append(Shape(grid, kept))
        return found
