"""Tariffs as towns have them, for the tests of prices and sheets."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from parvis.payments.tariffs.grids import Axis, Grid, Line, Rate, Rebate
from parvis.payments.tariffs.pricing import Ask

ZONE = Axis(name="zone", kind="enum", values=("town", "near", "else"), missing="else")
AGE = Axis(name="age", kind="int")
QUOTIENT = Axis(name="quotient", kind="int", missing=10_000)
TOPS = (300, 500, 701, 1000, None)


def swimming(**rest: object) -> Grid:
    """Lessons: by residence, from three years of age, dearer by family quotient; 40 lines."""
    lines = [
        Line(when={"zone": (zone,), "age": (low, high), "quotient": band}, cents=base + 250 * number + 100 * place)
        for place, zone in enumerate(("town", "near", "else"))
        for low, high, base in ((None, 6, 500), (6, 18, 800), (18, None, 1500))
        for number, band in enumerate(zip((None, *TOPS), TOPS, strict=False))
    ]
    rebates = (Rebate(label="2nd child", from_rank=2, bp=2000), Rebate(label="3rd child", from_rank=3, bp=3550))
    usual = {"valid_from": date(2026, 9, 1), "rebates": rebates, "axes": (ZONE, AGE, QUOTIENT), "lines": tuple(lines)}
    return Grid(**(usual | rest))  # type: ignore[arg-type]


def nursery(**rest: object) -> Grid:
    """An hour of nursery: a share of the family's income by number of children, within a floor and a ceiling."""
    shares = ((1, 2, 619), (2, 3, 516), (3, None, 413))
    lines = tuple(
        Line(when={"children": (low, high)}, rate=Rate(of="income", ppm=ppm, least=50, most=400))
        for low, high, ppm in shares
    )
    axes = (Axis(name="children", kind="int", least=1),)
    return Grid(**({"valid_from": date(2026, 1, 1), "axes": axes, "lines": lines} | rest))  # type: ignore[arg-type]


def asks() -> st.SearchStrategy[Ask]:
    """Any request to the swimming lessons."""
    values = st.fixed_dictionaries(
        {"zone": st.sampled_from(ZONE.values), "age": st.integers(0, 99)},
        optional={"quotient": st.integers(0, 3000)},
    )
    parts = st.integers(1, 40).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
    return st.builds(lambda values, rank, part: Ask(values, rank, *part), values, st.integers(1, 6), parts)
