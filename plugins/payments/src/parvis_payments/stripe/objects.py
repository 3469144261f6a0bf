"""The parts of Stripe's objects that are read here; whatever else they have is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec

from parvis.contract.values import Asked
from parvis.errors import Text
from parvis.web.fields import Line

CURRENCY = "eur"


class StripeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a till says of its account. The key says whether money moves."""

    key: Annotated[
        Line,
        Asked(
            label=Text("Secret key"),
            hint=Text("It begins with sk_live_ or rk_live_; with sk_test_ no money moves."),
            secret=True,
        ),
    ] = ""
    webhook: Annotated[
        Line,
        Asked(
            label=Text("Signing secret of the webhook"),
            hint=Text("Stripe shows it where you give it the address above. It begins with whsec_."),
            secret=True,
        ),
    ] = ""

    @property
    def live(self) -> bool:
        """Whether money moves."""
        return self.key[3:7] == "live"


class Charge(msgspec.Struct, frozen=True):
    """Money that came in."""

    id: str
    created: int = 0
    payment_intent: str | None = None


class Intended(msgspec.Struct, frozen=True):
    """What Stripe calls a PaymentIntent: the tries of one session, the last one's error and charge."""

    id: str
    latest_charge: Charge | str | None = None
    last_payment_error: Mapping[str, Any] | None = None
    metadata: Mapping[str, str] | None = None


class Session(msgspec.Struct, frozen=True):
    """A Checkout Session."""

    id: str
    status: str | None = None
    payment_status: str = "unpaid"
    amount_total: int | None = None
    currency: str | None = None
    livemode: bool = False
    url: str | None = None
    client_reference_id: str | None = None
    payment_intent: Intended | str | None = None
    metadata: Mapping[str, str] | None = None

    @property
    def intended(self) -> str:
        """The id of its PaymentIntent, empty until somebody tries to pay."""
        found = self.payment_intent
        return found.id if isinstance(found, Intended) else found or ""


class Refund(msgspec.Struct, frozen=True):
    """Money that goes back; `metadata` has our own id of it."""

    id: str
    status: str | None = None
    metadata: Mapping[str, str] | None = None


class Dispute(msgspec.Struct, frozen=True):
    """A payment that the payer's bank takes back."""

    id: str
    amount: int
    currency: str
    status: str
    livemode: bool = False
    payment_intent: Intended | str | None = None

    @property
    def account(self) -> str:
        """The account here that its payment was opened for, empty for one that was not opened here."""
        return self._ours.get("account", "")

    @property
    def attempt(self) -> UUID | None:
        """The attempt that was paid."""
        try:
            return UUID(self._ours.get("attempt", ""))
        except ValueError:
            return None

    @property
    def _ours(self) -> Mapping[str, str]:
        found = self.payment_intent
        return (found.metadata or {}) if isinstance(found, Intended) else {}


class Payout(msgspec.Struct, frozen=True):
    """What Stripe paid into the bank."""

    id: str
    amount: int
    currency: str
    status: str
    livemode: bool = False


class Moved(msgspec.Struct, frozen=True):
    """A line of Stripe's balance."""

    id: str
    type: str
    amount: int
    fee: int = 0
    currency: str = CURRENCY
    source: Mapping[str, Any] | str | None = None


class About(msgspec.Struct, frozen=True):
    """The object that an event is about; what else stands there is not believed."""

    id: str = ""


class Told(msgspec.Struct, frozen=True):
    """The part of an event that holds its object."""

    object: About = About()


class StripeEvent(msgspec.Struct, frozen=True):
    """A notification."""

    id: str
    type: str
    livemode: bool
    data: Told = Told()
