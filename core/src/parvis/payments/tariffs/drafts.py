"""Drafts of tariffs: what is typed is kept as it is, until it is whole and published, or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.payments.tariffs import catalogue, checks, placing, typed_grids, typed_reading
from parvis.payments.tariffs.grids import Grid
from parvis.payments.tariffs.typed_grids import Typed

_ONE = "SELECT * FROM parvis.tariff_draft WHERE emitter = $1 AND activity = $2"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an activity will cost, as typed so far: saved when (UTC) and by which account, so many times.

    `replaces`: the first day of the grid to come in whose place it goes; None for one more.
    """

    activity: str
    typed: Typed
    replaces: date | None
    version: int
    person: UUID | None
    changed: datetime


async def draft_of(emitter: UUID, activity: str) -> Draft:
    """The draft of an activity. Raises NotFound."""
    async with connection() as c:
        return _read(await c.fetchrow(_ONE, emitter, activity))


async def drafts_of(emitter: UUID) -> list[Draft]:
    """All drafts of an emitter, by activity."""
    sql = "SELECT * FROM parvis.tariff_draft WHERE emitter = $1 ORDER BY activity"
    async with connection() as c:
        return [_read(row) for row in await c.fetch(sql, emitter)]


async def begin(emitter: UUID, activity: str, typed: Typed, by: UUID | None, replaces: date | None = None) -> None:
    """Begin a draft. Raises Conflict if there is one of this activity."""
    sql = (
        "INSERT INTO parvis.tariff_draft (id, emitter, activity, typed, replaces, person, changed) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id"
    )
    async with transaction() as c:
        if await c.fetchval(sql, new_id(), emitter, activity, typed, replaces, by, clock.now()) is None:
            raise Conflict


async def keep(emitter: UUID, activity: str, typed: Typed, base: int, by: UUID | None) -> int:
    """Keep what was typed, with the prices of the cells that were divided; the draft's version.

    Raises NotFound, Conflict if somebody else kept something since version `base`.
    """
    async with transaction() as c:
        draft = _read(await c.fetchrow(_ONE + " FOR UPDATE", emitter, activity))
        if draft.version != base:
            raise Conflict
        sql = (
            "UPDATE parvis.tariff_draft SET typed = $3, person = $4, changed = $5, version = version + 1 "
            "WHERE emitter = $1 AND activity = $2"
        )
        await c.execute(sql, emitter, activity, typed_grids.carried(draft.typed, typed), by, clock.now())
    return draft.version + 1


async def drop(emitter: UUID, activity: str) -> None:
    """Throw a draft away. Raises NotFound."""
    sql = "DELETE FROM parvis.tariff_draft WHERE emitter = $1 AND activity = $2 RETURNING id"
    async with transaction() as c:
        if await c.fetchval(sql, emitter, activity) is None:
            raise NotFound


async def outcome(emitter: UUID, draft: Draft) -> tuple[Grid, ...]:
    """What the tariff would be once the draft is published. Raises Refused with all that is wrong with it."""
    reading = typed_reading.read(draft.typed)
    if reading.grid is None:
        raise Refused(reading.faults)
    present = await grids_of(emitter, draft.activity)
    starts = reading.grid.valid_from
    if starts != draft.replaces and starts in {grid.valid_from for grid in present}:
        text = Text("Another grid begins on {day}: choose another day, or change that one.", {"day": starts})
        raise Refused(Refusal("grid-there", text, "valid_from"))
    grids = placing.placed(present, reading.grid, draft.replaces)
    if wrong := checks.refusals(grids):
        raise Refused(wrong)
    return grids


async def publish(emitter: UUID, activity: str, base: int, by: UUID | None) -> int:
    """Make a draft part of its tariff, from its first day on; the tariff's version.

    Raises NotFound, Conflict if the draft is another than version `base`, Refused with all that is wrong.
    """
    async with transaction() as c:
        draft = _read(await c.fetchrow(_ONE + " FOR UPDATE", emitter, activity))
        if draft.version != base:
            raise Conflict
        grids = await outcome(emitter, draft)
        version = await catalogue.save(emitter, activity, grids, by=by, name=draft.typed.name)
        await drop(emitter, activity)
    return version


async def grids_of(emitter: UUID, activity: str) -> tuple[Grid, ...]:
    """The grids of an activity; none before the first is published."""
    try:
        return (await catalogue.tariff_of(emitter, activity)).grids
    except NotFound:
        return ()


def _read(row: asyncpg.Record | None) -> Draft:
    if row is None:
        raise NotFound
    plain = {name: row[name] for name in ("activity", "replaces", "version", "person", "changed")}
    return Draft(typed=msgspec.convert(row["typed"], Typed), **plain)
