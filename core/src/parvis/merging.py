"""Two changes of the same value brought together, part by part. Pure.

Values are JSON's own types: parts of an object are compared by their key, everything else as a whole.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str, ...]
_missing = object()


def merge(base: Any, mine: Any, theirs: Any, sets: AbstractSet[str] = frozenset()) -> tuple[Any, tuple[Path, ...]]:
    """What becomes of `base` when both changes are made, and where both changed the same part: there it is mine.

    Lists under a key of `sets` have no order: both may add an item to them.

    >>> merge({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 3, "b": 4})
    ({'a': 2, 'b': 4}, (('a',),))
    """
    clashes: list[Path] = []
    return _merged(base, mine, theirs, (), sets, clashes), tuple(clashes)


def _merged(base: Any, mine: Any, theirs: Any, path: Path, sets: AbstractSet[str], clashes: list[Path]) -> Any:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if path and path[-1] in sets and base is not _missing:
        both = [*theirs, *(line for line in mine if line not in theirs)]
        return [line for line in both if line not in base or (line in mine and line in theirs)]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return _merged_parts(base if isinstance(base, dict) else {}, mine, theirs, path, sets, clashes)
    clashes.append(path)
    return mine


def _merged_parts(
    base: dict[str, Any],
    mine: dict[str, Any],
    theirs: dict[str, Any],
    path: Path,
    sets: AbstractSet[str],
    clashes: list[Path],
) -> dict[str, Any]:
    found = {
        key: _merged(
            base.get(key, _missing), mine.get(key, _missing), theirs.get(key, _missing), (*path, key), sets, clashes
        )
        for key in {**theirs, **mine}
    }
    return {key: value for key, value in found.items() if value is not _missing}
