"""Setting calendars up: kinds, desks, weekly openings, exceptions. `grids.open_days` then brings the days in line.

For seeds, imports and tests: agents' changes go through `saving`, which asks what becomes of appointments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from uuid import UUID

from parvis.calendars.openings import Exceptional, Weekly
from parvis.calendars.timetables import step_of
from parvis.db import Connection, new_id, transaction
from parvis.errors import NotFound


async def add_calendar(
    place: UUID,
    service: str,
    *,
    zone: str = "Europe/Paris",
    horizon_days: int = 90,
    opens_weekday: int | None = None,
    opens_at: time = time(),
    public_holidays: str = "Alsace-Moselle",
    school_zone: str = "Zone B",
    counter_percent: int = 10,
    counter_days: int = 0,
) -> UUID:
    """Add the calendar of a place for a service, or bring it up to date; its id. `tables.Calendar` has the meanings."""
    sql = (
        "INSERT INTO parvis.calendar (id, place, service, zone, horizon_days, opens_weekday, opens_at, "
        "public_holidays, school_zone, counter_percent, counter_days) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (place, service) DO UPDATE SET "
        "zone = excluded.zone, horizon_days = excluded.horizon_days, opens_weekday = excluded.opens_weekday, "
        "opens_at = excluded.opens_at, public_holidays = excluded.public_holidays, "
        "school_zone = excluded.school_zone, counter_percent = excluded.counter_percent, "
        "counter_days = excluded.counter_days, version = calendar.version + 1 RETURNING id"
    )
    days = (horizon_days, opens_weekday, opens_at, public_holidays, school_zone, counter_percent, counter_days)
    async with transaction() as c:
        added: UUID = await c.fetchval(sql, new_id(), place, service, zone, *days)
    return added


async def offer(
    calendar: UUID,
    kind: str,
    minutes_first: int,
    minutes_further: int = 0,
    *,
    step_minutes: int | None = None,
    people_max: int = 8,
    online: bool = True,
    number: bool = False,
    bring: Mapping[str, str] | None = None,
) -> None:
    """Offer a kind of appointment, or change its minutes; starts every `step_minutes`, else every `minutes_first`."""
    sql = (
        "INSERT INTO parvis.calendar_kind "
        "(id, calendar, kind, minutes_first, minutes_further, step_minutes, people_max, online, number, bring) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (calendar, kind) DO UPDATE SET "
        "minutes_first = excluded.minutes_first, minutes_further = excluded.minutes_further, "
        "step_minutes = excluded.step_minutes, people_max = excluded.people_max, online = excluded.online, "
        "number = excluded.number, bring = excluded.bring"
    )
    minutes = (minutes_first, minutes_further, step_minutes or step_of(minutes_first))
    async with transaction() as c:
        await c.execute(sql, new_id(), calendar, kind, *minutes, people_max, online, number, dict(bring or {}))
        await _changed(c, calendar)


async def add_desk(calendar: UUID, name: str, weekly: Iterable[Weekly] = (), kinds: Sequence[str] = ()) -> UUID:
    """Add a desk with its weekly openings, or bring it up to date; its id. `kinds` are those it serves, () for all."""
    sql = (
        "INSERT INTO parvis.desk (id, calendar, name, kinds, active) VALUES ($1, $2, $3, $4, true) "
        "ON CONFLICT (calendar, name) DO UPDATE SET kinds = excluded.kinds, active = true RETURNING id"
    )
    async with transaction() as c:
        added: UUID = await c.fetchval(sql, new_id(), calendar, name, list(kinds))
        await set_weekly(added, weekly)
    return added


async def close_desk(desk: UUID) -> None:
    """Take a desk out of use; its bookings stay, and are listed by `grids.orphans`. Raises NotFound."""
    sql = "UPDATE parvis.desk SET active = false WHERE id = $1 RETURNING calendar"
    async with transaction() as c:
        calendar = await c.fetchval(sql, desk)
        if calendar is None:
            raise NotFound
        await _changed(c, calendar)


async def set_weekly(desk: UUID, weekly: Iterable[Weekly]) -> None:
    """Replace a desk's weekly openings."""
    sql = (
        "INSERT INTO parvis.opening_rule (id, desk, weekday, opens, closes, valid_from, valid_until, season, counter) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
    rows = [
        (new_id(), desk, w.weekday, w.opens, w.closes, w.valid_from, w.valid_until, w.season, w.counter) for w in weekly
    ]
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.opening_rule WHERE desk = $1", desk)
        await c.executemany(sql, rows)
        await _changed(c, await c.fetchval("SELECT calendar FROM parvis.desk WHERE id = $1", desk))


async def add_exception(
    calendar: UUID, exception: Exceptional, *, desks: Sequence[UUID] = (), reason: str = ""
) -> UUID:
    """Add days on which a calendar, or only some of its desks, is closed or open otherwise; the exception's id."""
    sql = (
        "INSERT INTO parvis.opening_exception "
        "(id, calendar, desks, sort, first_day, last_day, opens, closes, counter, reason) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    )
    added, e = new_id(), exception
    async with transaction() as c:
        await c.execute(
            sql, added, calendar, list(desks), e.sort, e.first_day, e.last_day, e.opens, e.closes, e.counter, reason
        )
        await _changed(c, calendar)
    return added


async def remove_exception(exception: UUID) -> None:
    """Remove an exception; nothing happens if it is gone."""
    async with transaction() as c:
        sql = "DELETE FROM parvis.opening_exception WHERE id = $1 RETURNING calendar"
        if (calendar := await c.fetchval(sql, exception)) is not None:
            await _changed(c, calendar)


async def _changed(c: Connection, calendar: UUID) -> None:
    await c.execute("UPDATE parvis.calendar SET version = version + 1 WHERE id = $1", calendar)
    await c.execute("INSERT INTO parvis.slot_change_waiting (calendar) VALUES ($1)", calendar)
