"""Faults on demand, so that a council can see that nothing is lost: a file in the data folder that simulators read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from parvis import plugins, settings
from parvis.contract.values import Fault
from parvis.errors import NotFound, Text

SMTP_DOWN, SMTP_SLOW = "smtp-down", "smtp-slow"
_FILE = "faults.json"


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


def known() -> tuple[Fault, ...]:
    """The demo's own faults, then those of its plugins."""
    return (*FAULTS, *(fault for plugin in plugins.current() if plugin.demo for fault in plugin.demo.faults))


def active(folder: Path | None = None) -> frozenset[str]:
    """The keys of the faults that are switched on, read anew each time; none if the file cannot be read."""
    try:
        kept = msgspec.json.decode(_file(folder).read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError):
        return frozenset()
    return frozenset(kept)


def switch(key: str, on: bool) -> None:
    """Switch a fault on or off for every process of the demo. Raises NotFound for an unknown one."""
    if key not in {fault.key for fault in known()}:
        raise NotFound
    kept = active() | {key} if on else active() - {key}
    draft = _file(None).with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(sorted(kept)))
    # A rename, so that no simulator reads half a list.
    draft.replace(_file(None))


def _file(folder: Path | None) -> Path:
    return (folder or settings.current().data) / _FILE
