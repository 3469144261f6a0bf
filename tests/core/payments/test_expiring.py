"""An amount whose time runs out while its page is being opened: it keeps its place as long as that page can be paid."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.errors import Conflict
from parvis.payments import attempts, expiring, intents, purposes
from parvis.testing.payments import a_shop
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock


class Slow(Sandbox):
    """A provider that answers once it may."""

    async def start(self, account, order):
        self.asked.set()
        await self.may.wait()
        return await Sandbox.start(self, account, order)


class Place:
    """One that somebody else takes as soon as it is freed."""

    free = True

    async def take(self, _):
        if not self.free:
            raise Conflict


@pytest.fixture
async def late(database):
    """A payer who opens the page in the last second, at a provider that takes its time."""
    place, provider = Place(), Slow()
    provider.asked, provider.may = asyncio.Event(), asyncio.Event()
    purposes.use({"pools": place.take})
    shop = await a_shop(provider=provider)
    due = await shop.due(minutes=30, purpose="pools")
    put_clock(due.expires_at - timedelta(seconds=1))
    opening = asyncio.create_task(shop.opened(due.id))
    await provider.asked.wait()
    put_clock(due.expires_at + timedelta(seconds=3))
    yield shop, due, place, opening
    purposes.use({})


async def test_who_opens_the_page_in_the_last_second_gets_the_place(late):
    shop, due, place, opening = late
    place.free = await expiring.expire_due(lambda _: shop.provider) == 0
    shop.provider.may.set()
    ref = await opening
    assert (await intents.intent(due.id)).state == "pending"
    put_clock(clock.now() + timedelta(minutes=5))
    shop.provider.pay(ref)
    assert (await attempts.look(shop.provider, shop.account, ref)).taken_as == "paid"


async def test_what_was_chosen_to_be_given_up_is_looked_at_once_more_before_it_is(late, monkeypatch):
    shop, due, _, opening = late

    async def longer(*_):
        async def change():
            async with intents.transaction() as c:
                await intents.prolong(c, due.id, clock.now() + timedelta(days=15))

        await change()
        return True

    shop.provider.may.set()
    ref = await opening
    put_clock(clock.now() + timedelta(minutes=30))
    monkeypatch.setattr(expiring, "_asked", longer)
    assert await expiring.expire_due(lambda _: shop.provider) == 0
    assert ((await intents.intent(due.id)).state, bool(ref)) == ("pending", True)
