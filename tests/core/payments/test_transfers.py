"""What the accountant says has moved, into the bank or to the public accountant: each once, no more than there is."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.db import new_id
from parvis.errors import NotFound, Refused
from parvis.payments import refund_sending, refunds
from parvis.payments.accounts import OFFLINE, add_account
from parvis.payments.accounts import account as account_of
from parvis.payments.books import ledger, postings, transfers
from parvis.payments.books.transfers import Moved
from parvis.testing.payments import Shop, a_shop

BY = new_id()


@pytest.fixture
async def shop(payable) -> Shop:
    found = await payable.shop()
    await found.paid(6000)
    return found


async def books(shop: Shop) -> dict[str, int]:
    return {found.account: found.cents for found in await ledger.balances(shop.till) if found.cents}


def moved(ref: str, cents: int, fees: int = 0) -> Moved:
    return Moved(ref, ledger.today(), cents, fees)


@given(st.integers(1, 10**9), st.integers(0, 10**6))
def test_a_payout_and_a_hand_over_sum_to_zero(cents, fees):
    for lines in (postings.paid_out("payfip", cents, fees), postings.paid_over(cents)):
        assert sum(amount for _, amount in lines) == 0


async def test_a_till_whose_provider_tells_nothing_empties_its_clearing_account(shop):
    day = ledger.today() - timedelta(days=2)
    await transfers.arrive(shop.account, Moved("VIR 118", day, 5900, 100), BY)
    number = await transfers.hand_over(shop.till, moved("B 7", 5900), "bank", BY)
    assert await books(shop) == {"fees": 100, "paid_over": 5900, "revenue:pools": -6000}
    [arrived] = await transfers.transfers(shop.till, "payout")
    assert (arrived.ref, arrived.day, arrived.cents, arrived.fees) == ("VIR 118", day, 5900, 100)
    assert (arrived.out_of, arrived.person) == (f"clearing:{shop.account}", BY)
    given = await transfers.transfer(shop.till, "hand-over", number)
    assert (given.ref, given.out_of, given.cents, given.day) == ("B 7", "bank", 5900, ledger.today())
    with pytest.raises(NotFound):
        await transfers.transfer(shop.till, "payout", number)


@pytest.mark.parametrize(
    ("ref", "cents", "fees", "ahead", "said"),
    [
        ("2", 6001, 0, 0, "The books have 60,00 euros there"),
        ("2", 5900, 101, 0, "The books have 60,00 euros there"),
        ("2", 0, 10, 0, "at least a cent"),
        ("2", 10, 0, 1, "still to come"),
    ],
)
async def test_what_cannot_have_arrived_is_refused(shop, ref, cents, fees, ahead, said):
    with pytest.raises(Refused, match=said):
        await transfers.arrive(shop.account, Moved(ref, ledger.today() + timedelta(days=ahead), cents, fees), BY)
    assert await transfers.transfers(shop.till, "payout") == []


async def test_what_a_provider_tells_itself_is_not_typed_nor_brought_in_by_a_file_too(payable):
    payable.provider.payouts = True
    shop = await payable.shop()
    await shop.paid(6000)
    for enter in (transfers.arrive, transfers.told):
        with pytest.raises(Refused, match="says itself what it has paid into the bank"):
            await enter(shop.account, moved("VIR 1", 5900, 100), BY)
    assert await books(shop) == {f"clearing:{shop.account}": 6000, "revenue:pools": -6000}
    payable.provider.payouts = False
    await transfers.arrive(shop.account, moved("VIR 1", 5900, 100), BY)
    assert (await books(shop))["bank"] == 5900


async def test_many_at_once_enter_each_reference_once_and_never_more_than_there_is(shop):
    tries = [transfers.arrive(shop.account, moved(f"VIR {n % 4}", 2500), BY) for n in range(12)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert all(one is None or isinstance(one, Refused) for one in answers)
    assert [one.cents for one in await transfers.transfers(shop.till, "payout")] == [2500, 2500]
    tries = [transfers.hand_over(shop.till, moved(f"B {n % 4}", 2000), "bank", BY) for n in range(12)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    numbers = sorted(one for one in answers if isinstance(one, int))
    assert [one.number for one in reversed(await transfers.transfers(shop.till, "hand-over"))] == numbers
    assert (len(numbers), (await books(shop))["bank"]) == (2, 1000)
    assert len({one.ref for one in await transfers.transfers(shop.till, "hand-over")}) == 2


async def test_a_statements_payout_is_entered_as_it_is_told_once(shop):
    assert [await transfers.told(shop.account, moved("VIR 9", 7000), BY) for _ in range(2)] == [True, False]
    assert (await books(shop))[f"clearing:{shop.account}"] == -1000


async def test_the_public_accountant_pays_a_refund_by_mandate_out_of_what_was_handed_over(database):
    for kind, out_of in (("regie", "paid_over"), ("own", "bank")):
        shop = await a_shop(kind=kind, alone_up_to=10_000)
        await add_account(f"hand-{kind}", shop.till, OFFLINE, "mandate")
        assert (await account_of(f"hand-{kind}")).pays_from("mandate", own=kind == "own") == out_of


async def test_a_refund_by_mandate_leaves_the_bank_as_it_is(database):
    shop = await a_shop(alone_up_to=10_000)
    await add_account(shop.account, shop.till, "sandbox", "mandate")
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, 400, "Closed", BY)
    await refund_sending.pay_by_hand(refund.id)
    assert (await books(shop)).get("bank", 0) == 0
    assert (await books(shop))["paid_over"] == -400


async def test_without_the_tills_lock_the_same_money_would_arrive_twice(shop, monkeypatch):
    both, balances = asyncio.Barrier(2), ledger.balances

    async def read_together(till):
        found = await balances(till)
        await both.wait()
        return found

    async def nothing(*_):
        pass

    monkeypatch.setattr(ledger, "hold", nothing)
    monkeypatch.setattr(ledger, "balances", read_together)
    await asyncio.gather(*(transfers.arrive(shop.account, moved(ref, 4000), BY) for ref in ("1", "2")))
    monkeypatch.undo()
    assert (await books(shop))[f"clearing:{shop.account}"] == -2000
