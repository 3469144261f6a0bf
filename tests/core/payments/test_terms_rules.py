"""Terms of giving back: by examples, and what holds whatever they are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.payments.money import MOST
from parvis.payments.terms import rules, saying
from parvis.payments.terms.rules import Piece, Step, Terms
from parvis.web import i18n

ZONE = ZoneInfo("Europe/Paris")
BEGINS = datetime(2027, 6, 20, 8, tzinfo=UTC)
SOFT = Terms((Step(7, "days", 10_000), Step(24, "hours", 5000)))

steps = st.builds(Step, st.integers(0, 400), st.sampled_from(("days", "hours")), st.integers(1, 10_000))
fees = st.integers(0, 5000)


@st.composite
def good_terms(draw):
    """Terms that may be saved: steps nearer and nearer to the beginning, of smaller and smaller shares."""
    found = draw(st.lists(steps.filter(lambda step: step.hours <= 366 * 24), max_size=4, unique_by=lambda s: s.hours))
    found.sort(key=lambda step: -step.hours)
    shares = sorted(draw(st.sets(st.integers(1, 10_000), min_size=len(found), max_size=len(found))), reverse=True)
    kept = tuple(Step(step.before, step.unit, bp) for step, bp in zip(found, shares, strict=True))
    return Terms(kept, draw(fees) if kept else 0, draw(st.booleans()))


anytime = st.integers(-400 * 1440, 400 * 1440).map(lambda minutes: BEGINS + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("before", "cents"),
    [
        (timedelta(days=30), 3001),
        (timedelta(days=7), 3001),
        (timedelta(days=6, hours=23), 1501),
        (timedelta(hours=24), 1501),
        (timedelta(hours=23, minutes=59), 0),
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
    ],
)
def test_the_first_step_that_holds_says_how_much(before, cents):
    assert rules.given_back(3001, SOFT, BEGINS, BEGINS - before, ZONE) == cents


def test_what_is_kept_is_kept_of_each_place_and_never_below_nothing():
    terms = Terms((Step(0, "hours", 5000),), fee=400)
    assert [rules.given_back(cents, terms, BEGINS, BEGINS, ZONE) for cents in (0, 1, 800, 801, 1001)] == [
        0,
        0,
        0,
        1,
        101,
    ]


def test_until_it_begins_is_until_that_instant():
    terms = Terms((Step(0, "hours", 10_000),))
    late = BEGINS + timedelta(microseconds=1)
    assert [rules.given_back(100, terms, BEGINS, at, ZONE) for at in (BEGINS, late)] == [100, 0]


def test_a_day_is_a_day_of_the_clock_when_it_has_23_or_25_hours():
    for day, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25)):
        begins = datetime(day.year, day.month, day.day, 14, tzinfo=ZONE)
        assert begins - Step(1, "days", 1).until(begins, ZONE) == timedelta(hours=hours)
        assert begins - Step(24, "hours", 1).until(begins, ZONE) == timedelta(hours=24)


@given(good_terms())
def test_good_terms_have_no_fault(terms):
    assert rules.faults(terms) == []


@given(good_terms(), st.integers(0, MOST), anytime, anytime)
def test_nobody_gets_back_more_than_they_paid_and_nothing_of_what_is_free(terms, price, begins, at):
    assert 0 <= rules.given_back(price, terms, begins, at, ZONE) <= price
    assert rules.given_back(0, terms, begins, at, ZONE) == 0


@given(good_terms(), st.integers(0, MOST), anytime, anytime, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_later_is_never_more(terms, price, begins, at, later):
    sooner, after = (rules.given_back(price, terms, begins, when, ZONE) for when in (at, at + later))
    assert after <= sooner


@given(good_terms(), st.lists(st.integers(0, 10**6), max_size=8), anytime, anytime)
def test_a_dearer_line_never_gets_less_and_each_line_counts_by_itself(terms, prices, begins, at):
    each = [rules.given_back(price, terms, begins, at, ZONE) for price in sorted(prices)]
    assert each == sorted(each)
    share = rules.share(terms, begins, at, ZONE)
    for price, cents in zip(sorted(prices), each, strict=True):
        exact = price * share / 10_000 - terms.fee
        assert cents == 0 or abs(cents - exact) <= 0.5


@given(good_terms(), anytime)
def test_after_the_last_step_nothing_is_given_back(terms, begins):
    last = terms.steps[-1].until(begins, ZONE) if terms.steps else begins - timedelta(days=400)
    assert rules.given_back(MOST, terms, begins, last + timedelta(microseconds=1), ZONE) == 0


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (Terms(), []),
        (SOFT, []),
        (Terms((Step(7, "days", 10_000),) * 5), [("terms-many", None)]),
        (Terms((Step(1, "days", 10_000), Step(7, "days", 5000))), [("terms-order", "steps-1-before")]),
        (Terms((Step(1, "days", 10_000), Step(24, "hours", 5000))), [("terms-order", "steps-1-before")]),
        (Terms((Step(7, "days", 5000), Step(1, "days", 10_000))), [("terms-rising", "steps-1-share")]),
        (Terms((Step(7, "days", 5000), Step(1, "days", 5000))), [("terms-same", "steps-1-share")]),
        (Terms((Step(-1, "days", 5000),)), [("terms-before", "steps-0-before")]),
        (Terms((Step(367, "days", 5000),)), [("terms-before", "steps-0-before")]),
        (Terms((Step(366 * 24 + 1, "hours", 5000),)), [("terms-before", "steps-0-before")]),
        (Terms((Step(1, "days", 0),)), [("terms-share", "steps-0-share")]),
        (Terms((Step(1, "days", 10_001),)), [("terms-share", "steps-0-share")]),
        (Terms((Step(1, "days", 5000),), fee=-1), [("terms-fee", "fee")]),
        (Terms((Step(1, "days", 5000),), fee=MOST + 1), [("terms-fee", "fee")]),
        (Terms((), fee=100), [("terms-fee", "fee")]),
        (
            Terms((Step(1, "days", 0), Step(400, "days", 20_000)), fee=-5),
            [
                ("terms-share", "steps-0-share"),
                ("terms-before", "steps-1-before"),
                ("terms-share", "steps-1-share"),
                ("terms-order", "steps-1-before"),
                ("terms-rising", "steps-1-share"),
                ("terms-fee", "fee"),
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_with_its_place(terms, wrong):
    assert [(one.code, one.field) for one in rules.faults(terms)] == wrong


@given(st.lists(steps, max_size=4), fees)
def test_what_has_no_fault_never_gives_more_later(found, fee):
    terms = Terms(tuple(found), fee)
    if not rules.faults(terms):
        hours = [BEGINS - timedelta(hours=n) for n in range(0, 500 * 24, 12)]
        given = [rules.given_back(10_000, terms, BEGINS, at, ZONE) for at in hours]
        assert given == sorted(given)


def test_terms_hold_from_today_on_within_a_year():
    today = date(2027, 1, 4)
    told = [rules.since_fault(today + timedelta(days=days), today) is None for days in (-1, 0, 366, 367)]
    assert told == [False, True, True, False]


pieces = st.lists(
    st.builds(Piece, st.integers(0, 5000), st.booleans(), st.integers(0, 5000), st.integers(0, 5000)), max_size=6
)


@given(pieces, st.integers(0, 10_000))
def test_of_each_part_no_more_is_given_back_than_it_cost_and_than_is_there(parts, bp):
    price = sum(part.cents for part in parts)
    due = price * bp // 10_000
    back = rules.parted(due, parts)
    for part, one in zip(parts, back, strict=True):
        assert 0 <= one.credit <= part.credit
        assert 0 <= one.money <= part.money
        assert one.credit + one.money <= (part.cents if part.paid else 0)
        assert not one.money or one.credit == min(part.credit, part.cents)
    assert sum(one.credit + one.money for one in back) <= due


@given(st.lists(st.tuples(st.integers(1, 5000), st.booleans()), max_size=6), st.integers(0, 10_000))
def test_what_was_paid_what_comes_back_and_what_is_owed_make_what_is_kept(sizes, bp):
    parts = [Piece(cents, paid, 0, cents) for cents, paid in sizes]
    price, paid = sum(part.cents for part in parts), sum(part.cents for part in parts if part.paid)
    due = price * bp // 10_000
    back = sum(one.money for one in rules.parted(due, parts))
    assert paid - back + rules.owed(price, due, parts) == price - due


def test_terms_are_said_in_plain_french():
    terms = Terms((Step(7, "days", 10_000), Step(1, "days", 3350), Step(0, "hours", 1000)), fee=250, as_credit=True)
    said = [i18n.translate(one, "fr").replace("\u00a0", " ").replace("\u202f", " ") for one in saying.sentences(terms)]
    assert said == [
        "Annulation jusqu’à 7 jours avant le début : remboursement de 100 %.",
        "Annulation jusqu’à un jour avant le début : remboursement de 33,5 %.",
        "Annulation avant le début : remboursement de 10 %.",
        "Une fois commencé, aucun remboursement.",
        "2,50 € sont retenus pour chaque place annulée.",
        "Le remboursement est un avoir, déduit de votre prochaine facture ici.",
        "Si nous annulons, tout vous est remboursé.",
    ]
