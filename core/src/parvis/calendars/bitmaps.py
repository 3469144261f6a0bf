"""A desk's day as a bitmap: one bit for each five minutes that really pass between two local midnights.

Cells count elapsed time, so a day has 276, 288 or 300 of them when the clock changes; the number is fixed at 304,
a whole number of bytes, and the cells a day does not have are never open. Cell 0 is the highest bit, as in
PostgreSQL's bit strings, which makes `free & (free << 1)` the starts of two free cells in a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

CELL_MINUTES = 5
WIDTH = 304
_LEAST_STEPS = 5
_ALL = (1 << WIDTH) - 1


def run(first: int, cells: int) -> int:
    """The bitmap of `cells` cells from cell `first`.

    >>> list(cells_of(run(2, 3)))
    [2, 3, 4]
    """
    return ((1 << cells) - 1) << (WIDTH - first - cells)


def cells_of(bits: int) -> Iterator[int]:
    """The cells that are set, in the order of the day."""
    while bits:
        top = bits.bit_length() - 1
        yield WIDTH - 1 - top
        bits ^= 1 << top


def runs_of(bits: int) -> Iterator[tuple[int, int]]:
    """Each run of set cells as (first cell, length).

    >>> list(runs_of(run(0, 2) | run(5, 1)))
    [(0, 2), (5, 1)]
    """
    while bits:
        first = WIDTH - bits.bit_length()
        shifted = (bits << first) & _ALL
        length = WIDTH - (shifted ^ _ALL).bit_length()
        yield first, length
        bits &= ~run(first, length)


def fitting(free: int, cells: int) -> int:
    """Where an appointment of `cells` cells can start: `free & (free << 1) & …`, by doubling.

    >>> list(cells_of(fitting(run(10, 4) | run(20, 2), 3)))
    [10, 11]
    """
    done = 1
    while done < cells:
        by = min(done, cells - done)
        free &= free << by
        done += by
    return free


def marks(grid: int, step: int) -> int:
    """The cells at which appointments are offered: every `step` cells from the beginning of each opening.

    >>> list(cells_of(marks(run(10, 5) | run(20, 3), 2)))
    [10, 12, 14, 20, 22]
    """
    found = 0
    for first, length in runs_of(grid):
        for cell in range(first, first + length, step):
            found |= 1 << (WIDTH - 1 - cell)
    return found


@lru_cache(maxsize=4096)
def kept_for_counter(grid: int, step: int, percent: int, turn: int = 0) -> int:
    """The part of `grid` kept for the counter: about `percent` of its steps, spread evenly over the day.

    A day of five steps or more keeps one at least, so that a small share is not rounded away. Each `turn` keeps what
    comes a step earlier, so that no hour is always the counter's.

    >>> [cell for cell, _ in runs_of(kept_for_counter(run(0, 20), 2, 20))]
    [8, 18]
    >>> [[cell for cell, _ in runs_of(kept_for_counter(run(0, 28), 4, 10, turn))] for turn in (0, 1, 7)]
    [[24], [20], [24]]
    """
    steps = [(first + at, min(step, length - at)) for first, length in runs_of(grid) for at in range(0, length, step)]
    count = len(steps)
    wanted = max((count * percent + 49) // 100, int(percent > 0 and count >= _LEAST_STEPS))
    kept = 0
    for number, (first, length) in enumerate(steps):
        place = (number + turn) % count
        if (place + 1) * wanted // count > place * wanted // count:
            kept |= run(first, length)
    return kept


def pack(bits: int, opens: int, cells: int) -> bytes:
    """The window of `cells` cells from `opens`, as the bytes of a PostgreSQL bit string."""
    length = -(-cells // 8) * 8
    window = (bits >> (WIDTH - opens - cells)) & ((1 << cells) - 1)
    return (window << (length - cells)).to_bytes(length // 8, "big")


def unpack(raw: bytes, opens: int) -> int:
    """The bitmap of a window that begins at cell `opens`, from the bytes of a PostgreSQL bit string.

    >>> unpack(pack(run(40, 7), 38, 12), 38) == run(40, 7)
    True
    """
    value, shift = int.from_bytes(raw, "big"), WIDTH - opens - 8 * len(raw)
    return value << shift if shift >= 0 else value >> -shift


def window(bits: int) -> tuple[int, int]:
    """The first set cell and the number of cells up to the last one; (0, 0) of nothing."""
    if not bits:
        return 0, 0
    lowest = (bits & -bits).bit_length()
    return WIDTH - bits.bit_length(), bits.bit_length() - lowest + 1


def first_cells(bits: int, limit: int) -> list[int]:
    """The first `limit` set cells."""
    return list(islice(cells_of(bits), limit))
