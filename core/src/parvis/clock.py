"""The one source of now, shared by every process of an instance; only the demo and tests may move it.

The shift is a file in the data folder, so that web, worker and simulators move together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

_shift_file: list[Path] = []
_cached: tuple[int, timedelta] = (-1, timedelta())


def follow(file: Path | None) -> None:
    """Follow the shift kept in `file`; None goes back to the machine's clock. Production never calls it."""
    global _cached
    _shift_file[:] = [file] if file else []
    _cached = (-1, timedelta())


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC) + shift()


def shift() -> timedelta:
    """How far the clock was moved ahead of the machine's."""
    global _cached
    if not _shift_file:
        return timedelta()
    try:
        changed = _shift_file[0].stat().st_mtime_ns
    except FileNotFoundError:
        return timedelta()
    if changed != _cached[0]:
        _cached = (changed, timedelta(seconds=float(_shift_file[0].read_text() or 0)))
    return _cached[1]


def move(by: timedelta) -> None:
    """Move the clock by `by` for every process that follows the same file. Raises ValueError if none does."""
    if not _shift_file:
        raise ValueError("This instance's clock cannot be moved.")
    seconds = (shift() + by).total_seconds()
    draft = _shift_file[0].with_suffix(".new")
    draft.write_text(str(seconds))
    # A rename, so that no other process reads half a number.
    draft.replace(_shift_file[0])
