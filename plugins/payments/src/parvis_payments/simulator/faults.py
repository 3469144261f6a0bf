"""What the demo can make the payment services do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping
from typing import TypeAlias

from parvis.contract.values import Fault
from parvis.errors import Text

DOWN, TECHNICAL, HANGS = "payfip-down", "payfip-technical", "payfip-hangs"
LOST, SILENT = "payfip-answer-lost", "payfip-no-notification"
# What each switch has PayFiP answer with a code 999.
TECHNICAL_KINDS: Mapping[str, str] = {
    TECHNICAL: "TechIndisponibiliteErreur",
    "payfip-technical-inside": "TechDysfonctionnementErreur",
    "payfip-technical-protocol": "TechProtocolaireErreur",
}
NOTIFIED_TWICE, NOTIFIED_LATE = "payment-notified-twice", "payment-notified-late"
NOTIFIED_FIRST = "payment-notified-first"
STRIPE_DOWN, STRIPE_LOST, STRIPE_SILENT = "stripe-down", "stripe-answer-lost", "stripe-no-notification"
LATE_SECONDS = 60.0
_TICK = 0.1
Active: TypeAlias = Callable[[], Container[str]]
_SEEN = Text("Nothing is lost: what was paid is found within minutes, and nobody pays twice.")

FAULTS = (
    Fault(DOWN, Text("PayFiP is down (502)"), _SEEN),
    Fault(TECHNICAL, Text("PayFiP answers a technical fault (999)"), _SEEN),
    Fault("payfip-technical-inside", Text("PayFiP answers a fault of its own inside (999)"), _SEEN),
    Fault("payfip-technical-protocol", Text("PayFiP answers a fault of protocol (999)"), _SEEN),
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
    Fault(
        NOTIFIED_FIRST,
        Text("Payments are notified before the payer is led back"),
        Text("The page that one comes back to says at once that it is paid, and asks nobody."),
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


def technical(active: Container[str]) -> str:
    """The technical fault that PayFiP answers under the faults that are on, empty for none."""
    return next((kind for switch, kind in TECHNICAL_KINDS.items() if switch in active), "")


def notified(active: Container[str], times: int) -> int:
    """How often a service says what happened, under the faults that are on."""
    return max(times, 2) if times and NOTIFIED_TWICE in active else times


async def late(active: Active, seconds: float) -> None:
    """Wait before saying what happened: under the fault a minute, or until it is switched off."""
    if NOTIFIED_LATE not in active():
        return await asyncio.sleep(seconds)
    for _ in range(round(LATE_SECONDS / _TICK)):
        if NOTIFIED_LATE not in active():
            break
        await asyncio.sleep(_TICK)
    return None
