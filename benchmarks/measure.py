"""Rounds of contenders in rotation, medians of per-round ratios, spread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

WORST_SPREAD = 0.30


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `ratio` is ours against theirs as `figure` says; spreads are (max - min) / median."""

    figure: str
    floor: str
    stretch: str
    ratio: float
    ours: str
    theirs: str
    spread: float
    their_spread: float
    note: str = ""

    @property
    def thrown_away(self) -> bool:
        """Whether the machine was too noisy for this line to mean anything."""
        return self.their_spread > WORST_SPREAD


async def rounds(contenders: Mapping[str, Callable[[int], Awaitable[float]]], times: int) -> dict[str, list[float]]:
    """Each contender's figure for each round; who begins changes from round to round."""
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(times):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            found[name].append(await contenders[name](turn))
    return found


def spread(figures: Sequence[float]) -> float:
    """How far apart the figures are, as a share of their median."""
    return (max(figures) - min(figures)) / median(figures)


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def middle_rate(figures: Sequence[float]) -> str:
    """The middle one of so many a second."""
    return f"{median(figures):,.0f}/s"


def middle_time(figures: Sequence[float]) -> str:
    """The middle one of so many seconds."""
    return f"{median(figures) * 1000:,.0f} ms"


def line(
    figure: str, ours: Sequence[float], theirs: Sequence[float], floor: str = "–", stretch: str = "–", note: str = ""
) -> Line:
    """A line of two rates."""
    rates = middle_rate(ours), middle_rate(theirs)
    return Line(figure, floor, stretch, ratio_of(ours, theirs), *rates, spread(ours), spread(theirs), note)
