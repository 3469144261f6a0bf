"""A desk's agenda as a calendar to subscribe to by a secret address: hours, kinds, how many people; never a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis import clock, crypto, plugins
from parvis.calendars.queries import BOOKING, BookingInfo, booking_of
from parvis.db import connection, transaction
from parvis.errors import NotFound, Text
from parvis.identity import guards
from parvis.messages.entries import CalendarEntry, agenda_file
from parvis.web.i18n import language, plural, translate

_AnyRequest = Request[Any, Any, Any]
_BEHIND, _AHEAD = timedelta(days=7), timedelta(days=120)
_PUBLIC = guards.page(guards.public(), "everyone")


async def renew(desk: UUID, person: UUID | None) -> str:
    """A new secret for a desk's agenda, told this once; the old one no longer opens it."""
    secret = crypto.new_secret()
    sql = (
        "INSERT INTO parvis.desk_feed (desk, secret, made_at, person) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (desk) DO UPDATE "
        "SET secret = excluded.secret, made_at = excluded.made_at, person = excluded.person"
    )
    async with transaction() as c:
        await c.execute(sql, desk, crypto.digest(secret), clock.now(), person)
    return secret


async def revoke(desk: UUID) -> None:
    """Close a desk's agenda. Twice is once."""
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.desk_feed WHERE desk = $1", desk)


async def made(desks: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Which of these desks have an agenda to subscribe to, and since when (UTC)."""
    async with connection() as c:
        rows = await c.fetch("SELECT desk, made_at FROM parvis.desk_feed WHERE desk = ANY ($1)", list(desks))
    return {row["desk"]: row["made_at"] for row in rows}


@get("/feeds/desks/{desk:uuid}", **_PUBLIC)
async def subscribe(request: _AnyRequest, desk: FromPath[UUID]) -> Response[bytes]:
    """The agenda, for whoever has the address; 404 for one that was revoked."""
    name = await _name(desk, request.query_params.get("key", ""))
    now = clock.now()
    found = await _bookings(desk, now)
    zone = ZoneInfo(found[0].zone) if found else ZoneInfo("UTC")
    entries = [_entry(booking, language(request)) for booking in found]
    headers = {"Cache-Control": "private, max-age=300"}
    return Response(agenda_file(name, entries, now, zone), media_type="text/calendar; charset=utf-8", headers=headers)


async def _name(desk: UUID, secret: str) -> str:
    sql = (
        "SELECT f.secret, d.name || ' · ' || p.name AS name FROM parvis.desk_feed f "
        "JOIN parvis.desk d ON d.id = f.desk JOIN parvis.calendar c ON c.id = d.calendar "
        "JOIN parvis.place p ON p.id = c.place WHERE f.desk = $1"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, desk)
    if row is None or not crypto.same(row["secret"], crypto.digest(secret)):
        raise NotFound
    return str(row["name"])


async def _bookings(desk: UUID, now: datetime) -> list[BookingInfo]:
    sql = (
        f"{BOOKING} WHERE b.desk = $1 AND b.state = 'confirmed' AND b.period && tstzrange($2, $3) "
        "ORDER BY lower(b.period)"
    )
    async with connection() as c:
        return [booking_of(row) for row in await c.fetch(sql, desk, now - _BEHIND, now + _AHEAD)]


def _entry(booking: BookingInfo, lang: str) -> CalendarEntry:
    people = plural("%(num)s person", "%(num)s people", booking.people, lang) % {"num": booking.people}
    return CalendarEntry(
        uid=f"{booking.id}@parvis",
        start=booking.start,
        end=booking.end,
        summary=f"{translate(_kind(booking), lang)} · {people}",
    )


def _kind(booking: BookingInfo) -> Text:
    try:
        kinds = plugins.current().service(booking.service)[1].kinds
    except NotFound:
        kinds = ()
    return next((kind.name for kind in kinds if kind.key == booking.kind), Text(booking.kind))


HANDLERS = (subscribe,)
