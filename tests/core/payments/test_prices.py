"""What a request costs, and why."""

from datetime import date
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.payments.tariff_examples import asks, nursery, swimming

from parvis.errors import Invalid, Refused
from parvis.payments import money
from parvis.payments.tariffs.grids import Grid, Line, Rebate, grid_on
from parvis.payments.tariffs.pricing import Ask, Step, pricer

LESSONS = pricer(swimming(cap=2000, step=5))


def test_a_price_says_which_line_gave_it_and_how_it_came_about():
    price = pricer(swimming(cap=900)).price(Ask({"zone": "near", "age": 7, "quotient": 700}, 3, 20, 30))
    line = swimming().lines[price.line - 1]
    assert line.when == {"zone": ("near",), "age": (6, 18), "quotient": (500, 701)}
    assert line.cents == 1400
    assert price.steps == (Step("line", 1400), Step("rebate", -497, "3rd child"), Step("proration", -301))
    assert price.cents == 602


def test_who_does_not_tell_the_quotient_pays_the_highest_band():
    told, silent = (LESSONS.price(Ask({"zone": "town", "age": 30} | more)) for more in ({"quotient": 5000}, {}))
    assert told == silent


def test_a_share_of_the_income_stays_between_floor_and_ceiling():
    hours = pricer(nursery())
    prices = [hours.price(Ask({"children": 1, "income": income})).cents for income in (0, 200_000, 300_000, 900_000)]
    assert prices == [50, 124, 186, 400]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"age": 7, "zone": "moon"}, "“moon” is no value of “zone”."),
        ({"zone": "town"}, "The price depends on “age”: please give it."),
        ({"zone": "town", "age": -1}, "“-1” is no value of “age”."),
        ({"zone": "town", "age": "seven"}, "“seven” is no value of “age”."),
        ({"zone": "town", "age": True}, "“True” is no value of “age”."),
        ({"zone": ["town"], "age": 7}, "“['town']” is no value of “zone”."),
    ],
)
def test_a_value_no_line_knows_is_named(values, said):
    with pytest.raises(Invalid) as caught:
        LESSONS.price(Ask(values))
    assert str(caught.value) == said


def test_a_grid_is_that_of_the_day():
    old, new = swimming(valid_until=date(2027, 9, 1)), swimming(valid_from=date(2027, 9, 1))
    assert [grid_on([old, new], date(2027, month, 1)) for month in (8, 9)] == [old, new]
    with pytest.raises(Invalid):
        grid_on([old, new], date(2026, 8, 31))


@given(asks())
def test_the_steps_add_up_to_the_price(ask):
    price = LESSONS.price(ask)
    assert sum(step.cents for step in price.steps) == price.cents
    assert price.cents % 5 == 0


@given(asks())
def test_a_rebate_never_raises_a_price(ask):
    alone = msgspec.structs.replace(ask, rank=1)
    assert LESSONS.price(ask).cents <= LESSONS.price(alone).cents


@given(asks(), st.integers(0, 40))
def test_who_joins_later_never_pays_more(ask, remaining):
    earlier, later = (max(ask.remaining, min(remaining, ask.total)), min(ask.remaining, remaining))
    prices = [LESSONS.price(msgspec.structs.replace(ask, remaining=part)).cents for part in (earlier, later)]
    assert prices[1] <= prices[0]


@given(asks(), st.integers(0, 3000))
def test_a_higher_quotient_never_pays_less(ask, more):
    quotient = ask.values.get("quotient", 0)
    prices = [
        LESSONS.price(msgspec.structs.replace(ask, values={**ask.values, "quotient": quotient + n})) for n in (0, more)
    ]
    assert prices[0].cents <= prices[1].cents


@given(asks())
def test_a_price_is_the_exact_one_rounded_once(ask):
    price = LESSONS.price(ask)
    exact = Fraction(swimming().lines[price.line - 1].cents or 0)
    exact *= 1 - Fraction({1: 0, 2: 2000}.get(ask.rank, 3550), 10_000)
    exact = min(exact * ask.remaining / ask.total, Fraction(2000))
    assert price.cents == (exact / 5 + Fraction(1, 2)).__floor__() * 5


@given(st.data())
def test_any_line_dropped_or_doubled_is_refused(data):
    lines = swimming().lines
    number = data.draw(st.integers(0, len(lines) - 1))
    dropped, doubled = (*lines[:number], *lines[number + 1 :]), (*lines, lines[number])
    for wrong, code in ((dropped, "line-gap"), (doubled, "line-overlap")):
        with pytest.raises(Refused) as caught:
            pricer(swimming(lines=wrong))
        assert caught.value.refusals[0].code == code


@given(st.integers(0, 10**9), st.integers(1, 36))
def test_instalments_add_up_and_differ_by_a_cent(total, count):
    parts = money.instalments(total, count)
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_vat_is_part_of_the_total(total, bp):
    vat = money.vat_in(total, bp)
    assert 0 <= vat <= total
    assert abs((total - vat) * (10_000 + bp) - total * 10_000) <= 10_000 + bp


def grid(*lines: Line, **rest: object) -> Grid:
    return swimming(lines=lines, **rest)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (grid(), "A tariff has at least one line."),
        (grid(Line(cents=-1)), "Line 1 has no price that is zero or more."),
        (grid(Line()), "Line 1 has no price that is zero or more."),
        (grid(Line(when={"age": (6, 3)}, cents=1)), "Line 1: “age” says nothing that the tariff knows."),
        (grid(Line(when={"zone": ("moon",)}, cents=1)), "Line 1: “zone” says nothing that the tariff knows."),
        (grid(Line(when={"height": (1, 2)}, cents=1)), "Line 1: “height” says nothing that the tariff knows."),
        (grid(Line(when={"age": (3, 6)}, cents=1)), "No line holds at: age 0..3."),
        (grid(Line(cents=1), Line(when={"age": (3, 6)}, cents=1)), "Lines 1, 2 all hold at: age 3..6."),
        (grid(Line(cents=1), cap=7, step=5), "The cap is a multiple of what prices are rounded to, and not negative."),
        (grid(Line(cents=1), step=0), "A price is rounded to at least a cent and at most 100 euros."),
        (grid(Line(cents=1), vat_bp=10_001), "A rate of VAT is from 0 to 100 %."),
        (
            grid(Line(cents=1), rebates=(Rebate(label="all", from_rank=1, bp=10_001),)),
            "Rebate “all”: from 0 to 100 %, each from a rank of its own.",
        ),
    ],
)
def test_a_faulty_grid_is_told_what_and_where(wrong, said):
    with pytest.raises(Refused) as caught:
        pricer(wrong)
    assert said in {str(refusal.text) for refusal in caught.value.refusals}


@pytest.mark.parametrize(
    ("typed", "cents"), [("0", 0), ("12,5", 1250), ("1 234,56 €", 123456), ("3.07", 307), ("99999999", 9_999_999_900)]
)
def test_amounts_are_read_as_people_write_them(typed, cents):
    assert money.read_cents(typed) == cents


@pytest.mark.parametrize("typed", ["", "-5", "twelve", "1,234", "1e3", "12,", "999999999", "１２", "٣"])
def test_an_amount_that_cannot_be_read_is_quoted(typed):
    with pytest.raises(Invalid) as caught:
        money.read_cents(typed)
    assert f"“{typed}”" in str(caught.value)
