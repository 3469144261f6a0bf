"""What a payer owes of money that their bank took back is kept of other money of the amount, as long as they owe it."""

import pytest
from tests.core.payments.test_disputes import paid
from tests.core.payments.test_refunds import books
from tests.core.payments.test_returns import asked, returned

from parvis.contract.payments import Sent
from parvis.errors import Conflict
from parvis.payments import attempts, disputing, intents, purposes, refund_sending, refunds, stranded
from parvis.payments.statements import reconciling
from parvis.testing.payments import Shop, a_shop


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop(alone_up_to=200)


async def gone(_) -> None:
    raise Conflict


async def in_vain(shop: Shop, cents: int = 1000):
    """Money for a place that was gone, all of which was given back; the attempt, the capture and its refund."""
    due = await shop.due(cents, purpose="pools")
    shop.provider.pay(ref := await shop.opened(due.id))
    purposes.use({"pools": gone})
    settled = await attempts.look(shop.provider, shop.account, ref)
    purposes.use({})
    [refund] = await refunds.refunds_of(settled.capture)
    await refund_sending.send(refund.id, shop.provider)
    return due, settled.capture, refund, shop.provider.payments[ref].order.attempt


async def kept(shop: Shop):
    """Of a payment two parts had left when its bank took it; it is paid once more, for nothing, and they are kept."""
    due, settled = await shop.paid(1000)
    both = [await asked(settled.capture, cents) for cents in (300, 200)]
    for refund in both:
        await refund_sending.send(refund.id, shop.provider)
    await returned(shop, due)
    ref = await shop.opened(due.id)
    await intents.cancel(due.id)
    shop.provider.pay(ref)
    late = await attempts.look(shop.provider, shop.account, ref)
    return due, both, late.capture


async def test_one_of_several_refunds_that_comes_back_frees_as_much_as_it_was(shop):
    due, both, late = await kept(shop)
    [refund] = await refunds.refunds_of(late)
    await refund_sending.send(refund.id, shop.provider)
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "refunded")
    for came, left in zip(both, (300, 500), strict=True):
        await refund_sending.finish(came.id, Sent.FAILED)
        assert await books(shop) == {f"clearing:{shop.account}": left, "refund_due": -left}
        assert [(one.capture, one.idle) for one in await stranded.stranded(shop.till)] == [(late, left)]
        assert (await intents.intent(due.id)).state == "to_refund"
    rest = await asked(late, 500)
    await refund_sending.send(rest.id, shop.provider)
    assert (await books(shop), (await intents.intent(due.id)).state) == ({}, "refunded")


@pytest.mark.parametrize("cents", [400, 1000])
async def test_what_had_left_of_money_in_vain_is_owed_once_its_dispute_is_lost(shop, cents):
    _, _, refund, attempt = await in_vain(shop)
    await disputing.disputed(shop.account, "dp", cents, attempt)
    await disputing.dispute_closed(shop.account, "dp", won=False)
    clearing = f"clearing:{shop.account}"
    assert await books(shop) == {clearing: -cents, "receivable": cents}
    # It had not left after all: nobody owes what is still there.
    await refund_sending.finish(refund.id, Sent.FAILED)
    left = 1000 - cents
    rest = {clearing: left, "refund_due": -left} if left else {}
    assert await books(shop) == rest


async def test_a_dispute_of_more_than_the_payment_is_owed_whole_and_somebody_is_told(shop):
    _, _, attempt = await paid(shop, 1000)
    await disputing.disputed(shop.account, "dp", 1100, attempt)
    await disputing.dispute_closed(shop.account, "dp", won=False)
    assert await books(shop) == {
        f"clearing:{shop.account}": -100,
        "receivable": 1100,
        "revenue:pools": -1000,
    }
    [found] = await reconciling.open_differences(shop.till)
    assert (found.kind, found.sort, found.ours, found.theirs) == ("dispute", "amount", 1000, 1100)
