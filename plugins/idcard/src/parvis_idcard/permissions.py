"""What members of staff may do with identity-paper appointments."""

from __future__ import annotations

from parvis.contract.values import Permission, Role
from parvis.errors import Text

BOOK_FOR_OTHERS = "idcard.book-for-others"
DECLARATIONS = "idcard.declarations"

PERMISSIONS = (
    Permission(
        key=BOOK_FOR_OTHERS,
        name=Text("Book an appointment for somebody else"),
        roles=frozenset({Role.AGENT, Role.MANAGER, Role.HELPER}),
    ),
    Permission(
        key=DECLARATIONS,
        name=Text("See what is not declared to the national service yet, and act on it"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
)
