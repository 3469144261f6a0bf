"""Cells of a day as the clock on the wall shows them. No I/O."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from parvis.calendars.bitmaps import CELL_MINUTES, WIDTH, cells_of
from parvis.calendars.rules import instant_of, midnight

_DAY = timedelta(days=1)


def wall_times(starts: int, day: int, zone: ZoneInfo) -> tuple[str, ...]:
    """The wall-clock times (`HH:MM`) of the cells that are set on a local day (an ordinal), sorted, none twice.

    When the clock goes back, one time stands for both of its hours.

    >>> from parvis.calendars.bitmaps import run
    >>> wall_times(run(108, 1) | run(113, 1), date(2027, 1, 4).toordinal(), ZoneInfo("Europe/Paris"))
    ('09:00', '09:25')
    >>> wall_times(run(96, 1), date(2027, 3, 28).toordinal(), ZoneInfo("Europe/Paris"))  # the clock goes forward
    ('09:00',)
    """
    if _is_even(day, zone):
        return _even(starts)
    local = (instant_of(date.fromordinal(day), cell, zone).astimezone(zone) for cell in cells_of(starts))
    return tuple(sorted({f"{found:%H:%M}" for found in local}))


@lru_cache(maxsize=4096)
def _is_even(day: int, zone: ZoneInfo) -> bool:
    """Whether a local day has 24 hours."""
    return midnight(date.fromordinal(day + 1), zone) - midnight(date.fromordinal(day), zone) == _DAY


@lru_cache(maxsize=16_384)
def _even(starts: int) -> tuple[str, ...]:
    times: list[str] = []
    for at, byte in enumerate(starts.to_bytes(WIDTH // 8, "big")):
        if byte:
            times += _eight(at, byte)
    return tuple(times)


@cache
def _eight(at: int, byte: int) -> tuple[str, ...]:
    """The times of the eight cells from cell `8 * at`: `byte` says which."""
    minutes = ((8 * at + n) * CELL_MINUTES for n in range(8) if byte >> (7 - n) & 1)
    return tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)
