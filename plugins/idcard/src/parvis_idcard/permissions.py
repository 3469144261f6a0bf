"""What members of staff may do with identity-paper appointments."""

from __future__ import annotations

from parvis.contract.values import Permission, Role
from parvis.errors import Text

BOOK_FOR_OTHERS = "idcard.book-for-others"

PERMISSIONS = (
    Permission(
        key=BOOK_FOR_OTHERS,
        name=Text("Book an appointment for somebody else"),
        roles=frozenset({Role.AGENT, Role.MANAGER, Role.HELPER}),
    ),
)
