"""What lies where since when, and when it is to be handed over."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.payments.debiting import on

from parvis import clock
from parvis.db import new_id
from parvis.errors import Invalid
from parvis.payments.books import ledger, limits, lying, postings, transfers
from parvis.payments.books.duties import Limits, duties
from parvis.payments.books.lying import Lying
from parvis.payments.books.transfers import Moved
from parvis.payments.counter import by_hand
from parvis.testing.payments import a_drawer, a_shop, a_till

DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
FOUND = st.lists(
    st.builds(
        Lying, st.sampled_from(["cash", "bank", "clearing:cheque", "clearing:card"]), st.integers(-500, 500), DAYS
    ),
    unique_by=lambda one: one.account,
)


@given(FOUND, DAYS)
def test_what_lies_since_a_month_that_is_over_is_late_whatever_it_is(found, today):
    there = [one for one in found if one.cents > 0 and one.account != "clearing:card" and one.since <= today]
    told = duties(there, Limits(), today)
    former = [one for one in there if (one.since.year, one.since.month) < (today.year, today.month)]
    assert any(one.is_late(today) for one in told) == bool(former)
    assert all(one.cents == sum(lie.cents for lie in there) for one in told)
    assert len(told) <= 1


@given(FOUND, st.integers(1, 600), st.integers(1, 1200))
def test_a_limit_is_told_of_exactly_when_it_is_reached(found, cash_most, held_most):
    today = date(2029, 1, 10)
    sums = {one.account: one.cents for one in found if one.cents > 0}
    told = {one.kind for one in duties(found, Limits(cash_most, held_most), today)}
    assert ("cash" in told) == (sums.get("cash", 0) >= cash_most)
    assert ("held" in told) == (sums.get("cash", 0) + sums.get("bank", 0) >= held_most)


@pytest.mark.parametrize(
    ("since", "today", "told"),
    [
        ("2026-11-03", "2026-11-24", []),
        ("2026-11-03", "2026-11-25", [("month", "2026-11-30", False)]),
        ("2026-11-03", "2026-12-01", [("month", "2026-11-30", True)]),
        ("2026-12-01", "2026-12-15", [("year", "2026-12-31", False)]),
        ("2026-11-30", "2026-12-14", [("month", "2026-11-30", True)]),
        ("2026-03-30", "2027-01-01", [("year", "2026-12-31", True)]),
    ],
)
def test_the_month_and_the_year_have_their_last_days(since, today, told):
    day = date.fromisoformat(today)
    found = duties([Lying("bank", 100, date.fromisoformat(since))], Limits(), day)
    assert [(one.kind, one.by.isoformat(), one.is_late(day)) for one in found] == told


def test_a_new_regisseur_begins_with_nothing_of_before():
    since, today = date(2026, 11, 10), date(2026, 11, 12)
    limits_ = Limits(keeper=new_id(), keeper_since=since)
    assert [one.kind for one in duties([Lying("cash", 5, date(2026, 11, 9))], limits_, today)] == ["keeper"]
    assert duties([Lying("cash", 5, since)], limits_, today) == ()


def test_the_last_cent_reaches_a_limit():
    there = [Lying("cash", 300, date(2026, 11, 9))]
    for most, told in ((299, ["cash"]), (300, ["cash"]), (301, [])):
        assert [one.kind for one in duties(there, Limits(most), date(2026, 11, 9))] == told


@pytest.mark.parametrize(
    ("today", "told"),
    [("2026-11-12", []), ("2026-11-14", []), ("2026-11-15", ["keeper"]), ("2026-11-21", ["keeper"])],
)
def test_a_change_of_regisseur_is_told_of_days_before_and_not_as_soon_as_it_is_known(today, told):
    day, limits_ = date.fromisoformat(today), Limits(keeper=new_id(), keeper_since=date(2026, 11, 20))
    found = duties([Lying("cash", 5, date(2026, 11, 9))], limits_, day)
    assert [one.kind for one in found] == told
    assert [one.is_late(day) for one in found] == [day > date(2026, 11, 20)] * len(told)


async def test_the_money_that_came_first_leaves_first(database, monkeypatch):
    monkeypatch.setattr(lying, "_BATCH", 2)
    till, first = await a_till(), ledger.today()
    for _ in range(5):
        await ledger.post(till, "capture", new_id(), postings.captured("cash", 100, 100))
        clock.move(timedelta(days=1))
    for number, days in ((0, 0), (1, 1), (2, 2), (4, 4)):
        await ledger.post(till, "hand-over", new_id(), postings.paid_over(100 * number and 100, "cash"))
        [cash] = await lying.lying(till)
        assert (cash.since - first).days == (await passed_over(till)) // 100, days


async def passed_over(till):
    return ledger.balance_of(await ledger.balances(till), "paid_over")


async def test_what_a_provider_has_is_seen_and_not_to_be_handed_over(app):
    shop = await a_shop()
    await shop.paid(1000)
    [there] = await lying.lying(shop.till)
    assert (there.account, there.cents, there.since) == (f"clearing:{shop.account}", 1000, ledger.today())
    clock.move(timedelta(days=70))
    till = await ledger.till_by_id(shop.till)
    assert await limits.due_at(till) == ()
    await transfers.arrive(shop.account, Moved("VIR 1", ledger.today(), 1000), new_id())
    clock.move(timedelta(days=70))
    assert [one.cents for one in await limits.due_at(till)] == [1000]


async def test_a_till_of_the_emitters_own_money_hands_nothing_over(database):
    till = await a_till(kind="own")
    await ledger.post(till, "capture", new_id(), postings.captured("cash", 100, 100))
    clock.move(timedelta(days=400))
    assert await limits.due_at(await ledger.till_by_id(till)) == ()


async def test_limits_are_kept_and_unfit_ones_refused(database):
    till, today = await a_till(), ledger.today()
    told = Limits(30000, 120000, new_id(), today)
    await limits.keep_limits(till, told)
    assert await limits.limits_of(till) == told
    for wrong in (Limits(0), Limits(None, -1), Limits(keeper=new_id()), Limits(keeper_since=today)):
        with pytest.raises(Invalid):
            await limits.keep_limits(till, wrong)
    await limits.keep_limits(till, Limits())
    assert await limits.limits_of(till) == Limits()


async def test_a_taking_reversed_at_once_does_not_put_off_what_is_to_be_handed_over(database):
    shop = await a_shop()
    drawer = await a_drawer(shop.till)
    on(date(2026, 10, 20))
    await drawer.takes((await shop.due(10_000)).id, cash=10_000)
    on(date(2026, 11, 3))
    before = await limits.due_at(await ledger.till_by_id(shop.till))
    taking = await drawer.takes((await shop.due(10_000)).id, cash=10_000)
    await by_hand.take_back(taking.id, drawer.by, "Mistaken")
    after = await limits.due_at(await ledger.till_by_id(shop.till))
    assert [one.kind for one in before] == ["month"]
    assert after == before
