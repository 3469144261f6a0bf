"""What roles, kin and proxies are called on pages."""

from __future__ import annotations

from parvis.contract.values import Role
from parvis.errors import Text
from parvis.identity.family import Kin
from parvis.identity.mandates import Bond

ROLES = {
    Role.READER: Text("Reader"),
    Role.AGENT: Text("Agent"),
    Role.MANAGER: Text("Manager"),
    Role.ACCOUNTANT: Text("Accountant"),
    Role.HELPER: Text("Helper, who books for others"),
    Role.OPERATOR: Text("Operator of the portal"),
}
KIN = {
    Kin.CHILD: Text("My child"),
    Kin.GRANDCHILD: Text("My grandchild"),
    Kin.PARTNER: Text("My partner"),
    Kin.PARENT: Text("My father or mother"),
    Kin.WARD: Text("A person in my care"),
    Kin.OTHER: Text("Somebody else"),
}
BONDS = {
    Bond.RELATIVE: Text("A relative or a friend"),
    Bond.GUARDIAN: Text("Legal guardian"),
    Bond.SOCIAL: Text("Social worker"),
    Bond.ADVISER: Text("Digital adviser (Aidants Connect)"),
}
