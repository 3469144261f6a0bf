"""What states and ways of payment are called. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parvis.errors import Text

STATES: Mapping[str, Text] = MappingProxyType(
    {
        "created": Text("it is not paid yet"),
        "pending": Text("its payment is under way"),
        "paid": Text("it is paid"),
        "cancelled": Text("it was cancelled"),
        "expired": Text("its time to be paid is over"),
        "to_refund": Text("its money is to be given back"),
        "refunded": Text("its money was given back"),
        "passed_on": Text("the public accountant collects it"),
        "creating": Text("its page is being opened"),
        "live": Text("its page is open"),
        "lost": Text("its page was never reached"),
        "dead": Text("its page is closed"),
        "requested": Text("it waits for a second person"),
        "approved": Text("it is approved"),
        "rejected": Text("it was rejected"),
        "sent": Text("it has been sent"),
        "done": Text("it is done"),
        "failed": Text("it failed"),
        "bounced": Text("it came back"),
        "unknown": Text("the payment service has not said what became of it"),
    }
)
METHODS: Mapping[str, Text] = MappingProxyType(
    {
        "provider": Text("through the payment service"),
        "advances": Text("from the till’s advances"),
        "mandate": Text("by the public accountant"),
        "credit": Text("as a credit"),
        "cash": Text("in cash"),
        "counter": Text("reversed at the counter"),
    }
)
