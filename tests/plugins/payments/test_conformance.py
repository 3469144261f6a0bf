"""PayFiP, Stripe and the sandbox keep to the platform's port, at the simulated services."""

import pytest

from parvis.payments.books import ledger
from parvis.testing.provider_kit import ProviderConformance, Rig


class TestPayfip(ProviderConformance):
    @pytest.fixture
    async def rig(self, played, payfip) -> Rig:
        async def pay(ref):
            played.bank.end(ref, "P")

        async def refuse(ref):
            played.bank.end(ref, "R")

        def notify(ref):
            return f"idOp={ref}".encode(), {}

        return Rig(payfip.provider, payfip.account, pay, refuse, notify, played.away, ledger.today)


class TestCard(ProviderConformance):
    @pytest.fixture
    async def rig(self, played, card) -> Rig:
        async def pay(ref):
            played.card.pay(ref)

        async def refuse(ref):
            played.card.refuse(ref)

        def notify(ref):
            return f"ref={ref}".encode(), {}

        return Rig(card.provider, card.account, pay, refuse, notify, played.away, ledger.today)


class TestStripe(ProviderConformance):
    @pytest.fixture
    async def rig(self, played, stripe) -> Rig:
        async def pay(ref):
            played.stripe.pay(ref)

        async def refuse(ref):
            played.stripe.refuse(ref)

        return Rig(stripe.provider, stripe.account, pay, refuse, played.told, played.away, ledger.today)
