"""The axes of a grid as they are typed, a band a line, and what is missing or twice in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Literal, TypeAlias

import msgspec

from parvis.errors import Refusal, Text
from parvis.payments.tariffs.grids import Axis, Grid, Reach, Value, said

Kind: TypeAlias = Literal["enum", "int"]
_BAND = re.compile(r"(\d{0,9})\s*\.\.\s*(\d{0,9})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}")
# Every number there is.
ALL: Reach = (None, None)


class TypedAxis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a price depends on, as typed: `parts` has a band (`3..6`) or one or more values (`town, near`) a line."""

    name: str = ""
    kind: Kind = "enum"
    least: str = ""
    parts: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of an axis, tidied, and whom it is for; None where it cannot be read."""

    text: str
    reach: Reach | None


def parts_of(typed: TypedAxis) -> tuple[Part, ...]:
    """The lines of an axis.

    >>> [part.reach for part in parts_of(TypedAxis(kind="int", parts="..6\\n6 .. 18\\n18..\\nold"))]
    [(None, 6), (6, 18), (18, None), None]
    """
    lines = (" ".join(raw.split()) for raw in typed.parts.splitlines())
    return tuple(_part(typed.kind, line) for line in lines if line)


def _part(kind: Kind, line: str) -> Part:
    if kind == "enum":
        values = tuple(value.strip() for value in line.split(",") if value.strip())
        return Part(", ".join(values) or line, values or None)
    if _NUMBER.fullmatch(line):
        return Part(f"{int(line)}..{int(line) + 1}", (int(line), int(line) + 1))
    found = _BAND.fullmatch(line)
    low, high = (int(bound) if bound else None for bound in found.groups()) if found else (0, 0)
    if low is not None and high is not None and low >= high:
        return Part(line, None)
    return Part(said(Axis(name="", kind="int"), (low, high)), (low, high))


def axis_of(typed: TypedAxis) -> Axis:
    """The axis; what cannot be read of it is told by `axis_faults`."""
    missing: Value | None = typed.missing.strip() or None
    if typed.kind == "int":
        missing = int(missing) if missing and _NUMBER.fullmatch(str(missing)) else None
        return Axis(name=typed.name, kind="int", least=least_of(typed), missing=missing)
    values = (str(value) for part in parts_of(typed) for value in part.reach or ())
    return Axis(name=typed.name, kind="enum", values=tuple(dict.fromkeys(values)), missing=missing)


def least_of(typed: TypedAxis) -> int:
    """The smallest number of an axis of numbers, 0 unless another is typed."""
    return int(typed.least) if _NUMBER.fullmatch(typed.least.strip()) else 0


def axis_faults(typed: TypedAxis, parts: Sequence[Part], field: str) -> Iterator[Refusal]:
    """What keeps an axis from being one, each at its field, which begins with `field`."""
    name = {"axis": typed.name}
    if not typed.name:
        yield Refusal("axis-name", Text("Say what the price depends on, such as age."), f"{field}-name")
    if not parts:
        yield Refusal("axis-parts", Text("“{axis}”: write at least one line.", name), f"{field}-parts")
    for part in parts:
        if part.reach is None:
            text = Text("“{typed}” is not a band such as 3..6", {"typed": part.text})
            yield Refusal("axis-part", text, f"{field}-parts")
    yield from _no_numbers(typed, field)
    yield from _not_covered(typed, parts, field)


def _no_numbers(typed: TypedAxis, field: str) -> Iterator[Refusal]:
    for which in ("least", "missing") if typed.kind == "int" else ():
        number = getattr(typed, which).strip()
        if number and not _NUMBER.fullmatch(number):
            yield Refusal("axis-number", Text("“{typed}” is not a whole number", {"typed": number}), f"{field}-{which}")


def _not_covered(typed: TypedAxis, parts: Sequence[Part], field: str) -> Iterator[Refusal]:
    name = {"axis": typed.name}
    for one, other in islice(overlaps(typed, parts), 1):
        told = name | {"one": parts[one].text, "other": parts[other].text}
        yield Refusal("axis-overlap", Text("“{axis}”: {one} and {other} overlap.", told), f"{field}-parts")
    for hole in holes(typed, parts):
        yield Refusal("axis-gap", Text("“{axis}”: no line has {band}.", name | {"band": hole.text}), f"{field}-parts")


def holes(typed: TypedAxis, parts: Sequence[Part]) -> list[Part]:
    """The numbers that no part has, as parts of their own.

    >>> age = TypedAxis(kind="int", parts="..6\\n8..10")
    >>> [hole.text for hole in holes(age, parts_of(age))]
    ['6..8', '10..']
    """
    if typed.kind == "enum" or not parts or any(part.reach is None for part in parts):
        return []
    found, at = [], least_of(typed)
    for low, high in sorted((_bounds(part, at) for part in parts), key=lambda bounds: bounds[0]):
        if low > at:
            found.append((at, low))
        if high is None:
            return _as_parts(found)
        at = max(at, high)
    return _as_parts([*found, (at, None)])


def overlaps(typed: TypedAxis, parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """The parts, two by two, that have something in common."""
    meet = _share if typed.kind == "enum" else _meet
    for one, other in combinations(range(len(parts)), 2):
        if parts[one].reach is not None and parts[other].reach is not None and meet(parts[one], parts[other]):
            yield one, other


def cut(grid: Grid) -> tuple[tuple[Axis, tuple[Part, ...]], ...]:
    """The axes that a grid's prices depend on, each in the parts that its lines cut it into."""
    reaches = {
        axis: [line.when[axis.name] for line in grid.lines if axis.name in line.when]
        for axis in grid.axes
        if any(axis.name in line.when for line in grid.lines)
    }
    return tuple((axis, _values(axis, of) if axis.kind == "enum" else _bands(axis, of)) for axis, of in reaches.items())


def within(kind: Kind, part: Part, value: object) -> bool:
    """Whether a value of an axis lies in one of its parts."""
    if part.reach is None:
        return False
    if kind == "enum":
        return value in part.reach
    low, high = _bounds(part, 0)
    return isinstance(value, int) and low <= value and (high is None or value < high)


def contains(kind: Kind, whole: Part, part: Part) -> bool:
    """Whether a part lies in another one."""
    if whole.reach is None or part.reach is None:
        return whole.text == part.text
    if kind == "enum":
        return set(part.reach) <= set(whole.reach)
    (low, high), (first, last) = _bounds(whole, 0), _bounds(part, 0)
    return low <= first and (high is None or (last is not None and last <= high))


def _values(axis: Axis, reaches: Sequence[Reach]) -> tuple[Part, ...]:
    """Values that are always named together stay together."""
    alike: dict[tuple[bool, ...], list[str]] = {}
    for value in axis.values:
        alike.setdefault(tuple(value in reach for reach in reaches), []).append(value)
    return tuple(Part(", ".join(values), tuple(values)) for values in alike.values())


def _bands(axis: Axis, reaches: Sequence[Reach]) -> tuple[Part, ...]:
    cuts = sorted({int(bound) for reach in reaches for bound in reach if bound is not None and int(bound) > axis.least})
    return tuple(_as_parts(zip([None, *cuts], [*cuts, None], strict=True)))


def _as_parts(bands: object) -> list[Part]:
    number = Axis(name="", kind="int")
    return [Part(said(number, band), band) for band in bands]  # type: ignore[attr-defined]


def _bounds(part: Part, least: int) -> tuple[int, int | None]:
    low, high = part.reach or (None, None)
    return least if low is None else int(low), None if high is None else int(high)


def _share(one: Part, other: Part) -> bool:
    return bool(set(one.reach or ()) & set(other.reach or ()))


def _meet(one: Part, other: Part) -> bool:
    (low, high), (first, last) = _bounds(one, 0), _bounds(other, 0)
    return (high is None or first < high) and (last is None or low < last)
