"""A public till that collects by PayFiP, and the simulated services in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest

from parvis import clock, settings
from parvis.contract.values import Stage
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.intents import Charge, demand
from parvis.testing.payments import a_till
from parvis_payments.environment import Environment
from parvis_payments.keys import PAYFIP, SANDBOX, STRIPE
from parvis_payments.payfip.provider import Payfip, PayfipAccount
from parvis_payments.sandbox import CardSandbox
from parvis_payments.simulator.app import create
from parvis_payments.simulator.stripe import KEY, WEBHOOK, signed
from parvis_payments.stripe.objects import StripeAccount
from parvis_payments.stripe.provider import StripeCheckout

NUMBER = "007700"
ADDRESS = "http://played.invalid"


@dataclass
class Played:
    """The simulated services: what they know, and which faults are on."""

    faults: set[str] = field(default_factory=set)
    app: object = None
    down: bool = False

    def transport(self):
        return httpx.MockTransport(self._ask)

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        inner = httpx.ASGITransport(self.app)
        return await inner.handle_async_request(request)

    @property
    def bank(self):
        return self.app.state.bank

    @property
    def card(self):
        return self.app.state.card

    @property
    def stripe(self):
        return self.app.state.stripe

    def events(self, ref, sort=""):
        """What Stripe tells of an object, the latest first."""
        found = [event for event in self.stripe.of(KEY, "event") if event["data"]["object"]["id"] == ref]
        return [event for event in found if event["type"].startswith(sort)]

    def told(self, ref, sort=""):
        """The body and headers of what Stripe tells last of an object."""
        return signed(self.events(ref, sort)[0])

    @contextmanager
    def away(self) -> Iterator[None]:
        self.down = True
        try:
            yield
        finally:
            self.down = False


@dataclass
class Till:
    """A till with an account at a provider."""

    till: object
    account: str
    provider: object

    async def due(self, cents=1000, minutes=60, **basket):
        [intent] = await demand(
            [Charge(self.till, "Dix entrées", "pools", cents)], clock.now() + timedelta(minutes=minutes), **basket
        )
        return intent


@pytest.fixture
async def played(database, tmp_path) -> Played:
    settings.provide(Environment(payfip=f"{ADDRESS}/tpa", sandbox=f"{ADDRESS}/card", stripe=f"{ADDRESS}/stripe"))
    found = Played()
    found.app = create(Stage(folder=tmp_path, faults=lambda: frozenset(found.faults)))
    found.app.state.tell = _not_by_itself
    yield found
    settings.provide(Environment())


async def a_payfip_till(played, number=NUMBER, **details) -> Till:
    till = await a_till(kind="regie")
    account = f"payfip-{till.hex[-12:]}"
    await add_account(account, till, PAYFIP, "mandate")
    await keep_details(account, PayfipAccount(number=number, **details))
    return Till(till, account, Payfip(played.transport()))


@pytest.fixture
async def payfip(played) -> Till:
    return await a_payfip_till(played)


async def _not_by_itself(*told):
    """Tests send notifications themselves, or do not."""


async def a_stripe_till(played, key=KEY) -> Till:
    till = await a_till(kind="own")
    account = f"stripe-{till.hex[-12:]}"
    await add_account(account, till, STRIPE)
    await keep_details(account, StripeAccount(key=key, webhook=WEBHOOK))
    return Till(till, account, StripeCheckout(played.transport()))


@pytest.fixture
async def stripe(played) -> Till:
    return await a_stripe_till(played)


@pytest.fixture
async def card(played) -> Till:
    till = await a_till(kind="own")
    account = f"card-{till.hex[-12:]}"
    await add_account(account, till, SANDBOX)
    return Till(till, account, CardSandbox(played.transport()))
