"""The hooks of the plugin: ways to pay online."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from parvis import settings
from parvis.contract.hookspecs import hookimpl
from parvis.contract.values import Audience, Demo, Manifest, Mount, PaymentProvider, Reaction
from parvis.errors import Text
from parvis_payments import demo as demonstration
from parvis_payments import sandbox
from parvis_payments.environment import Environment
from parvis_payments.events import StripeTold
from parvis_payments.keys import PAYFIP, SANDBOX, STRIPE
from parvis_payments.payfip import provider as payfip_provider
from parvis_payments.payfip import routes as payfip_routes
from parvis_payments.simulator.app import PLAYED
from parvis_payments.simulator.faults import FAULTS
from parvis_payments.stripe import provider as stripe_provider
from parvis_payments.stripe import routes as stripe_routes
from parvis_payments.stripe import rules as stripe_rules
from parvis_payments.stripe import telling
from parvis_payments.stripe.objects import StripeAccount


@hookimpl
def manifest() -> Manifest:
    """Who the plugin is."""
    return Manifest(
        key="payments",
        name=Text("Online payment"),
        core=">=0.1,<0.2",
        summary=Text(
            "Residents pay by card: public tills through PayFiP of the DGFiP, contract holders through Stripe."
        ),
        calls=(Environment().payfip, Environment().stripe),
    )


@hookimpl
def payment_providers() -> tuple[PaymentProvider, ...]:
    """PayFiP, Stripe, and a sandbox where nothing is collected."""
    return (
        PaymentProvider(
            key=PAYFIP,
            name=Text("PayFiP (DGFiP)"),
            provider=payfip_provider.Payfip(),
            account=payfip_provider.PayfipAccount,
            origins=lambda: _origin(settings.provided(Environment).payfip),
            fault=payfip_provider.account_fault,
            checked=payfip_provider.number_fault,
            notified=payfip_provider.NOTIFIED,
            kinds=("regie",),
        ),
        PaymentProvider(
            key=STRIPE,
            name=Text("Card (Stripe)"),
            provider=stripe_provider.StripeCheckout(),
            account=StripeAccount,
            origins=stripe_provider.origins,
            fault=stripe_rules.account_fault,
            notified=stripe_provider.NOTIFIED,
            kinds=("mandate", "own"),
        ),
        PaymentProvider(
            key=SANDBOX,
            name=Text("Card (demonstration, nothing is collected)"),
            provider=sandbox.CardSandbox(),
            origins=lambda: _origin(settings.provided(Environment).sandbox),
            available=sandbox.available,
        ),
    )


@hookimpl
def routes() -> tuple[Mount, ...]:
    """Where PayFiP's, Stripe's and the sandbox's notifications come in."""
    return (
        Mount(where=payfip_provider.NOTIFIED, audience=Audience.MACHINE, router=payfip_routes.ROUTER),
        Mount(where=stripe_provider.NOTIFIED, audience=Audience.MACHINE, router=stripe_routes.ROUTER),
        Mount(where=sandbox.NOTIFIED, audience=Audience.MACHINE, router=sandbox.ROUTER),
    )


@hookimpl
def reactions() -> tuple[Reaction, ...]:
    """Asking Stripe what became of what it told of."""
    return (Reaction(key="payments.stripe-told", event=StripeTold, handle=telling.act),)


@hookimpl
def demo() -> Demo:
    """Tills of two municipalities and a contract holder, bills for the demo's residents, and the simulated services."""
    return Demo(seed=demonstration.seed, simulators=(PLAYED,), faults=FAULTS)


def _origin(address: str) -> Sequence[str]:
    parts = urlsplit(address)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()
