"""What is personal in a message, as one encrypted value; days, instants and sentences come back as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from parvis import crypto
from parvis.errors import Text
from parvis.messages.entries import CalendarEntry

_PURPOSE = "message"
_TAG = "\x00"


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom, and what its template is filled with."""

    address: str
    context: Mapping[str, Any] = field(default_factory=dict)
    entry: CalendarEntry | None = None


def seal(letter: Letter) -> bytes:
    """Encrypt a letter. Raises TypeError, naming the kind, on a context that cannot be kept."""
    context = {name: _packed(value) for name, value in letter.context.items()}
    plain = msgspec.json.encode({"address": letter.address, "context": context, "entry": letter.entry})
    return crypto.encrypt(plain, _PURPOSE)


def unseal(sealed: bytes) -> Letter:
    """Read it back. Raises crypto.Unreadable."""
    kept = msgspec.json.decode(crypto.decrypt(sealed, _PURPOSE))
    entry = msgspec.convert(kept["entry"], CalendarEntry | None)
    return Letter(kept["address"], _unpacked(kept["context"]), entry)


def recipient(address: str) -> bytes:
    """A keyed digest that finds an address again without keeping it."""
    return crypto.code_digest(address.casefold(), "recipient")


def _packed(value: Any) -> Any:
    if isinstance(value, Text):
        return {_TAG: "text", "is": value.msgid, "with": _packed(dict(value.params))}
    if isinstance(value, (datetime, date)):
        return {_TAG: "instant" if isinstance(value, datetime) else "day", "is": value.isoformat()}
    if isinstance(value, Mapping):
        return {str(name): _packed(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(one) for one in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"A message cannot keep a {type(value).__name__} in its context.")


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value.get(_TAG):
        case "text":
            msgid, params = value["is"], _unpacked(value["with"])
            return Text(msgid, params)
        case "instant":
            return datetime.fromisoformat(value["is"])
        case "day":
            return date.fromisoformat(value["is"])
    return {name: _unpacked(one) for name, one in value.items()}
