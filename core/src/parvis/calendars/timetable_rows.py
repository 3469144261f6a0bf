"""A timetable in the database: read from its rows, and the rows brought in line with another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from parvis.calendars.openings import Exceptional, Weekly
from parvis.calendars.timetables import DeskRules, Frame, KindRules, Special, Timetable
from parvis.db import Connection, connection, new_id
from parvis.errors import NotFound

_FRAME = Frame.__struct_fields__
_KIND = KindRules.__struct_fields__
_DESK = tuple(name for name in DeskRules.__struct_fields__ if name != "weekly")
_WEEKLY = tuple(field.name for field in fields(Weekly))
_RULE = tuple(field.name for field in fields(Exceptional))


@dataclass(frozen=True, slots=True)
class Kept:
    """A calendar's timetable as it is kept, and the version it has."""

    version: int
    timetable: Timetable


async def read(calendar: UUID) -> Kept:
    """A calendar's timetable; desks in the order in which they were added. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.calendar WHERE id = $1", calendar)
        if row is None:
            raise NotFound
        kinds = await c.fetch("SELECT * FROM parvis.calendar_kind WHERE calendar = $1 ORDER BY id", calendar)
        desks = await c.fetch("SELECT * FROM parvis.desk WHERE calendar = $1 ORDER BY id", calendar)
        weekly = await c.fetch(
            "SELECT r.* FROM parvis.opening_rule r JOIN parvis.desk d ON d.id = r.desk WHERE d.calendar = $1 "
            "ORDER BY weekday, opens, closes, valid_from NULLS FIRST, season, counter",
            calendar,
        )
        specials = await c.fetch(
            "SELECT * FROM parvis.opening_exception WHERE calendar = $1 ORDER BY first_day, opens NULLS FIRST, id",
            calendar,
        )
    return Kept(row["version"], _timetable(row, kinds, desks, weekly, specials))


async def lock(c: Connection, calendar: UUID) -> int:
    """Let nobody else change a calendar's rules or grids until the end of the transaction; its version.

    Claims lock desk days only, so they go on. Raises NotFound.
    """
    version: int | None = await c.fetchval(
        "SELECT version FROM parvis.calendar WHERE id = $1 FOR NO KEY UPDATE", calendar
    )
    if version is None:
        raise NotFound
    return version


async def write(c: Connection, calendar: UUID, before: Timetable, after: Timetable) -> None:
    """Bring the rows of a locked calendar in line, and count its version. Desks are never removed."""
    await _write_frame(c, calendar, after.frame)
    await _write_kinds(c, calendar, before.kinds, after.kinds)
    await _write_desks(c, calendar, before.desks, after.desks)
    await _write_specials(c, calendar, before.specials, after.specials)


async def _write_frame(c: Connection, calendar: UUID, frame: Frame) -> None:
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(_FRAME, start=2))
    sql = f"UPDATE parvis.calendar SET version = version + 1, {columns} WHERE id = $1"  # noqa: S608 - our own columns
    await c.execute(sql, calendar, *msgspec.structs.astuple(frame))


async def _write_kinds(
    c: Connection, calendar: UUID, before: Mapping[str, KindRules], after: Mapping[str, KindRules]
) -> None:
    gone, new = _changed(before, after)
    await c.execute("DELETE FROM parvis.calendar_kind WHERE calendar = $1 AND kind = ANY ($2)", calendar, gone)
    await c.executemany(
        _upsert("calendar_kind", ("calendar", "kind"), _KIND),
        [(new_id(), calendar, kind, *msgspec.structs.astuple(found)) for kind, found in new.items()],
    )


async def _write_desks(
    c: Connection, calendar: UUID, before: Mapping[UUID, DeskRules], after: Mapping[UUID, DeskRules]
) -> None:
    _, new = _changed(before, after)
    await c.executemany(
        _upsert("desk", (), ("calendar", *_DESK)),
        [(desk, calendar, *(getattr(found, name) for name in _DESK)) for desk, found in new.items()],
    )
    await c.execute("DELETE FROM parvis.opening_rule WHERE desk = ANY ($1)", list(new))
    await c.executemany(
        _insert("opening_rule", ("id", "desk", *_WEEKLY)),
        [
            (new_id(), desk, *(getattr(line, name) for name in _WEEKLY))
            for desk, found in new.items()
            for line in found.weekly
        ],
    )


async def _write_specials(
    c: Connection, calendar: UUID, before: Mapping[UUID, Special], after: Mapping[UUID, Special]
) -> None:
    gone, new = _changed(before, after)
    await c.execute("DELETE FROM parvis.opening_exception WHERE id = ANY ($1)", [*gone, *new])
    await c.executemany(
        _insert("opening_exception", ("id", "calendar", "desks", "reason", *_RULE)),
        [
            (special, calendar, found.desks, found.reason, *(getattr(found.rule, name) for name in _RULE))
            for special, found in new.items()
        ],
    )


def _changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> tuple[list[Any], dict[Any, Any]]:
    """The keys that are gone, and what is new or different."""
    gone = [key for key in before if key not in after]
    return gone, {key: value for key, value in after.items() if before.get(key) != value}


def _insert(table: str, columns: tuple[str, ...]) -> str:
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    return f"INSERT INTO parvis.{table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own columns


def _upsert(table: str, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns)
    conflict = ", ".join(key or ("id",))
    return f"{_insert(table, ('id', *key, *columns))} ON CONFLICT ({conflict}) DO UPDATE SET {changed}"


def _timetable(
    row: asyncpg.Record,
    kinds: Iterable[asyncpg.Record],
    desks: Iterable[asyncpg.Record],
    weekly: Iterable[asyncpg.Record],
    specials: Iterable[asyncpg.Record],
) -> Timetable:
    lines: dict[UUID, list[Weekly]] = {}
    for found in weekly:
        lines.setdefault(found["desk"], []).append(Weekly(**_picked(found, _WEEKLY)))
    return Timetable(
        zone=row["zone"],
        frame=Frame(**_picked(row, _FRAME)),
        kinds={kind["kind"]: KindRules(**_picked(kind, _KIND)) for kind in kinds},
        desks={
            desk["id"]: DeskRules(
                **_picked(desk, _DESK) | {"kinds": tuple(desk["kinds"])}, weekly=tuple(lines.get(desk["id"], ()))
            )
            for desk in desks
        },
        specials={
            found["id"]: Special(
                rule=Exceptional(**_picked(found, _RULE)), desks=tuple(found["desks"]), reason=found["reason"]
            )
            for found in specials
        },
    )


def _picked(row: asyncpg.Record, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
