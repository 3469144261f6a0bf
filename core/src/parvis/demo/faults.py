"""Faults on demand, so that a council can see that nothing is lost: a file in the data folder that simulators read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from parvis import settings
from parvis.errors import NotFound, Text

SMTP_DOWN, SMTP_SLOW = "smtp-down", "smtp-slow"
_FILE = "faults.json"


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch: its key, what it breaks, and what to watch meanwhile."""

    key: str
    name: Text
    about: Text


FAULTS = (
    Fault(
        SMTP_DOWN,
        Text("The mail server is down"),
        Text(
            "Appointments are still taken. Mails wait, and leave once the server is back, unless they are of "
            "no use any more."
        ),
    ),
    Fault(
        SMTP_SLOW,
        Text("The mail server takes 5 seconds for each mail"),
        Text("Pages stay as fast as before: nobody waits for a mail to leave."),
    ),
)


def active(folder: Path | None = None) -> frozenset[str]:
    """The keys of the faults that are switched on, read anew each time; none if the file cannot be read."""
    try:
        kept = msgspec.json.decode(_file(folder).read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError):
        return frozenset()
    return frozenset(kept)


def switch(key: str, on: bool, known: Iterable[Fault] = FAULTS) -> None:
    """Switch a fault on or off for every process of the demo. Raises NotFound for an unknown one."""
    if key not in {fault.key for fault in known}:
        raise NotFound
    kept = active() | {key} if on else active() - {key}
    draft = _file(None).with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(sorted(kept)))
    # A rename, so that no simulator reads half a list.
    draft.replace(_file(None))


def _file(folder: Path | None) -> Path:
    return (folder or settings.current().data) / _FILE
