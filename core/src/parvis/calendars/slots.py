"""A slot's opaque code: a calendar and a start, nothing else; there is no row behind it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from parvis.errors import NotFound, Text

_MINUTE = 60


class UnknownSlot(NotFound):
    """The code of a slot was altered, or made up."""

    code = "slot-unknown"
    title = Text("This hour does not exist.")


@dataclass(frozen=True, slots=True)
class Slot:
    """What can be taken: a calendar and a start (UTC, whole minutes)."""

    calendar: UUID
    start: datetime

    @property
    def code(self) -> str:
        """The slot as people and programs pass it on: 27 signs, safe in an address."""
        raw = self.calendar.bytes + (int(self.start.timestamp()) // _MINUTE).to_bytes(4, "big")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_slot(code: str) -> Slot:
    """The slot of a code. Raises UnknownSlot.

    >>> slot = Slot(UUID(int=7), datetime(2027, 1, 4, 9, 20, tzinfo=UTC))
    >>> read_slot(slot.code) == slot
    True
    """
    try:
        raw = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        calendar, minutes = UUID(bytes=raw[:16]), int.from_bytes(raw[16:], "big")
        if len(raw) != 20:
            raise UnknownSlot
        return Slot(calendar, datetime.fromtimestamp(minutes * _MINUTE, UTC))
    except (binascii.Error, ValueError) as error:
        raise UnknownSlot from error
