"""Invented visits of a desk's day: where they lie, what for, how many come. Pure; days near are fuller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from parvis.calendars.bitmaps import cells_of, fitting, marks
from parvis.calendars.rules import cells_needed
from parvis_idcard.rules import COLLECTION, DEPOSIT, Paper
from parvis_idcard.stations import Station

COLLECTING = (10, 5)
_COLLECTIONS = 0.25
# How much of a day is taken, by its distance from today in days: a wait of one to six days, as the territory has now.
_TAKEN = ((0, 0.97), (1, 0.93), (2, 0.88), (4, 0.8), (7, 0.62), (14, 0.4), (28, 0.18), (56, 0.06), (84, 0.02))


@dataclass(frozen=True, slots=True)
class Visit:
    """An invented visit: where it lies in a desk's day, what for, how many come."""

    cell: int
    cells: int
    kind: str
    people: int
    paper: Paper | None


def share_taken(days_ahead: int) -> float:
    """How much of a day is taken, 0 to 1, falling with its distance from today; of the past, as much as of today.

    >>> [share_taken(days) for days in (-7, 0, 3, 400)]
    [0.97, 0.97, 0.88, 0.0]
    """
    if days_ahead > 2 * _TAKEN[-1][0]:
        return 0.0
    return next(share for since, share in reversed(_TAKEN) if max(days_ahead, 0) >= since)


def visits(grid: int, station: Station, share: float, random: Random) -> Iterator[Visit]:
    """Invented visits that take about `share` of a desk's day, none overlapping, each at a start people can choose."""
    step = cells_needed(station.first, 0, 1)
    done = 0
    for start in cells_of(marks(grid, step)):
        if start < done or random.random() >= share:
            continue
        collecting = random.random() < _COLLECTIONS
        for visit in _collections(grid, start, step) if collecting else _deposit(grid, start, station, random):
            done = visit.cell + visit.cells
            yield visit


def _deposit(grid: int, start: int, station: Station, random: Random) -> list[Visit]:
    people = random.choices((1, 2, 3, 4), (76, 17, 5, 2))[0]
    paper = random.choices(tuple(Paper), (55, 35, 10))[0]
    cells = cells_needed(station.first, station.further, people)
    if start not in cells_of(fitting(grid, cells)):
        people, cells = 1, cells_needed(station.first, station.further, 1)
    if start not in cells_of(fitting(grid, cells)):
        return []
    return [Visit(start, cells, DEPOSIT, people, paper)]


def _collections(grid: int, start: int, step: int) -> list[Visit]:
    """As many people collecting as fit into the time of a deposit."""
    cells = cells_needed(*COLLECTING, 1)
    fit = fitting(grid, cells)
    starts = range(start, start + step - cells + 1, cells)
    return [Visit(at, cells, COLLECTION, 1, None) for at in starts if at in cells_of(fit)]
