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
_RANKINGS = 500


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
    """A calendar with its place, as searches need them. The point is WGS84; `found` is forgotten at each change."""

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
    found: dict[Hashable, list[tuple[datetime, datetime, int]]] = field(default_factory=dict)


class Index:
    """The calendars of an instance with their free cells. Shape 0 is the closed day."""

    def __init__(self) -> None:
        self.entries: dict[UUID, Entry] = {}
        self.epoch: UUID | None = None
        self.last = 0
        self._shapes: list[Shape] = [Shape(0, 0)]
        self._shape_ids: dict[tuple[int, int], int] = {(0, 0): 0}
        self._desks: dict[UUID, tuple[Entry, DeskBits]] = {}
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

    def _shape(self, grid: int, kept: int) -> int:
        found = self._shape_ids.get((grid, kept))
        if found is None:
            found = self._shape_ids[grid, kept] = len(self._shapes)
            self._shapes.append(Shape(grid, kept))
        return found
