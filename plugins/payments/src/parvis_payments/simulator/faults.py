"""What the demo can make the payment services do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from time import monotonic
from typing import TypeAlias

from parvis.contract.values import Fault
from parvis.errors import Text

DOWN, TECHNICAL, HANGS = "payfip-down", "payfip-technical", "payfip-hangs"
LOST, SILENT = "payfip-answer-lost", "payfip-no-notification"
NOTIFIED_TWICE, NOTIFIED_LATE = "payment-notified-twice", "payment-notified-late"
STRIPE_DOWN, STRIPE_LOST, STRIPE_SILENT = "stripe-down", "stripe-answer-lost", "stripe-no-notification"
LATE_SECONDS = 60.0
_TICK = 0.1
Active: TypeAlias = Callable[[], Container[str]]
_SEEN = Text("Nothing is lost: what was paid is found within minutes, and nobody pays twice.")

FAULTS = (
    Fault(DOWN, Text("PayFiP is down (502)"), _SEEN),
    Fault(TECHNICAL, Text("PayFiP answers a technical fault (999)"), _SEEN),
    Fault(HANGS, Text("PayFiP does not answer for a minute"), _SEEN),
    Fault(
        LOST,
        Text("PayFiP opens payments, and its answer is lost"),
        Text("The payment may be begun again at once: nobody has the address of the lost one."),
    ),
    Fault(
        SILENT,
        Text("PayFiP sends no notification"),
        Text("The page one comes back to asks by itself, and the worker after 1, 3, 6, 10… minutes."),
    ),
    Fault(
        NOTIFIED_TWICE,
        Text("Payments are notified twice"),
        Text("A notification is a reason to ask what became of a payment: asked twice, it is taken once."),
    ),
    Fault(
        NOTIFIED_LATE,
        Text("Payments are notified a minute late"),
        Text(
            "Who comes back from the payment page sees at once that it is paid; what arrives later, or once this is "
            "switched off, changes nothing."
        ),
    ),
    Fault(STRIPE_DOWN, Text("Stripe is down (502)"), _SEEN),
    Fault(
        STRIPE_LOST,
        Text("Stripe does what it is asked, and its answer is lost"),
        Text("It is asked again under the same key, and does it once."),
    ),
    Fault(
        STRIPE_SILENT,
        Text("Stripe sends no notification"),
        Text("The page one comes back to asks by itself, and the worker after 1, 3, 6, 10… minutes."),
    ),
)


def notified(active: Container[str], times: int) -> int:
    """How often a service says what happened, under the faults that are on."""
    return max(times, 2) if times and NOTIFIED_TWICE in active else times


async def late(active: Active, seconds: float) -> None:
    """Wait before saying what happened: under the fault a minute, or until it is switched off."""
    if NOTIFIED_LATE not in active():
        return await asyncio.sleep(seconds)
    until = monotonic() + LATE_SECONDS
    while NOTIFIED_LATE in active() and monotonic() < until:
        await asyncio.sleep(_TICK)
    return None
