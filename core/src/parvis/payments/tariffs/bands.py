"""A grid's lines as a tree of decisions, with the gaps and overlaps met while building it. Pure.

Each axis is cut where a line begins or ends; whoever falls between two cuts meets the same lines. Parts of the tree
that are left with the same lines are built once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from parvis.payments.tariffs.grids import Axis, Grid, Line, Reach, said

# A line's number; or by value; or the cuts of an axis of numbers and what lies between them.
Node: TypeAlias = int | dict[str, Any] | tuple[tuple[int, ...], tuple[Any, ...]]
NOWHERE = -1
_MOST_NODES = 50_000
_MOST_FAULTS = 20


class TooFine(Exception):
    """The lines cut the axes into more parts than anybody could check."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where no line holds, or several: the place as the CSV would write it, and the numbers of the lines, from 1."""

    where: str
    lines: tuple[int, ...]


@dataclass(slots=True)
class Builder:
    """Builds the tree of a grid whose parts are well formed. `root` raises TooFine."""

    grid: Grid
    faults: list[Fault] = field(default_factory=list)
    _seen: dict[tuple[int, tuple[int, ...]], Node] = field(default_factory=dict)

    def root(self) -> Node:
        """The tree from the first axis on; `faults` are known afterwards."""
        return self._node(0, tuple(range(len(self.grid.lines))), ())

    def _node(self, depth: int, alive: tuple[int, ...], path: tuple[str, ...]) -> Node:
        if not alive or depth == len(self.grid.axes):
            return self._leaf(alive, path)
        key = (depth, alive)
        if key not in self._seen:
            if len(self._seen) >= _MOST_NODES:
                raise TooFine
            self._seen[key] = self._made(depth, alive, path)
        return self._seen[key]

    def _made(self, depth: int, alive: tuple[int, ...], path: tuple[str, ...]) -> Node:
        axis = self.grid.axes[depth]
        if not any(axis.name in self.grid.lines[number].when for number in alive):
            below = self._node(depth + 1, alive, path)
            return dict.fromkeys(axis.values, below) if axis.kind == "enum" else ((), (below,))
        if axis.kind == "enum":
            return {value: self._child(depth, alive, path, (value,)) for value in axis.values}
        bands = list(_bands(axis, [self.grid.lines[number] for number in alive]))
        return tuple(low for low, _ in bands[1:]), tuple(self._child(depth, alive, path, band) for band in bands)

    def _child(self, depth: int, alive: tuple[int, ...], path: tuple[str, ...], part: Reach) -> Node:
        axis = self.grid.axes[depth]
        left = tuple(number for number in alive if _covers(axis, self.grid.lines[number].when.get(axis.name), part[0]))
        return self._node(depth + 1, left, (*path, f"{axis.name} {said(axis, part)}"))

    def _leaf(self, alive: tuple[int, ...], path: tuple[str, ...]) -> int:
        if len(alive) == 1:
            return alive[0]
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(", ".join(path), tuple(number + 1 for number in alive)))
        return NOWHERE


def find(root: Node, values: tuple[Any, ...]) -> int:
    """The index of the line for these values, one for each axis. Raises KeyError for a value no axis has."""
    node = root
    for value in values:
        node = node[value] if type(node) is dict else node[1][bisect_right(node[0], value)]  # type: ignore[index]
    return node  # type: ignore[return-value]


def _bands(axis: Axis, lines: list[Line]) -> Iterator[tuple[int, int | None]]:
    cuts = {bound for line in lines for bound in line.when.get(axis.name, ()) if isinstance(bound, int)}
    inner = sorted(cut for cut in cuts if cut > axis.least)
    yield from zip([axis.least, *inner], [*inner, None], strict=True)


def _covers(axis: Axis, reach: Reach | None, value: Any) -> bool:
    if reach is None:
        return True
    if axis.kind == "enum":
        return value in reach
    low, high = reach
    return (low is None or low <= value) and (high is None or value < high)
