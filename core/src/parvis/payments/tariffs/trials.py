"""Other prices tried on what was asked in the past: in total, and by the bands of the new grid. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from parvis.errors import Invalid
from parvis.payments.money import Cents
from parvis.payments.tariffs.grids import Axis, Grid
from parvis.payments.tariffs.pricing import Ask, Pricer
from parvis.payments.tariffs.typed_bands import Part, cut, within


@dataclass(slots=True)
class Sums:
    """What requests came to and would come to, and how many would pay more or less."""

    requests: int = 0
    before: Cents = 0
    after: Cents = 0
    more: int = 0
    less: int = 0

    @property
    def difference(self) -> Cents:
        """How much more would come in."""
        return self.after - self.before

    def add(self, old: Cents, new: Cents) -> None:
        """Count one request."""
        self.requests += 1
        self.before, self.after = self.before + old, self.after + new
        self.more += new > old
        self.less += new < old


@dataclass(frozen=True, slots=True)
class Band:
    """What the requests of one band of an axis came to."""

    axis: str
    part: str
    sums: Sums


@dataclass(slots=True)
class Trial:
    """What a grid would change: in total, by band, the widest changes, and how many it cannot price."""

    total: Sums = field(default_factory=Sums)
    bands: tuple[Band, ...] = ()
    unpriced: int = 0
    largest_rise: Cents = 0
    largest_fall: Cents = 0


def trial(asked: Iterable[Ask], before: Pricer, after: Pricer) -> Trial:
    """Price past requests by two grids. One that lacks what a grid asks for is counted apart."""
    found, of_axis = Trial(), _bands(after.grid)
    for ask in asked:
        try:
            old, new = before.price(ask).cents, after.price(ask).cents
        except Invalid:
            found.unpriced += 1
            continue
        found.total.add(old, new)
        found.largest_rise = max(found.largest_rise, new - old)
        found.largest_fall = min(found.largest_fall, new - old)
        for sums in _theirs(ask, of_axis):
            sums.add(old, new)
    found.bands = tuple(Band(axis.name, part.text, sums) for axis, parts in of_axis for part, sums in parts)
    return found


def _bands(grid: Grid) -> list[tuple[Axis, list[tuple[Part, Sums]]]]:
    return [(axis, [(part, Sums()) for part in parts]) for axis, parts in cut(grid)]


def _theirs(ask: Ask, of_axis: list[tuple[Axis, list[tuple[Part, Sums]]]]) -> Iterator[Sums]:
    """The sums of the band of each axis that a request lies in."""
    for axis, parts in of_axis:
        value = ask.values.get(axis.name, axis.missing)
        found = next((sums for part, sums in parts if within(axis.kind, part, value)), None)
        if found is not None:
            yield found
