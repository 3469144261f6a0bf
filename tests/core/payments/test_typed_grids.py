"""A grid as it is typed: bands line by line, prices in a table, and each fault in its place."""

from datetime import date
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.payments.tariff_examples import asks, nursery, swimming

from parvis.payments.tariffs.pricing import Ask, pricer
from parvis.payments.tariffs.typed_bands import TypedAxis, holes, parts_of
from parvis.payments.tariffs.typed_grids import Typed, TypedRebate, carried, key_of, of_grid, shape_of
from parvis.payments.tariffs.typed_reading import read

AGE = TypedAxis(name="age", kind="int", parts="..6\n6..18\n18..")
ZONE = TypedAxis(name="zone", parts="town\nnear, else")


def typed(**other) -> Typed:
    """Six prices by zone and age, all typed."""
    blank = Typed(name="Pool", valid_from="2027-09-01", axes=(ZONE, AGE), step="0,05")
    cells = {key_of(parts): f"{number + 1},00" for number, parts in enumerate(shape_of(blank).cells())}
    return msgspec.structs.replace(blank, **({"cells": cells} | other))


def faults(draft: Typed) -> dict[str, str]:
    return {fault.field: str(fault.text) for fault in read(draft).faults}


@given(asks())
def test_a_grid_typed_anew_gives_the_same_prices(ask):
    grid = swimming(cap=2000, vat_bp=550, step=5)
    again = read(of_grid(grid, "Lessons")).grid
    assert pricer(again).price(ask).cents == pricer(grid).price(ask).cents


def test_a_share_of_an_income_is_typed_into_its_cell():
    grid = read(of_grid(nursery(), "Hours")).grid
    assert [line.rate for line in grid.lines] == [line.rate for line in nursery().lines]
    assert grid.axes == nursery().axes


def test_what_is_whole_is_a_grid():
    draft = typed(cap="5", vat="20 %", rebates=(TypedRebate(label="2nd", from_rank="2", share="12,5"),))
    grid = read(draft).grid
    assert (grid.cap, grid.step, grid.vat_bp, grid.rebates[0].bp) == (500, 5, 2000, 1250)
    assert (grid.valid_from, grid.valid_until) == (date(2027, 9, 1), None)
    prices = [pricer(grid).price(Ask({"zone": zone, "age": age})).cents for zone in ("town", "else") for age in (5, 18)]
    assert prices == [100, 300, 400, 500]


@pytest.mark.parametrize(
    ("other", "field", "said"),
    [
        ({"name": ""}, "name", "Say what the tariff is called."),
        ({"valid_from": ""}, "valid_from", "Say from which day it holds."),
        ({"valid_until": "2027-09-01"}, "valid_until", "cannot end on"),
        ({"cap": "douze"}, "cap", "“douze” is not an amount"),
        ({"step": "0"}, "step", "at least a cent"),
        ({"vat": "much"}, "vat", "“much” is not a percentage"),
        ({"rebates": (TypedRebate(label="2nd", from_rank="two", share="5"),)}, "rebates-0-from_rank", "whole number"),
        ({"rebates": (TypedRebate(from_rank="2", share="5"),)}, "rebates-0-label", "called"),
        ({"axes": (ZONE, AGE, AGE)}, "axes-2-name", "twice"),
        ({"axes": (TypedAxis(kind="int", parts="..6\n6.."),)}, "axes-0-name", "depends on"),
        ({"axes": (TypedAxis(name="age", kind="int"),)}, "axes-0-parts", "at least one line"),
        ({"axes": (TypedAxis(name="age", kind="int", parts="young\n6.."),)}, "axes-0-parts", "“young” is not a band"),
        ({"axes": (TypedAxis(name="age", kind="int", parts="..6\n8.."),)}, "axes-0-parts", "no line has 6..8"),
        ({"axes": (TypedAxis(name="age", kind="int", parts="..9\n6.."),)}, "axes-0-parts", "..9 and 6.. overlap"),
        ({"axes": (TypedAxis(name="zone", parts="town\nnear, town"),)}, "axes-0-parts", "overlap"),
        ({"axes": (TypedAxis(name="age", kind="int", least="-1", parts=".."),)}, "axes-0-least", "whole number"),
    ],
)
def test_each_fault_is_said_at_its_field(other, field, said):
    assert said in faults(typed(**other))[field]


@pytest.mark.parametrize(("text", "said"), [("", "no price here"), ("douze", "not an amount"), ("3 % x y..z", "share")])
def test_each_price_that_is_none_is_said_in_its_cell(text, said):
    draft = typed()
    draft = msgspec.structs.replace(draft, cells=dict(draft.cells) | {"near, else\n6..18": text})
    reading = read(draft)
    assert reading.grid is None
    assert [*reading.marks] == [4]
    assert said in str(reading.marks[4])
    assert faults(draft)["cell-4"].startswith("zone near, else, age 6..18: ")


def test_bands_that_overlap_are_marked_in_every_cell_of_both():
    draft = typed(axes=(ZONE, TypedAxis(name="age", kind="int", parts="..9\n6..18\n18..")))
    marks = read(draft).marks
    assert {0, 1, 3, 4} <= {number for number, text in marks.items() if "Two lines" in str(text)}
    assert not {number for number, text in marks.items() if "Two lines" in str(text)} & {2, 5}


def test_a_band_that_is_divided_gives_its_price_to_both_halves_and_one_that_comes_back_has_its_own():
    draft = typed()
    divided = carried(draft, msgspec.structs.replace(draft, axes=(ZONE, a_typed_age("..6\n6..12\n12..18\n18.."))))
    assert {divided.cells[f"town\n{band}"] for band in ("6..12", "12..18")} == {draft.cells["town\n6..18"]}
    back = carried(divided, msgspec.structs.replace(divided, axes=draft.axes))
    assert {key: back.cells[key] for key in draft.cells} == dict(draft.cells)


def test_an_axis_that_is_renamed_keeps_its_prices_and_one_that_is_added_has_those_of_before():
    draft = typed()
    renamed = (ZONE, msgspec.structs.replace(AGE, name="years"))
    assert read(carried(draft, msgspec.structs.replace(draft, axes=renamed))).grid is not None
    added = (*draft.axes, TypedAxis(name="season", parts="summer\nwinter"))
    assert read(carried(draft, msgspec.structs.replace(draft, axes=added))).grid is not None


def test_a_table_that_nobody_could_type_is_refused():
    wide = TypedAxis(name="n", kind="int", parts="\n".join(f"{n}..{n + 1}" for n in range(30)) + "\n30..")
    axes = (wide, msgspec.structs.replace(wide, name="m"))
    assert "961 prices" in faults(typed(axes=axes))["axes-0-parts"]


@given(st.sets(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 8))
def test_the_holes_are_just_what_is_left_out(cuts, gone):
    bounds = ["", *map(str, sorted(cuts)), ""]
    bands = [f"{low}..{high}" for low, high in pairwise(bounds)]
    left = [band for number, band in enumerate(bands) if number != gone % len(bands)]
    axis = a_typed_age("\n".join(left))
    missing = holes(axis, parts_of(axis))
    assert len(missing) == 1
    again = a_typed_age("\n".join([*left, missing[0].text]))
    assert holes(again, parts_of(again)) == []


def a_typed_age(parts: str) -> TypedAxis:
    return msgspec.structs.replace(AGE, parts=parts)
