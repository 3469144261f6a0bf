"""What the back office lets roles do."""

from parvis.contract.values import Permission, Role
from parvis.errors import Text

ENTER = "office.enter"
TODAY = "office.today"

PERMISSIONS = (
    Permission(
        key=ENTER,
        name=Text("Enter the back office"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT}),
    ),
    Permission(
        key=TODAY,
        name=Text("See the appointments of the day"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
)
