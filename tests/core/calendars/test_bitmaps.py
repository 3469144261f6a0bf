"""Bitmaps against the plain way: lists of booleans."""

import itertools
from functools import reduce
from operator import and_, or_

from hypothesis import given
from hypothesis import strategies as st

from parvis.calendars.bitmaps import (
    WIDTH,
    cells_of,
    first_cells,
    fitting,
    kept_for_counter,
    marks,
    pack,
    run,
    runs_of,
    unpack,
    window,
)

days = st.lists(st.tuples(st.integers(0, 290), st.integers(1, 14)), max_size=8).map(
    lambda runs: _union(run(first, cells) for first, cells in runs)
)


def _union(many) -> int:
    bits = 0
    for one in many:
        bits |= one
    return bits


@given(days, st.integers(1, 40))
def test_a_run_fits_where_every_cell_is_free(free: int, cells: int):
    there = set(cells_of(free))
    expected = [cell for cell in range(WIDTH) if all(cell + n in there for n in range(cells))]
    assert list(cells_of(fitting(free, cells))) == expected


@given(days)
def test_runs_are_maximal_and_make_the_day(bits: int):
    runs = list(runs_of(bits))
    assert _union(run(*found) for found in runs) == bits
    assert all(first + length < following for (first, length), (following, _) in itertools.pairwise(runs))


@given(days, st.integers(1, 12))
def test_marks_begin_each_run_and_keep_their_step(grid: int, step: int):
    expected = [first + n for first, length in runs_of(grid) for n in range(0, length, step)]
    assert list(cells_of(marks(grid, step))) == expected


@given(days)
def test_packing_is_reversible(bits: int):
    opens, cells = window(bits)
    assert unpack(pack(bits, opens, cells), opens) == bits
    assert (cells == 0) == (bits == 0)


@given(days, st.integers(1, 12), st.integers(0, 100), st.integers(0, 800_000))
def test_the_counters_share_is_part_of_the_grid_and_about_right(grid: int, step: int, percent: int, turn: int):
    kept = kept_for_counter(grid, step, percent, turn)
    steps = sum(-(-length // step) for _, length in runs_of(grid))
    assert kept & ~grid == 0
    assert abs(_steps_in(grid, kept, step) - steps * percent / 100) <= 1
    assert kept or percent == 0 or steps < 5


@given(days, st.integers(1, 12), st.integers(1, 99))
def test_no_step_is_the_counters_on_every_turn_nor_the_publics(grid: int, step: int, percent: int):
    steps = sum(-(-length // step) for _, length in runs_of(grid))
    turns = [kept_for_counter(grid, step, percent, turn) for turn in range(steps)]
    always, ever = reduce(and_, turns, grid), reduce(or_, turns, 0)
    assert always == 0 or _steps_in(grid, turns[0], step) == steps
    assert ever in (0, grid)


def _steps_in(grid: int, kept: int, step: int) -> int:
    """How many of the grid's steps are kept; each is kept wholly or not at all."""
    cut = [run(first + at, min(step, length - at)) for first, length in runs_of(grid) for at in range(0, length, step)]
    assert all(bits & kept in (0, bits) for bits in cut)
    return sum(1 for bits in cut if bits & kept)


@given(days, st.integers(0, 5))
def test_first_cells_are_the_first(bits: int, limit: int):
    assert first_cells(bits, limit) == sorted(cells_of(bits))[:limit]
