"""Named stations at a counter, where somebody who typed a mailed code need not type another until the day is over.

The browser holds a signed number, the row says for whom and where it counts: a manager sees it and can take it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from parvis import clock, crypto
from parvis.db import connection, new_id, transaction
from parvis.identity import sessions
from parvis.settings import Settings, current

_PURPOSE = "station"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station that is remembered for somebody, since and until when (UTC)."""

    id: UUID
    name: str
    person: UUID
    person_name: str
    since: datetime
    ends_at: datetime


def cookie_name(settings: Settings) -> str:
    """Beside the session's, as it outlives it."""
    return f"{sessions.cookie_name(settings)}_station"


def device_of(cookies: Mapping[str, str]) -> UUID | None:
    """The number that a browser was given today; None without one, or with one that is not ours."""
    token = cookies.get(cookie_name(current()))
    if not token:
        return None
    try:
        return UUID(crypto.verify(token, _PURPOSE, clock.now()))
    except (crypto.Unreadable, ValueError):
        return None


def cookie(device: UUID) -> Cookie:
    """The cookie that makes a browser a station until the day is over."""
    until = day_over()
    return Cookie(
        cookie_name(current()),
        value=crypto.sign(str(device), _PURPOSE, until),
        path="/",
        httponly=True,
        samesite="lax",
        secure=current().secure,
        max_age=int((until - clock.now()).total_seconds()),
    )


def day_over() -> datetime:
    """The next midnight of the territory (UTC)."""
    tomorrow = clock.now().astimezone(current().zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), current().zone).astimezone(UTC)


async def remember(device: UUID, emitter: UUID, person: UUID, name: str) -> UUID:
    """Remember a station for somebody until the day is over, under the name it has now; its id."""
    sql = (
        "INSERT INTO parvis.station (id, device, emitter, person, name, since, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (device, emitter, person) DO UPDATE "
        "SET name = excluded.name, since = excluded.since, ends_at = excluded.ends_at RETURNING id"
    )
    async with transaction() as c:
        made: UUID = await c.fetchval(sql, new_id(), device, emitter, person, name, clock.now(), day_over())
    return made


async def remembered(emitter: UUID) -> list[Station]:
    """The stations of an emitter that are remembered now, by name."""
    sql = (
        "SELECT station.id, station.name, person, person.name AS person_name, since, ends_at FROM parvis.station "
        "JOIN parvis.person ON person.id = person WHERE emitter = $1 AND ends_at > $2 "
        "ORDER BY station.name, person.name, station.id"
    )
    async with connection() as c:
        return [Station(**row) for row in await c.fetch(sql, emitter, clock.now())]


async def forget(station: UUID, emitter: UUID) -> UUID | None:
    """Let a station count no longer, nor what was confirmed there; for whom it was, None if it was gone already."""
    sql = "DELETE FROM parvis.station WHERE id = $1 AND emitter = $2 RETURNING device, person"
    confirmed = (
        "DELETE FROM parvis.session_factor USING parvis.session WHERE session.id = session_factor.session "
        "AND session.person = $1 AND emitter = $2 AND device = $3"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, station, emitter)
        if row is None:
            return None
        await c.execute(confirmed, row["person"], emitter, row["device"])
        person: UUID = row["person"]
    return person
