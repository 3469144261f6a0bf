"""Background work of the plugin: payouts that Stripe may have told of in vain."""

from __future__ import annotations

from datetime import timedelta

from parvis.jobs import Timer
from parvis_payments.stripe import telling


def timers() -> tuple[Timer, ...]:
    """Ask Stripe for its payouts once a day."""
    return (Timer("payments.stripe-payouts", timedelta(days=1), telling.catch_up),)
