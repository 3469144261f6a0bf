"""Tariffs kept: each activity of an emitter has one, saved as a whole, with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Refused
from parvis.payments import checks, sheet_reading, sheets
from parvis.payments.grids import Axis, Grid, grid_on
from parvis.payments.pricing import Pricer, pricer

_ENTRY = "SELECT * FROM parvis.tariff WHERE emitter = $1 AND activity = $2"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What an activity costs: its grids in the order of their days, and how often it was changed."""

    id: UUID
    emitter: UUID
    activity: str
    version: int
    grids: tuple[Grid, ...]

    def pricer(self, day: date) -> Pricer:
        """What prices requests for a day of the territory. Raises Invalid if no grid holds then."""
        return pricer(grid_on(self.grids, day))


@dataclass(frozen=True, slots=True)
class TariffChanged:
    """A change (UTC) by an account, None for a program; `version` is the one it led to."""

    version: int
    at: datetime
    person: UUID | None
    before: tuple[Grid, ...]
    after: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done, or would do: the grids read, and whether they differ from what is there."""

    grids: tuple[Grid, ...]
    changed: bool


async def tariff_of(emitter: UUID, activity: str) -> Tariff:
    """An activity's tariff. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_ENTRY, emitter, activity)
    if row is None:
        raise NotFound
    return _tariff(row)


async def tariffs_of(emitter: UUID) -> list[Tariff]:
    """All tariffs of an emitter, by activity."""
    async with connection() as c:
        rows = await c.fetch("SELECT * FROM parvis.tariff WHERE emitter = $1 ORDER BY activity", emitter)
    return [_tariff(row) for row in rows]


async def history(tariff: UUID, limit: int = 50) -> list[TariffChanged]:
    """The changes of a tariff, the latest first."""
    sql = "SELECT * FROM parvis.tariff_change WHERE tariff = $1 ORDER BY version DESC LIMIT $2"
    async with connection() as c:
        return [_change(row) for row in await c.fetch(sql, tariff, limit)]


async def save(
    emitter: UUID, activity: str, grids: Sequence[Grid], *, base: int | None = None, by: UUID | None = None
) -> int:
    """Keep a tariff as a whole; its version. `by` is an account.

    Raises Refused with all that is wrong with it, Conflict if there is another version than `base`.
    """
    if wrong := checks.refusals(grids):
        raise Refused(wrong)
    after = sorted(grids, key=lambda grid: grid.valid_from or date.min)
    async with transaction() as c:
        row = await c.fetchrow(_ENTRY + " FOR UPDATE", emitter, activity)
        version = row["version"] if row else 0
        if base is not None and base != version:
            raise Conflict
        if row is None:
            return await _add(c, emitter, activity, after, by)
        if _grids(row["grids"]) == tuple(after):
            return int(version)
        sql = "UPDATE parvis.tariff SET grids = $2, version = version + 1 WHERE id = $1"
        await c.execute(sql, row["id"], after)
        await _note(c, row["id"], version + 1, by, row["grids"], after)
    return int(version) + 1


async def export_sheet(emitter: UUID, activity: str) -> str:
    """A tariff as a CSV sheet. Raises NotFound."""
    tariff = await tariff_of(emitter, activity)
    return sheets.write(tariff.grids, _axes(tariff.grids))


async def import_sheet(
    emitter: UUID,
    activity: str,
    sheet: str,
    *,
    axes: Sequence[Axis] | None = None,
    dry_run: bool = False,
    by: UUID | None = None,
) -> Imported:
    """Replace a tariff by a CSV sheet, or with `dry_run` only say what it would do; nothing is half-written.

    `axes` are the present tariff's unless given. Raises Refused with every fault, NotFound without axes.
    """
    async with transaction() as c:
        row = await c.fetchrow(_ENTRY + " FOR UPDATE", emitter, activity)
        present = _grids(row["grids"]) if row else ()
        if axes is None and not present:
            raise NotFound
        grids = sheet_reading.read(sheet, _axes(present) if axes is None else axes)
        if wrong := checks.refusals(grids):
            raise Refused(wrong)
        if not dry_run:
            await save(emitter, activity, grids, by=by)
    return Imported(grids, grids != present)


async def _add(c: Connection, emitter: UUID, activity: str, grids: list[Grid], by: UUID | None) -> int:
    tariff = new_id()
    sql = (
        "INSERT INTO parvis.tariff (id, emitter, activity, grids) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING RETURNING version"
    )
    version = await c.fetchval(sql, tariff, emitter, activity, grids)
    if version is None:
        raise Conflict
    await _note(c, tariff, version, by, [], grids)
    return int(version)


async def _note(c: Connection, tariff: UUID, version: int, by: UUID | None, before: object, after: object) -> None:
    sql = (
        "INSERT INTO parvis.tariff_change (id, tariff, version, at, person, before, after) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    await c.execute(sql, new_id(), tariff, version, clock.now(), by, before, after)


def _axes(grids: Sequence[Grid]) -> tuple[Axis, ...]:
    """Every axis of any grid, as the latest one has it."""
    found: Mapping[str, Axis] = {axis.name: axis for grid in grids for axis in grid.axes}
    return tuple(found.values())


def _grids(kept: object) -> tuple[Grid, ...]:
    return msgspec.convert(kept, tuple[Grid, ...])


def _tariff(row: asyncpg.Record) -> Tariff:
    return Tariff(row["id"], row["emitter"], row["activity"], row["version"], _grids(row["grids"]))


def _change(row: asyncpg.Record) -> TariffChanged:
    return TariffChanged(row["version"], row["at"], row["person"], _grids(row["before"]), _grids(row["after"]))
