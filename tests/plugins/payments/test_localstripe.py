"""What needs a Stripe with a memory that is not ours: refunds it keeps, and notifications it signs itself.

localstripe has no Checkout, no disputes and no idempotency keys: those are tested at our own simulator.
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import httpx
import msgspec
import pytest
from tests.plugins.payments.doubles import free_port, running, tool

from parvis.contract.payments import Sent
from parvis.db import new_id
from parvis.payments.accounts import add_account, keep_details
from parvis.testing.payments import a_till
from parvis_payments.keys import STRIPE
from parvis_payments.stripe.client import Calls
from parvis_payments.stripe.objects import Moved, StripeAccount
from parvis_payments.stripe.provider import StripeCheckout, give_back

pytestmark = [pytest.mark.stripe_double, pytest.mark.xdist_group("localstripe")]
KEY, SECRET = "sk_test_localstripe", "whsec_localstripe00"
CARD = {
    "type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2039",
    "card[cvc]": "123",
}  # fmt: skip


@pytest.fixture(scope="module")
def address():
    port = free_port()
    python = str(tool("localstripe") / "bin" / "python")
    with running(python, "-m", "localstripe", "--port", str(port), "--from-scratch", ready="Running on"):
        yield f"http://localhost:{port}"


@pytest.fixture
async def theirs(address):
    async with httpx.AsyncClient(base_url=address, auth=(KEY, ""), timeout=20) as http:
        yield http


@pytest.fixture
def listener():
    """Somebody who is told: what came, as it came."""
    came: Queue = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            came.put((self.rfile.read(int(self.headers["content-length"])), dict(self.headers.items())))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    server.server_close()


async def paid(theirs, cents=1000):
    method = (await theirs.post("/v1/payment_methods", data=CARD)).json()
    asked = {"amount": cents, "currency": "eur", "payment_method": method["id"], "confirm": "true"}
    intent = (await theirs.post("/v1/payment_intents", data=asked)).json()
    assert intent["status"] == "succeeded", intent
    return intent["id"]


def told_of(came, intent):
    """What they say of a payment; what other tests paid may be told first."""
    while True:
        body, headers = came.get(timeout=20)
        if msgspec.json.decode(body)["data"]["object"]["id"] == intent:
            return body, headers


async def test_a_refund_is_made_once_though_they_forget_idempotency_keys(address, theirs):
    calls, intent, refund = Calls(KEY, address), await paid(theirs), new_id()
    for _ in range(3):
        assert await give_back(calls, intent, refund, 400) == Sent.DONE
    assert await give_back(calls, intent, new_id(), 300) == Sent.DONE
    kept = (await theirs.get("/v1/refunds", params={"payment_intent": intent})).json()["data"]
    assert sorted(one["amount"] for one in kept) == [300, 400]


async def test_the_balance_is_read(address, theirs):
    intent = await paid(theirs, 4207)
    await give_back(Calls(KEY, address), intent, new_id(), 7)
    async with httpx.AsyncClient(base_url=address, auth=(KEY, ""), timeout=20) as http:
        lines = (await http.get("/v1/balance_transactions", params={"limit": 100})).json()["data"]
    moved = {(one.type, one.amount) for one in msgspec.convert(lines, list[Moved])}
    assert {("charge", 4207), ("refund", -7)} <= moved


async def test_what_they_sign_is_believed_to_be_theirs_and_nothing_else(database, theirs, listener):
    url, came = listener
    await theirs.post("/_config/webhooks/parvis", data={"url": url, "secret": SECRET})
    intent = await paid(theirs)
    till = await a_till(kind="own")
    await add_account("stripe-1", till, STRIPE)
    await keep_details("stripe-1", StripeAccount(key=KEY, webhook=SECRET))
    body, headers = told_of(came, intent)
    told = {name.lower(): value for name, value in headers.items()}
    event = await StripeCheckout().event("stripe-1", body, told)
    assert (event.type, event.data.object.id, event.livemode) == ("payment_intent.succeeded", intent, False)
    await keep_details("stripe-1", StripeAccount(key=KEY, webhook="whsec_another"))
    with pytest.raises(Exception, match="not signed"):
        await StripeCheckout().event("stripe-1", body, told)
