"""Money that moves without a resident."""

import asyncio

import pytest

from parvis.errors import Refused
from parvis.payments.books import ledger, movements
from parvis.testing.payments import Shop, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    found = await a_shop(kind="own")
    await found.paid(6000)
    return found


async def books(shop: Shop) -> dict[str, int]:
    return {found.account: found.cents for found in await ledger.balances(shop.till) if found.cents}


async def test_a_payout_empties_the_clearing_account_once(shop):
    told = [await movements.paid_out(shop.account, "po_1", 5900, 100) for _ in range(2)]
    assert told == [True, False]
    assert await books(shop) == {"bank": 5900, "fees": 100, "revenue:pools": -6000}


async def test_no_more_is_handed_over_than_the_till_has(shop):
    await movements.paid_out(shop.account, "po_1", 6000)
    with pytest.raises(Refused, match="60,00 euros"):
        await movements.handed_over(shop.till, "2026-11", 6001)
    tries = (movements.handed_over(shop.till, f"2026-{number}", 4000) for number in range(4))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Refused)] == [True]
    assert await books(shop) == {"bank": 2000, "paid_over": 4000, "revenue:pools": -6000}
