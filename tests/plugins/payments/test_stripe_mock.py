"""Each call that is made of Stripe, at what Stripe publishes of its own API: names, kinds and places of parameters.

It keeps nothing and refuses what its description does not have; what calls come to is tested at the simulator.
"""

from datetime import timedelta

import httpx
import pytest
from tests.plugins.payments.doubles import free_port, running, tool

from parvis import clock
from parvis.contract.payments import Order
from parvis.db import new_id
from parvis_payments.stripe.client import Calls
from parvis_payments.stripe.objects import Dispute, Moved, Payout, Refund, Session
from parvis_payments.stripe.rules import session_of

pytestmark = [pytest.mark.stripe_double, pytest.mark.xdist_group("stripe-mock")]


@pytest.fixture(scope="module")
def address():
    port = free_port()
    with running(str(tool("stripe-mock")), "-http-addr", f"127.0.0.1:{port}", ready="Listening for HTTP"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def calls(address):
    return Calls("sk_test_123", address)


@pytest.fixture
def order():
    return Order(
        attempt=new_id(), cents=4207, label="Été à la patinoire", mail="a@example.org", back="https://x.example/b"
    )


async def test_a_session_is_opened_read_expired_and_listed(calls, order):
    asked = session_of("stripe-1", order, clock.now() + timedelta(minutes=31))
    opened = await calls.open(asked, str(order.attempt))
    assert isinstance(opened, Session)
    assert opened.id.startswith("cs_")
    assert isinstance(await calls.session(opened.id), Session)
    assert isinstance(await calls.expire(opened.id), Session)
    assert await anext(calls.sessions(1, 2)) is not None


async def test_a_refund_is_made_read_and_listed(calls):
    assert isinstance(await calls.give_back("pi_123", 400, str(new_id())), Refund)
    assert isinstance(await calls.refund("re_123"), Refund)
    assert isinstance(await anext(calls.refunds("pi_123")), Refund)


async def test_disputes_payouts_and_the_balance_are_read(calls):
    assert isinstance(await calls.dispute("du_123"), Dispute)
    assert isinstance(await calls.payout("po_123"), Payout)
    assert isinstance(await anext(calls.moved(payout="po_123")), Moved)
    assert isinstance(await anext(calls.moved(created={"gte": 1, "lt": 2})), Moved)


async def test_it_does_refuse_what_the_api_does_not_have(address, order):
    """What keeps the tests above honest."""
    async with httpx.AsyncClient(base_url=address, headers={"authorization": "Bearer sk_test_123"}, timeout=20) as http:
        answer = await http.post("/v1/checkout/sessions", data={"mode": "payment", "made_up": "x"})
        assert answer.status_code == 400
        assert (await http.post("/v1/refunds", data={"amount": "many"})).status_code == 400
