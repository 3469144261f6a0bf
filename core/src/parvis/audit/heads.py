"""The chain's last signed head, written down outside the database: who cuts the end off cannot take it back there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from parvis import crypto, settings
from parvis.audit.rules import Head, head_of
from parvis.errors import ConfigurationError

HEAD = "audit-head"


def file() -> Path:
    """Where the worker writes it down."""
    return settings.current().data / "audit-head"


def keep(number: int, month: date, hash_: bytes, head: str) -> None:
    """Write down to where the chain has come."""
    draft = file().with_suffix(".new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(f"{number} {month:%Y-%m} {hash_.hex()} {head}\n")
    draft.replace(file())


def kept(where: Path | None = None) -> Head | None:
    """The head in a file; None if the worker has not written one. Raises ConfigurationError for what is no head."""
    try:
        number, month, hash_, head = (where or file()).read_text().split()
        found = Head(int(number), bytes.fromhex(hash_))
        if not crypto.bears(head, head_of(found.number, date.fromisoformat(f"{month}-01"), found.hash), HEAD):
            raise ValueError
    except FileNotFoundError as error:
        if where is None:
            return None
        raise ConfigurationError(f"{where} is not there.") from error
    except (ValueError, crypto.Unreadable) as error:
        raise ConfigurationError(f"{where or file()} is no head that this instance signed.") from error
    return found
