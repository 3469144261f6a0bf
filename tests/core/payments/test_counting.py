"""What a till may take by hand: by examples, and for any amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from parvis.contract.values import Role
from parvis.errors import Invalid
from parvis.payments.counter.counting import (
    BY_HAND,
    FACES,
    MOST_CASH,
    Act,
    act_faults,
    count_fault,
    counted,
    given_faults,
    kept,
    taker_fault,
)

EVERYTHING = Act("n° 1", frozenset(BY_HAND), frozenset({"pools", "canteen"}), frozenset({"canteen"}))
POOLS, CANTEEN = {"pools"}, {"canteen"}
CENTS = some.integers(0, 50_000)


@pytest.mark.parametrize(
    ("given_", "due", "products", "codes"),
    [
        ({"cash": 1000}, 1000, POOLS, []),
        ({"cash": 2000}, 1000, POOLS, []),
        ({"cash": 999}, 1000, POOLS, ["given-below"]),
        ({}, 1, POOLS, ["given-below"]),
        ({"cash": 30_000}, 30_000, POOLS, []),
        ({"cash": 30_001}, 30_001, POOLS, ["cash-above"]),
        ({"cash": 50_000}, 30_000, POOLS, []),
        ({"cash": 500, "holiday": 2000}, 2250, POOLS, []),
        ({"holiday": 2500}, 2250, POOLS, ["no-change"]),
        ({"cheque": 2251}, 2250, POOLS, ["no-change"]),
        ({"cesu": 1000}, 1000, POOLS, ["cesu-childcare"]),
        ({"cesu": 1000}, 1000, CANTEEN, []),
        ({"cesu": 1000}, 1000, POOLS | CANTEEN, ["cesu-childcare"]),
        ({"cesu": 1001}, 1000, CANTEEN, ["no-change"]),
        ({"cash": 1000}, 1000, {"museum"}, ["product-not-in-act"]),
    ],
)
def test_what_is_taken_and_what_is_not(given_, due, products, codes):
    assert [fault.code for fault in given_faults(given_, due, EVERYTHING, products)] == codes


def test_what_the_act_does_not_list_is_not_taken():
    act = Act("n° 1", frozenset({"cash"}), frozenset({"pools"}))
    [fault] = given_faults({"cheque": 1000}, 1000, act, POOLS)
    assert (fault.code, fault.field) == ("way-not-in-act", "cheque")


@pytest.mark.parametrize("cents", [-1, 1.5, 10**12, True])
def test_no_amount_is_no_money(cents):
    with pytest.raises(Invalid):
        given_faults({"cash": cents}, 1000, EVERYTHING, POOLS)


@given(some.dictionaries(some.sampled_from(sorted(BY_HAND)), CENTS), some.integers(1, 50_000))
def test_what_is_taken_adds_up_and_change_comes_out_of_the_cash_alone(given_, due):
    if given_faults(given_, due, EVERYTHING, CANTEEN):
        return
    parts = kept(given_, due)
    assert sum(parts.values()) == due
    assert all(parts.get(way, 0) == cents for way, cents in given_.items() if way != "cash")
    assert 0 <= parts.get("cash", 0) <= min(given_.get("cash", 0), MOST_CASH)


@given(some.dictionaries(some.sampled_from(FACES), some.integers(0, 9999)))
def test_counting_adds_up_in_any_order(pieces):
    assert counted(pieces) == counted(dict(reversed(pieces.items()))) >= 0


@pytest.mark.parametrize(
    ("expected", "found", "why", "said"),
    [
        (1000, 1000, "", None),
        (1000, 950, "", "0,50 euros are missing"),
        (1000, 1050, "", "0,50 euros too many"),
        (1000, 950, "A coin fell down", None),
    ],
)
def test_what_differs_is_explained(expected, found, why, said):
    fault = count_fault(expected, found, why)
    assert (fault is None) if said is None else said in str(fault.text)


def test_an_act_names_ways_and_products_and_childcare_among_them():
    wrong = Act("n° 1", frozenset(), frozenset(), frozenset({"canteen"}))
    assert [fault.code for fault in act_faults(wrong)] == ["act-ways", "act-products", "act-childcare"]
    assert act_faults(EVERYTHING) == []


@given(some.sets(some.sampled_from(Role)))
def test_who_manages_never_takes_money(roles):
    assert (taker_fault(roles) is not None) == (Role.MANAGER in roles)
