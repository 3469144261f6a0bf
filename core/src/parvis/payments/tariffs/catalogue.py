"""Tariffs kept: each activity of an emitter has one, saved as a whole, with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, settings
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.payments.tariffs import checks, placing, sheet_reading, sheets
from parvis.payments.tariffs.grids import Axis, Grid, grid_on
from parvis.payments.tariffs.pricing import Pricer, pricer

_ENTRY = "SELECT * FROM parvis.tariff WHERE emitter = $1 AND activity = $2"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What an activity costs: its grids in the order of their days, how often it was changed, what people call it."""

    id: UUID
    emitter: UUID
    activity: str
    version: int
    grids: tuple[Grid, ...]
    name: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.activity

    def starting(self, day: date) -> Grid:
        """The grid that begins on a day. Raises NotFound."""
        found = next((grid for grid in self.grids if grid.valid_from == day), None)
        if found is None:
            raise NotFound
        return found

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
    emitter: UUID,
    activity: str,
    grids: Sequence[Grid],
    *,
    base: int | None = None,
    by: UUID | None = None,
    name: str | None = None,
) -> int:
    """Keep a tariff as a whole; its version. `by` is an account, `name` what people call it, if that changes.

    Raises Refused with all that is wrong with it, and with what it would rewrite of a grid that has priced something;
    Conflict if there is another version than `base`.
    """
    if wrong := checks.refusals(grids):
        raise Refused(wrong)
    after = sorted(grids, key=lambda grid: grid.valid_from or date.min)
    async with transaction() as c:
        row = await c.fetchrow(_ENTRY + " FOR UPDATE", emitter, activity)
        if base is not None and base != (row["version"] if row else 0):
            raise Conflict
        if row is None:
            return await _add(c, emitter, activity, after, by, name or "")
        if name is not None and name != row["name"]:
            await c.execute("UPDATE parvis.tariff SET name = $2 WHERE id = $1", row["id"], name)
        return await _change_to(c, row, after, by)


async def withdraw(emitter: UUID, activity: str, day: date, *, base: int | None = None, by: UUID | None = None) -> Grid:
    """Take the grid back that begins on a day to come; it. The one before holds for its time too.

    Raises NotFound, Conflict as `save` does, Refused once it holds or has priced something.
    """
    async with transaction() as c:
        row = await c.fetchrow(_ENTRY + " FOR UPDATE", emitter, activity)
        if row is None:
            raise NotFound
        if base is not None and base != row["version"]:
            raise Conflict
        gone = _tariff(row).starting(day)
        if day <= _today():
            raise Refused(Refusal("grid-holds", Text("This grid holds already. Begin another one later.")))
        await _change_to(c, row, placing.without(_grids(row["grids"]), day), by)
    return gone


async def last_days(tariff: UUID) -> dict[date, date]:
    """The last day that each grid of a tariff has given a price for, by the day that it begins on."""
    sql = "SELECT grid, max(priced_for) AS last FROM parvis.charge WHERE tariff = $1 GROUP BY grid"
    async with connection() as c:
        return {row["grid"]: row["last"] for row in await c.fetch(sql, tariff)}


async def export_sheet(emitter: UUID, activity: str) -> str:
    """A tariff as a CSV sheet. Raises NotFound."""
    tariff = await tariff_of(emitter, activity)
    return sheets.write(tariff.grids, axes_of(tariff.grids))


async def import_sheet(
    emitter: UUID,
    activity: str,
    sheet: str,
    *,
    axes: Sequence[Axis] | None = None,
    dry_run: bool = False,
    by: UUID | None = None,
    name: str | None = None,
) -> Imported:
    """Replace a tariff by a CSV sheet, or with `dry_run` only say what it would do; nothing is half-written.

    `axes` are the present tariff's unless given. Raises Refused with every fault, NotFound without axes.
    """
    async with transaction() as c:
        row = await c.fetchrow(_ENTRY + " FOR UPDATE", emitter, activity)
        present = _grids(row["grids"]) if row else ()
        if axes is None and not present:
            raise NotFound
        grids = sheet_reading.read(sheet, axes_of(present) if axes is None else axes)
        priced = await last_days(row["id"]) if row else {}
        if wrong := [*checks.refusals(grids), *placing.rewriting(present, grids, priced)]:
            raise Refused(wrong)
        if not dry_run:
            await save(emitter, activity, grids, by=by, name=name)
    return Imported(grids, grids != present)


async def _add(c: Connection, emitter: UUID, activity: str, grids: Sequence[Grid], by: UUID | None, name: str) -> int:
    tariff = new_id()
    sql = (
        "INSERT INTO parvis.tariff (id, emitter, activity, grids, name) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING RETURNING version"
    )
    version = await c.fetchval(sql, tariff, emitter, activity, grids, name)
    if version is None:
        raise Conflict
    await _note(c, tariff, version, by, [], grids)
    return int(version)


async def _change_to(c: Connection, row: asyncpg.Record, after: Sequence[Grid], by: UUID | None) -> int:
    """Let a locked tariff have these grids; its version."""
    before, version = _grids(row["grids"]), int(row["version"])
    if before == tuple(after):
        return version
    if wrong := [*placing.rewriting(before, after, await last_days(row["id"]))]:
        raise Refused(wrong)
    sql = "UPDATE parvis.tariff SET grids = $2, version = version + 1 WHERE id = $1"
    await c.execute(sql, row["id"], after)
    await _note(c, row["id"], version + 1, by, row["grids"], after)
    return version + 1


async def _note(c: Connection, tariff: UUID, version: int, by: UUID | None, before: object, after: object) -> None:
    sql = (
        "INSERT INTO parvis.tariff_change (id, tariff, version, at, person, before, after) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    await c.execute(sql, new_id(), tariff, version, clock.now(), by, before, after)


def axes_of(grids: Sequence[Grid]) -> tuple[Axis, ...]:
    """Every axis of any grid, as the latest one has it."""
    found: Mapping[str, Axis] = {axis.name: axis for grid in grids for axis in grid.axes}
    return tuple(found.values())


def _grids(kept: object) -> tuple[Grid, ...]:
    return msgspec.convert(kept, tuple[Grid, ...])


def _tariff(row: asyncpg.Record) -> Tariff:
    return Tariff(row["id"], row["emitter"], row["activity"], row["version"], _grids(row["grids"]), row["name"])


def _today() -> date:
    return clock.now().astimezone(settings.current().zone).date()


def _change(row: asyncpg.Record) -> TariffChanged:
    return TariffChanged(row["version"], row["at"], row["person"], _grids(row["before"]), _grids(row["after"]))
