"""A slot's opaque code: a calendar and a start, nothing else; there is no row behind it. And pages' cursors."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from parvis.errors import Invalid, NotFound, Refusal, Text

# Where a page ended: start, distance in metres, calendar.
Mark: TypeAlias = tuple[datetime, int, UUID]

_MINUTE = 60
# The first byte of the minutes: beyond it lie years that no calendar has.
_LATEST = 0x7F


class UnknownSlot(NotFound):
    """The code of a slot was altered, or made up."""

    code = "slot-unknown"
    title = Text("This hour does not exist.")


class Slot(NamedTuple):
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
    raw = _raw(code)
    if len(raw) != 20 or raw[16] > _LATEST:
        raise UnknownSlot
    return Slot(UUID(bytes=raw[:16]), _instant(raw[16:]))


def cursor_of(mark: Mark) -> str:
    """An opaque cursor: the page after it begins behind `mark`."""
    start, metres, calendar = mark
    raw = calendar.bytes + (int(start.timestamp()) // _MINUTE).to_bytes(4, "big") + metres.to_bytes(4, "big")
    return base64.urlsafe_b64encode(raw).decode()


def read_cursor(cursor: str) -> Mark:
    """The mark of a cursor. Raises Invalid."""
    raw = _raw(cursor)
    if len(raw) != 24 or raw[16] > _LATEST:
        text = Text("This page of results is not known. Please search again.")
        raise Invalid(Refusal("cursor-invalid", text, "cursor"))
    return _instant(raw[16:20]), int.from_bytes(raw[20:], "big"), UUID(bytes=raw[:16])


def _instant(raw: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(raw, "big") * _MINUTE, UTC)


def _raw(code: str) -> bytes:
    """What a code holds; nothing if it is not one."""
    try:
        return base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
