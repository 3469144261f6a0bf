"""Whether a calendar's hours are offered to residents now: published, by whom, and the plugin enabled there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock, plugins
from parvis.calendars.slots import UnknownSlot
from parvis.db import connection, transaction
from parvis.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """A calendar as residents may book it: whose it is, who offers it, and up to which local day of the place."""

    calendar: UUID
    service: str
    place: UUID
    owner: UUID
    offerer: UUID
    last_day: date | None


def asked() -> tuple[datetime, list[str], list[str]]:
    """The parameters of the database's function `parvis.offering`: now, and which plugin brings which service."""
    try:
        brought = [(service.key, plugin.key) for plugin in plugins.current() for service in plugin.services]
    except ConfigurationError:
        # A process that loaded no plugins has none to ask about.
        brought = []
    return clock.now(), [service for service, _ in brought], [plugin for _, plugin in brought]


async def offered(service: str) -> list[Offering]:
    """Every calendar of a service that somebody has published."""
    sql = (
        "SELECT calendar, service, place, owner, offerer, last_day FROM parvis.offering($1, $2, $3) "
        "WHERE service = $4 AND published"
    )
    async with connection() as c:
        return [Offering(**row) for row in await c.fetch(sql, *asked(), service)]


async def one(calendar: UUID, start: datetime) -> Offering:
    """The offering of an hour. Raises UnknownSlot where nobody offers it, now or on its day."""
    sql = (
        "SELECT o.calendar, o.service, o.place, owner, offerer, o.last_day, c.zone FROM parvis.offering($1, $2, $3) o "
        "JOIN parvis.calendar c ON c.id = o.calendar WHERE o.calendar = $4 AND coalesce(published, true)"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, *asked(), calendar)
    if row is None:
        raise UnknownSlot
    found = dict(row)
    day = start.astimezone(ZoneInfo(found.pop("zone"))).date()
    if found["last_day"] and day > found["last_day"]:
        raise UnknownSlot
    return Offering(**found)


async def tell(emitter: UUID) -> None:
    """Say that what an emitter's calendars offer may have changed: every search index looks again at once."""
    sql = "INSERT INTO parvis.slot_change_waiting (calendar) SELECT calendar FROM parvis.run_by($1, $2)"
    async with transaction() as c:
        await c.execute(sql, emitter, clock.now())
