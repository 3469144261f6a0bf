"""Pricing many requests against a long grid, against looking each up in a dictionary of what they would give."""

from __future__ import annotations

import time as watch
from datetime import date
from itertools import pairwise
from random import Random

from benchmarks.measure import Line as Measured
from benchmarks.measure import middle_time, ratio_of, rounds, spread
from parvis.payments.tariffs.grids import Axis, Grid, Line, Rebate
from parvis.payments.tariffs.pricing import Ask, Pricer, pricer

_REQUESTS = 100_000
_ZONES = ("town", "near", "agglomeration", "else")
_AGES = (0, 3, 6, 18, 65, None)
_QUOTIENTS = (0, 300, 450, 600, 750, 900, 1100, 1300, 1600, 2000, None)


async def pricing_line(times: int) -> Measured:
    """Seconds for 100,000 requests, each with its line and its steps, against 200 lines with rebates and a cap."""
    ready, asked = pricer(_grid()), _asked()
    seen = {id(ask): ready.price(ask) for ask in asked}

    async def priced(_: int) -> float:
        return _took(ready, asked)

    async def looked_up(_: int) -> float:
        began = watch.perf_counter()
        for ask in asked:
            seen[id(ask)]
        return watch.perf_counter() - began

    found = await rounds({"ours": priced, "theirs": looked_up}, times)
    ours, theirs = found["ours"], found["theirs"]
    figure = f"pricing {_REQUESTS:,} requests, {len(ready.grid.lines)} lines ÷ a dictionary that knows (time)"
    took = middle_time(ours), middle_time(theirs)
    return Measured(figure, "1 s", "–", ratio_of(ours, theirs), *took, spread(ours), spread(theirs))


def _took(ready: Pricer, asked: list[Ask]) -> float:
    began = watch.perf_counter()
    for ask in asked:
        ready.price(ask)
    return watch.perf_counter() - began


def _grid() -> Grid:
    lines = tuple(
        Line(when={"zone": (zone,), "age": age, "quotient": quotient}, cents=500 + 37 * number)
        for zone in _ZONES
        for age in pairwise(_AGES)
        for number, quotient in enumerate(pairwise(_QUOTIENTS))
    )
    axes = (
        Axis(name="zone", kind="enum", values=_ZONES),
        Axis(name="age", kind="int"),
        Axis(name="quotient", kind="int", missing=9999),
    )
    rebates = (Rebate(label="2", from_rank=2, bp=2000), Rebate(label="3", from_rank=3, bp=3500))
    return Grid(valid_from=date(2027, 1, 1), axes=axes, lines=lines, rebates=rebates, cap=900, step=5)


def _asked() -> list[Ask]:
    chance = Random(6)
    return [
        Ask(
            {"zone": chance.choice(_ZONES), "age": chance.randrange(90), "quotient": chance.randrange(2500)},
            chance.randrange(1, 4),
            chance.randrange(1, 31),
            30,
        )
        for _ in range(_REQUESTS)
    ]
