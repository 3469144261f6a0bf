"""Factories of tills and a provider to test payments with."""

from __future__ import annotations

from uuid import UUID

from parvis.payments.ledger import open_till
from parvis.payments.money import Cents
from parvis.testing.calendars import a_place


async def a_till(*, kind: str = "regie", alone_up_to: Cents = 0, emitter: UUID | None = None) -> UUID:
    """A till of an emitter of its own unless one is given."""
    owner = emitter or (await a_place())[1]
    return await open_till(owner, "pools", "Régie des piscines", kind, alone_up_to=alone_up_to)
