"""What a resident has to pay, has paid and was given back."""

from parvis import clock
from parvis.db import new_id
from parvis.payments import intents, refund_sending, refunds
from parvis.payments.books import receipts
from parvis.payments.dues import dues_of
from parvis.payments.intents import Charge
from parvis.testing.payments import a_shop


async def test_what_is_due_paid_and_given_back_is_seen_over_all_tills(database):
    pools, canteen, person = await a_shop(alone_up_to=500), await a_shop(), new_id()
    _, settled = await pools.paid(1000, person=person)
    refund = await refunds.request(settled.capture, 400, "Closed", new_id())
    await refund_sending.send(refund.id, pools.provider)
    due = await canteen.due(700, person=person)
    await canteen.due(900, person=new_id())
    waiting, paid = await dues_of([person])
    assert (waiting.intent, waiting.payable, waiting.paid, waiting.receipts) == (due.id, True, 0, ())
    assert (paid.payable, paid.paid, paid.given_back, paid.labels) == (False, 1000, 400, ("Ten entries",))
    assert paid.receipts == ((await receipts.receipt_for(settled.capture)).id,)


async def test_a_former_version_is_shown_only_where_money_came_in(database):
    shop, person = await a_shop(), new_id()
    due = await shop.due(1000, person=person)
    await intents.demand([Charge(shop.till, "Pool", "pools", 1500)], clock.now(), basket=due.basket)
    assert [found.cents for found in await dues_of([person])] == [1500]
