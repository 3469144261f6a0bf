"""What the demo can make the payment services do wrong."""

from __future__ import annotations

from parvis.contract.values import Fault
from parvis.errors import Text

DOWN, TECHNICAL, HANGS = "payfip-down", "payfip-technical", "payfip-hangs"
LOST, SILENT = "payfip-answer-lost", "payfip-no-notification"
STRIPE_DOWN, STRIPE_LOST, STRIPE_SILENT = "stripe-down", "stripe-answer-lost", "stripe-no-notification"
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
