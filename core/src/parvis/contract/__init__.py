"""The plugin contract: the values that hooks return (`values`), and the hooks themselves (`hookspecs`).

from parvis.contract import Manifest, hookimpl

@hookimpl
def manifest() -> Manifest:
    return Manifest(key="library", ...)
"""

from parvis.contract.hookspecs import hookimpl
from parvis.contract.values import (
    Audience,
    Book,
    Booked,
    BookingRequest,
    Card,
    Channel,
    Counter,
    DataHeld,
    Demo,
    Fault,
    Item,
    Kind,
    Manifest,
    MessageTemplate,
    Mount,
    NavEntry,
    PaymentProvider,
    Permission,
    PersonalData,
    Reaction,
    Role,
    Service,
    Simulator,
    Stage,
    Visitor,
)

__all__ = [
    "Audience",
    "Book",
    "Booked",
    "BookingRequest",
    "Card",
    "Channel",
    "Counter",
    "DataHeld",
    "Demo",
    "Fault",
    "Item",
    "Kind",
    "Manifest",
    "MessageTemplate",
    "Mount",
    "NavEntry",
    "PaymentProvider",
    "Permission",
    "PersonalData",
    "Reaction",
    "Role",
    "Service",
    "Simulator",
    "Stage",
    "Visitor",
    "hookimpl",
]
