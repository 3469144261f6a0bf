"""Where a grid goes among a tariff's others, and what may no longer be changed: what has priced something. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from parvis.errors import Refusal, Text
from parvis.payments.tariffs.grids import Grid


def placed(grids: Sequence[Grid], new: Grid, replaces: date | None = None) -> tuple[Grid, ...]:
    """A tariff with one more grid, or one in another's place: the one before ends where it begins, and it ends where
    the next one begins."""
    gone = next((grid for grid in grids if replaces and grid.valid_from == replaces), None)
    others = [*without(grids, replaces)] if gone and replaces else [*grids]
    starts = new.valid_from or date.min
    earlier = [grid for grid in others if _starts(grid) < starts]
    later = [grid for grid in others if _starts(grid) >= starts]
    if earlier and _reaches(earlier[-1], starts):
        earlier[-1] = replace(earlier[-1], valid_until=new.valid_from)
    ends = later[0].valid_from if later else None
    if ends and starts < ends and (new.valid_until is None or new.valid_until > ends):
        new = replace(new, valid_until=ends)
    return (*earlier, new, *later)


def without(grids: Sequence[Grid], day: date) -> tuple[Grid, ...]:
    """A tariff without the grid that begins on a day: the one before holds for its time too."""
    at = next(number for number, grid in enumerate(grids) if grid.valid_from == day)
    left = [*grids[:at], *grids[at + 1 :]]
    if at and left[at - 1].valid_until == day:
        left[at - 1] = replace(left[at - 1], valid_until=grids[at].valid_until)
    return tuple(left)


def rewriting(before: Iterable[Grid], after: Sequence[Grid], priced: Mapping[date, date]) -> Iterator[Refusal]:
    """What a change would rewrite of grids that have priced something: `priced` has, by the day they begin, the last
    day that they gave a price for. Such a grid may end, after that day, and nothing else."""
    kept = {grid.valid_from: grid for grid in after}
    for grid in before:
        last = priced.get(grid.valid_from) if grid.valid_from else None
        if last is None:
            continue
        now = kept.get(grid.valid_from)
        told = {"day": grid.valid_from, "last": last}
        if now is None or replace(now, valid_until=None) != replace(grid, valid_until=None):
            text = Text(
                "The grid from {day} has given prices already: it stays as it is. Begin another one later.", told
            )
            yield Refusal("grid-priced", text, "valid_from")
        elif now.valid_until is not None and now.valid_until <= last:
            text = Text("The grid from {day} has given a price for {last}: it cannot end before.", told)
            yield Refusal("grid-priced-day", text, "valid_from")


def _starts(grid: Grid) -> date:
    return grid.valid_from or date.min


def _reaches(grid: Grid, day: date) -> bool:
    return grid.valid_until is None or grid.valid_until > day
