"""A desk's free cells in memory, in the bytes of its opening hours, a dozen a day.

Grids repeat from week to week, so each distinct one is kept once, with the starts it offers worked out once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from parvis.calendars.bitmaps import WIDTH, marks, window

BYTES = WIDTH // 8


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
    """A desk's free cells, day after day from `first` (a date's ordinal); `kinds` empty means all.

    Of a day's 38 bytes those from `begin` to `end` are kept, in which everything lies that it ever opens.
    """

    id: UUID
    kinds: frozenset[str]
    first: int = 0
    begin: int = 0
    end: int = 0
    free: bytearray = field(default_factory=bytearray)
    shapes: array[int] = field(default_factory=lambda: array("I"))

    @property
    def beyond(self) -> int:
        """How many cells of each day come after those that are kept."""
        return WIDTH - 8 * self.end

    def widen(self, grid: int) -> None:
        """Make room in each day for what a grid opens."""
        opens, cells = window(grid)
        begin, end = opens // 8, -(-(opens + cells) // 8)
        if self.end:
            begin, end = min(begin, self.begin), max(end, self.end)
        if grid and (begin, end) != (self.begin, self.end):
            days = [self.on(self.first + at)[0] for at in range(len(self.shapes))]
            self.begin, self.end = begin, end
            self.free = bytearray().join(free.to_bytes(BYTES, "big")[begin:end] for free in days)

    def put(self, day: int, free: int, shape: int) -> None:
        """Set a day (an ordinal), for which there is room; the days between are closed until they are set."""
        self._reach(day)
        at, wide = day - self.first, self.end - self.begin
        self.free[at * wide : (at + 1) * wide] = free.to_bytes(BYTES, "big")[self.begin : self.end]
        self.shapes[at] = shape

    def put_all(self, days: Sequence[int], free: bytes, shapes: Iterable[int]) -> None:
        """`put` for many days in their order; `free` has 38 bytes for each."""
        self._reach(days[0])
        self._reach(days[-1])
        wide = self.end - self.begin
        for number, (day, shape) in enumerate(zip(days, shapes, strict=True)):
            at, there = day - self.first, number * BYTES
            self.free[at * wide : (at + 1) * wide] = free[there + self.begin : there + self.end]
            self.shapes[at] = shape

    def on(self, day: int) -> tuple[int, int]:
        """The free cells and the shape of a day; (0, 0) outside what is known."""
        at, wide = day - self.first, self.end - self.begin
        if not 0 <= at < len(self.shapes):
            return 0, 0
        kept = int.from_bytes(self.free[at * wide : (at + 1) * wide], "big")
        return kept << self.beyond, self.shapes[at]

    def between(self, first: int, last: int) -> Iterator[tuple[int, bytes, int]]:
        """The days from `first` to `last` on which anything is free: the day, the bytes that are kept, the shape."""
        wide = self.end - self.begin
        nothing = bytes(wide)
        for day in range(max(first, self.first), min(last + 1, self.first + len(self.shapes))):
            at = day - self.first
            if (free := bytes(self.free[at * wide : (at + 1) * wide])) != nothing:
                yield day, free, self.shapes[at]

    def next_free(self, day: int) -> int | None:
        """The first day from this one on with anything free."""
        at, wide = max(day - self.first, 0), self.end - self.begin
        rest = self.free[at * wide :]
        some = len(rest) - len(rest.lstrip(b"\0"))
        return self.first + at + some // wide if some < len(rest) else None

    def _reach(self, day: int) -> None:
        if not self.shapes:
            self.first = day
        before, beyond = max(self.first - day, 0), max(day - self.first - len(self.shapes) + 1, 0)
        wide = self.end - self.begin
        self.free[:0], self.shapes[:0] = bytes(before * wide), array("I", [0]) * before
        self.free += bytes(beyond * wide)
        self.shapes += array("I", [0]) * beyond
        self.first -= before
