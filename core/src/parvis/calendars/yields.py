"""How many appointments a timetable makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from parvis.calendars.bitmaps import CELL_MINUTES, fitting, marks
from parvis.calendars.openings import grid_of
from parvis.calendars.rules import cells_needed
from parvis.calendars.timetables import KindRules, Timetable, openings_of, serves

_DAYS = 365


@dataclass(frozen=True, slots=True)
class Yield:
    """Appointments of one person that a year has if all are of one kind, and those of them kept for the counter."""

    whole: int
    counter: int


def a_year(timetable: Timetable, first: date) -> Mapping[str, Yield]:
    """For each kind what the 365 days from `first` on have, however far ahead days are open."""
    found = dict.fromkeys(timetable.kinds, (0, 0))
    for desk_id, desk in timetable.desks.items():
        openings = openings_of(timetable, desk_id)
        kinds = [(name, kind) for name, kind in timetable.kinds.items() if serves(desk, name)]
        for ahead in range(_DAYS if openings.weekly or openings.exceptions else 0):
            drawn = grid_of(openings, first + timedelta(days=ahead))
            for name, kind in kinds if drawn.grid else ():
                whole, public = _starts(drawn.grid, drawn.kept, *_cells(kind))
                found[name] = (found[name][0] + whole, found[name][1] + whole - public)
    return {name: Yield(*counted) for name, counted in found.items()}


def _cells(kind: KindRules) -> tuple[int, int]:
    return cells_needed(kind.minutes_first, 0, 1), kind.step_minutes // CELL_MINUTES


@lru_cache(maxsize=4096)
def _starts(grid: int, kept: int, cells: int, step: int) -> tuple[int, int]:
    """Starts in a day for everybody, and for the public."""
    offered = marks(grid, step)
    return (fitting(grid, cells) & offered).bit_count(), (fitting(grid & ~kept, cells) & offered).bit_count()
