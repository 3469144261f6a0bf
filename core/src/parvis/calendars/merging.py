"""Two changes of the same timetable brought together, rule by rule. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from parvis.calendars.timetables import Timetable

Path: TypeAlias = tuple[str, ...]
_missing = object()
# A desk's week is a set of openings: two people may each add one.
_SETS = frozenset({"weekly"})


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one timetable; where both changed the same rule differently (`clashes`), it is mine."""

    timetable: Timetable
    clashes: tuple[Path, ...]


def merge(base: Timetable, mine: Timetable, theirs: Timetable) -> Merged:
    """What becomes of `base` when both my change and theirs are made."""
    clashes: list[Path] = []
    merged = _merged(_plain(base), _plain(mine), _plain(theirs), (), clashes)
    return Merged(msgspec.convert(merged, Timetable), tuple(clashes))


def _plain(side: Timetable) -> Any:
    return msgspec.to_builtins(side, builtin_types=(), str_keys=True)


def _merged(base: Any, mine: Any, theirs: Any, path: Path, clashes: list[Path]) -> Any:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if path and path[-1] in _SETS and base is not _missing:
        both = [*theirs, *(line for line in mine if line not in theirs)]
        return [line for line in both if line not in base or (line in mine and line in theirs)]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return _merged_parts(base if isinstance(base, dict) else {}, mine, theirs, path, clashes)
    clashes.append(path)
    return mine


def _merged_parts(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], path: Path, clashes: list[Path]
) -> dict[str, Any]:
    found = {
        key: _merged(base.get(key, _missing), mine.get(key, _missing), theirs.get(key, _missing), (*path, key), clashes)
        for key in {**theirs, **mine}
    }
    return {key: value for key, value in found.items() if value is not _missing}
