"""Facts of the ways to pay, with identifiers only."""

from __future__ import annotations

from parvis.events import Event


class StripeTold(Event, frozen=True, kw_only=True):
    """Stripe said that something became of an object (`about`, its id there): of which sort, at which account here."""

    type = "payments.stripe-told"

    account: str
    sort: str
    about: str
