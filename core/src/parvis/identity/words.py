"""What roles are called on pages."""

from __future__ import annotations

from parvis.contract.values import Role
from parvis.errors import Text

ROLES = {
    Role.READER: Text("Reader"),
    Role.AGENT: Text("Agent"),
    Role.MANAGER: Text("Manager"),
    Role.ACCOUNTANT: Text("Accountant"),
    Role.HELPER: Text("Helper, who books for others"),
    Role.OPERATOR: Text("Operator of the portal"),
}
