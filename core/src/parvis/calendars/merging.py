"""Two changes of the same timetable brought together, rule by rule. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from parvis import merging
from parvis.calendars.timetables import Timetable
from parvis.merging import Path

# A desk's week is a set of openings: two people may each add one.
_SETS = frozenset({"weekly"})


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one timetable; where both changed the same rule differently (`clashes`), it is mine."""

    timetable: Timetable
    clashes: tuple[Path, ...]


def merge(base: Timetable, mine: Timetable, theirs: Timetable) -> Merged:
    """What becomes of `base` when both my change and theirs are made."""
    merged, clashes = merging.merge(_plain(base), _plain(mine), _plain(theirs), _SETS)
    return Merged(msgspec.convert(merged, Timetable), clashes)


def _plain(side: Timetable) -> Any:
    return msgspec.to_builtins(side, builtin_types=(), str_keys=True)
