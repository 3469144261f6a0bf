"""Drafts published among a tariff's grids, grids taken back, and what has given a price left as it is."""

import asyncio
import contextvars
import re
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.payments.tariff_examples import AGE, ZONE, swimming

from parvis import clock
from parvis.db import connection, new_id
from parvis.errors import Conflict, NotFound, Refused
from parvis.payments.books import ledger
from parvis.payments.intents import Charge, demand
from parvis.payments.tariffs import catalogue, checks, drafts, explaining, placing, quotes, typed_grids
from parvis.payments.tariffs.grids import Axis, Grid, Line
from parvis.payments.tariffs.pricing import Ask, pricer
from parvis.payments.tariffs.trials import trial
from parvis.testing.payments import a_till

SEPTEMBER = date(2026, 9, 1)
CHILD = Ask({"zone": "town", "age": 7, "quotient": 400, "name": "Léa"}, rank=2)


@pytest.fixture
async def till(database):
    return await a_till()


@pytest.fixture
async def emitter(till):
    return (await ledger.till_by_id(till)).emitter


def flat(cents: int, first: date, last: date | None = None) -> Grid:
    return Grid(valid_from=first, valid_until=last, lines=(Line(cents=cents),))


def dearer(grid: Grid, by: int = 100) -> Grid:
    lines = tuple(msgspec.structs.replace(line, cents=(line.cents or 0) + by) for line in grid.lines)
    return msgspec.structs.replace(grid, lines=lines)


async def charged(till, emitter, day: date, ask: Ask = CHILD):
    quote = quotes.quote(await catalogue.tariff_of(emitter, "swimming"), day, ask)
    charge = Charge.quoted(quote, till, "Lessons", "swimming")
    [intent] = await demand([charge], clock.now() + timedelta(days=1))
    return quote, intent


async def drafted(emitter, grid: Grid, replaces: date | None = None):
    await drafts.begin(emitter, "swimming", typed_grids.of_grid(grid, "Lessons"), new_id(), replaces)


days = st.dates(date(2026, 1, 1), date(2029, 1, 1))


@given(st.sets(days, min_size=1, max_size=5), days)
def test_wherever_a_grid_goes_there_is_no_gap_and_no_overlap(begins, first):
    ordered = sorted(begins - {first})
    ends = [*ordered[1:], None]
    grids = [flat(100, day, end) for day, end in zip(ordered, ends[: len(ordered)], strict=True)]
    after = placing.placed(grids, flat(200, first))
    assert checks.refusals(after) == []
    assert first in {grid.valid_from for grid in after}
    assert checks.refusals(placing.without(after, first)) == [] or not grids


def test_a_grid_in_anothers_place_leaves_none_behind():
    grids = [flat(100, date(2026, 1, 1), SEPTEMBER), flat(200, SEPTEMBER)]
    later = SEPTEMBER + timedelta(days=30)
    after = placing.placed(grids, flat(300, later), SEPTEMBER)
    assert [(grid.valid_from, grid.valid_until) for grid in after] == [(date(2026, 1, 1), later), (later, None)]


async def test_a_draft_is_kept_as_it_is_until_it_is_whole(emitter):
    await drafted(emitter, swimming())
    draft = await drafts.draft_of(emitter, "swimming")
    faulty = msgspec.structs.replace(draft.typed, cap="douze", valid_from="")
    assert await drafts.keep(emitter, "swimming", faulty, draft.version, None) == 2
    with pytest.raises(Refused) as caught:
        await drafts.publish(emitter, "swimming", 2, None)
    assert [refusal.field for refusal in caught.value.refusals] == ["valid_from", "cap"]
    assert (await drafts.draft_of(emitter, "swimming")).typed == faulty
    with pytest.raises(NotFound):
        await catalogue.tariff_of(emitter, "swimming")


async def test_what_somebody_else_kept_is_not_written_over(emitter):
    await drafted(emitter, swimming())
    draft = await drafts.draft_of(emitter, "swimming")
    kept = await asyncio.gather(
        *(drafts.keep(emitter, "swimming", draft.typed, 1, new_id()) for _ in range(6)), return_exceptions=True
    )
    assert sorted(map(str, (type(one).__name__ for one in kept))) == ["Conflict"] * 5 + ["int"]


async def test_a_draft_that_is_published_ends_the_grid_before(emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    await drafted(emitter, dearer(swimming(valid_from=date(2027, 9, 1))))
    await drafts.publish(emitter, "swimming", 1, None)
    tariff = await catalogue.tariff_of(emitter, "swimming")
    assert [grid.valid_until for grid in tariff.grids] == [date(2027, 9, 1), None]
    assert tariff.title == "Lessons"
    assert await drafts.drafts_of(emitter) == []


async def test_a_grid_to_come_is_taken_back_and_the_one_before_goes_on(emitter):
    later = ledger.today() + timedelta(days=30)
    await catalogue.save(emitter, "swimming", [swimming(valid_until=later), dearer(swimming(valid_from=later))])
    assert (await catalogue.withdraw(emitter, "swimming", later)).valid_from == later
    assert (await catalogue.tariff_of(emitter, "swimming")).grids == (swimming(),)
    with pytest.raises(Refused, match="holds already"):
        await catalogue.withdraw(emitter, "swimming", SEPTEMBER)


async def test_what_has_given_a_price_stays_as_it_is(till, emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    await charged(till, emitter, date(2026, 11, 10))
    for after in (dearer(swimming()), swimming(valid_from=date(2026, 9, 2)), swimming(valid_until=date(2026, 11, 10))):
        rest = [] if after.valid_until is None else [swimming(valid_from=after.valid_until)]
        with pytest.raises(Refused, match="has given"):
            await catalogue.save(emitter, "swimming", [after, *rest])
    first = date(2026, 11, 11)
    await catalogue.save(emitter, "swimming", [swimming(valid_until=first), dearer(swimming(valid_from=first))])


async def test_a_charge_says_how_its_price_came_about(till, emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    quote, intent = await charged(till, emitter, date(2026, 11, 10))
    [told] = await explaining.explained_of(intent.id)
    assert (told.cents, told.line, told.steps) == (840, quote.price.line, quote.price.steps)
    assert [str(reach) for reach in told.reaches] == ["zone: town", "age: 6 to 17", "quotient: 300 to 499"]


async def test_what_was_asked_is_kept_without_who_asked(till, emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    tariff = await catalogue.tariff_of(emitter, "swimming")
    await charged(till, emitter, date(2026, 11, 10))
    [ask] = await quotes.asks_of(tariff.id, date(2020, 1, 1))
    assert (dict(ask.values), ask.rank) == ({"zone": "town", "age": 7, "quotient": 400}, 2)
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.asked_price")
        charge = await c.fetchrow("SELECT * FROM parvis.charge")
    assert row["month"].day == 1
    assert not {str(charge["id"]), str(charge["intent"])} & {*re.findall(r"[0-9a-f-]{36}", str(dict(row)))}
    assert row["id"].version == 4
    assert await quotes.forget_asks() == 0
    async with connection() as c:
        await quotes.keep_asks(c, [(tariff.id, ask, date(2020, 1, 1))])
    assert await quotes.forget_asks() == 1


async def test_a_price_by_a_tariff_that_was_changed_is_looked_at_again(till, emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    quote = quotes.quote(await catalogue.tariff_of(emitter, "swimming"), date(2026, 11, 10), CHILD)
    await catalogue.save(emitter, "swimming", [dearer(swimming())])
    with pytest.raises(Conflict):
        await demand([Charge.quoted(quote, till, "Lessons", "swimming")], clock.now() + timedelta(days=1))


@pytest.mark.parametrize(
    ("hold", "rewritten"),
    [(quotes._HOLD, False), (quotes._HOLD.removesuffix(" FOR SHARE"), True)],
    ids=["held", "control"],
)
async def test_no_grid_is_rewritten_while_its_price_is_being_charged(till, emitter, monkeypatch, hold, rewritten):
    await catalogue.save(emitter, "swimming", [swimming()])
    outside, between = contextvars.copy_context(), []
    keep = quotes.keep_asks

    async def somebody_changes_it(c, asked):
        change = asyncio.create_task(catalogue.save(emitter, "swimming", [dearer(swimming())]), context=outside.copy())
        between.append(change)
        await (change if rewritten else asyncio.create_task(until_somebody_waits(), context=outside.copy()))
        await keep(c, asked)

    monkeypatch.setattr(quotes, "_HOLD", hold)
    monkeypatch.setattr(quotes, "keep_asks", somebody_changes_it)
    quote, _ = await charged(till, emitter, date(2026, 11, 10))
    [outcome] = await asyncio.gather(*between, return_exceptions=True)
    assert isinstance(outcome, Refused) is not rewritten
    now = (await catalogue.tariff_of(emitter, "swimming")).pricer(date(2026, 11, 10)).price(quote.ask)
    assert (now.cents != quote.price.cents) is rewritten


async def until_somebody_waits():
    sql = (
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database())"
    )
    async with asyncio.timeout(20):
        while True:
            # A connection of its own each time: a transaction sees only who was there when it first looked.
            async with connection() as c:
                if await c.fetchval(sql):
                    return
            await asyncio.sleep(0.005)


def test_other_prices_are_tried_by_band():
    asked = [Ask({"zone": zone, "age": age, "quotient": 400}) for zone in ("town", "near") for age in (3, 7, 40)]
    before, after = swimming(), swimming()
    lines = tuple(
        msgspec.structs.replace(line, cents=line.cents + (50 if line.when["zone"] == ("town",) else -20))
        for line in after.lines
    )
    found = trial([*asked, Ask({"zone": "town"})], pricer(before), pricer(msgspec.structs.replace(after, lines=lines)))
    assert (found.total.requests, found.unpriced) == (6, 1)
    assert (found.total.difference, found.total.more, found.total.less) == (90, 3, 3)
    assert (found.largest_rise, found.largest_fall) == (50, -20)
    by_band = {(band.axis, band.part): band.sums for band in found.bands}
    assert (by_band["zone", "town"].difference, by_band["age", "6..18"].requests) == (150, 2)
    for axis in (ZONE, AGE):
        assert sum(sums.requests for (name, _), sums in by_band.items() if name == axis.name) == 6


def test_an_axis_that_no_line_names_is_not_typed():
    grid = Grid(valid_from=SEPTEMBER, axes=(Axis(name="age", kind="int"),), lines=(Line(cents=500),))
    assert typed_grids.of_grid(grid, "Entry").axes == ()
