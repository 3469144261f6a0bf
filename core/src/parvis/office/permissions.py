"""What the back office lets roles do."""

from parvis.contract.values import Permission, Role
from parvis.errors import Text

TODAY = "office.today"

PERMISSIONS = (
    Permission(
        key=TODAY,
        name=Text("See the appointments of the day"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
)
