"""Reads of the territory. Emitters are few and change rarely; rows come back as frozen values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec
from rapidfuzz import fuzz, process

from parvis import clock, plugins, settings
from parvis.db import connection, fold
from parvis.errors import NotFound
from parvis.plugins.emitter_settings import decode

S = TypeVar("S", bound=msgspec.Struct)
_MATCHES = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitterInfo:
    """An emitter. `kind` is agglomeration, municipality or contract-holder; the point is WGS84."""

    id: UUID
    slug: str
    name: str
    kind: str
    insee: str | None
    postcodes: tuple[str, ...]
    population: int
    latitude: float
    longitude: float
    phone: str
    phone_hours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInfo:
    """A place, with its owner and its operator (emitters' ids)."""

    id: UUID
    slug: str
    emitter: UUID
    operator: UUID
    name: str
    address: str
    postcode: str
    city: str
    latitude: float
    longitude: float
    accessible: bool
    phone: str
    phone_hours: str
    active: bool


# A publication under a contract counts within both their days; $1 is the territory's day.
_LIVE = """
parvis.publication u LEFT JOIN parvis.contract k ON k.id = u.contract WHERE u.state = 'published' AND (
    k.id IS NULL OR $1 BETWEEN greatest(k.first_day, u.first_day) AND least(k.last_day, u.last_day)
)
"""
_PUBLISHED = "SELECT service FROM @LIVE@ AND u.emitter = $2".replace("@LIVE@", _LIVE)
_PUBLISHERS = (
    "SELECT * FROM parvis.emitter e WHERE EXISTS (SELECT FROM @LIVE@ AND u.emitter = e.id AND u.service = $2) "
    "AND EXISTS (SELECT FROM parvis.enabled_plugin p WHERE p.emitter = e.id AND p.plugin = $3) ORDER BY folded"
).replace("@LIVE@", _LIVE)
_PLACE = tuple(f.name for f in fields(PlaceInfo))
_EMITTER = tuple(f.name for f in fields(EmitterInfo) if f.name != "postcodes")


def today() -> date:
    """The territory's day."""
    return clock.now().astimezone(settings.current().zone).date()


async def emitters(kind: str | None = None) -> list[EmitterInfo]:
    """Every emitter by name, or those of one kind."""
    sql = "SELECT * FROM parvis.emitter WHERE $1::text IS NULL OR kind = $1 ORDER BY folded"
    async with connection() as c:
        return [_emitter(row) for row in await c.fetch(sql, kind)]


async def emitter_by_slug(slug: str) -> EmitterInfo:
    """The emitter of an address. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.emitter WHERE slug = $1", slug)
    if row is None:
        raise NotFound
    return _emitter(row)


async def emitter(emitter_id: UUID) -> EmitterInfo:
    """One emitter. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.emitter WHERE id = $1", emitter_id)
    if row is None:
        raise NotFound
    return _emitter(row)


async def places(emitter_id: UUID | None = None) -> list[PlaceInfo]:
    """Active places by city and name: all, or those an emitter owns or operates."""
    sql = (
        "SELECT * FROM parvis.place WHERE active AND ($1::uuid IS NULL OR emitter = $1 OR operator = $1) "
        "ORDER BY city, name"
    )
    async with connection() as c:
        return [_place(row) for row in await c.fetch(sql, emitter_id)]


async def place(place_id: UUID) -> PlaceInfo:
    """One place, active or not. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.place WHERE id = $1", place_id)
    if row is None:
        raise NotFound
    return _place(row)


async def place_by_slug(slug: str) -> PlaceInfo | None:
    """The place of a short name, active or not; None where there is none."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.place WHERE slug = $1", slug)
    return _place(row) if row else None


async def published(emitter_id: UUID) -> frozenset[str]:
    """Keys of the services that an emitter has published, and that its contracts name today."""
    async with connection() as c:
        return frozenset(row["service"] for row in await c.fetch(_PUBLISHED, today(), emitter_id))


async def publishers(service: str) -> list[EmitterInfo]:
    """The emitters that have published a service and enabled the plugin that brings it, by name."""
    try:
        plugin, _ = plugins.current().service(service)
    except NotFound:
        return []
    async with connection() as c:
        return [_emitter(row) for row in await c.fetch(_PUBLISHERS, today(), service, plugin.key)]


async def is_enabled(plugin: str, emitter_id: UUID) -> bool:
    """Whether an emitter has enabled a plugin, asked at use."""
    sql = "SELECT EXISTS (SELECT FROM parvis.enabled_plugin WHERE plugin = $1 AND emitter = $2)"
    async with connection() as c:
        return bool(await c.fetchval(sql, plugin, emitter_id))


async def settings_of(plugin: str, emitter_id: UUID, kind: type[S]) -> S:
    """A plugin's settings at an emitter, the defaults where none are kept. Raises SettingsInvalid."""
    sql = "SELECT settings, settings_version FROM parvis.enabled_plugin WHERE plugin = $1 AND emitter = $2"
    async with connection() as c:
        row = await c.fetchrow(sql, plugin, emitter_id)
    return decode(kind, row["settings"], row["settings_version"]) if row and row["settings"] else kind()


async def settings_everywhere(plugin: str, kind: type[S]) -> dict[UUID, S]:
    """A plugin's settings at each emitter that enabled it. Raises SettingsInvalid."""
    sql = "SELECT emitter, settings, settings_version FROM parvis.enabled_plugin WHERE plugin = $1"
    async with connection() as c:
        rows = await c.fetch(sql, plugin)
    return {row["emitter"]: decode(kind, row["settings"], row["settings_version"]) for row in rows}


async def enabled_since(emitter_id: UUID) -> dict[str, datetime]:
    """The keys of the plugins that an emitter has enabled, with since when (UTC)."""
    sql = "SELECT plugin, enabled_at FROM parvis.enabled_plugin WHERE emitter = $1"
    async with connection() as c:
        return {row["plugin"]: row["enabled_at"] for row in await c.fetch(sql, emitter_id)}


async def settings_at(plugin: str, emitters: Collection[UUID], kind: type[S]) -> dict[UUID, S]:
    """A plugin's settings at those of the emitters that enabled it, by emitter. Raises SettingsInvalid."""
    sql = (
        "SELECT emitter, settings, settings_version FROM parvis.enabled_plugin WHERE plugin = $1 AND emitter = ANY($2)"
    )
    async with connection() as c:
        rows = await c.fetch(sql, plugin, list(emitters))
    return {row["emitter"]: decode(kind, row["settings"], row["settings_version"]) for row in rows}


async def enabled_plugins() -> dict[str, list[str]]:
    """The slugs of the emitters that enabled each plugin."""
    sql = (
        "SELECT plugin, array_agg(slug ORDER BY slug) AS slugs FROM parvis.enabled_plugin "
        "JOIN parvis.emitter ON emitter.id = enabled_plugin.emitter GROUP BY plugin"
    )
    async with connection() as c:
        return {row["plugin"]: row["slugs"] for row in await c.fetch(sql)}


async def municipalities_like(typed: str, limit: int = 8) -> list[EmitterInfo]:
    """Municipalities whose postcode or name fits what was typed, misspelt too, best first."""
    known = await emitters("municipality")
    postcode = "".join(typed.split())
    if postcode.isdigit():
        return [town for town in known if any(code.startswith(postcode) for code in town.postcodes)][:limit]
    # A postcode before the name says nothing that the name does not.
    wanted = fold("".join(sign for sign in typed if not sign.isdigit()))
    if not wanted:
        return []
    names = {index: fold(town.name) for index, town in enumerate(known)}
    begins = [index for index, name in names.items() if name.startswith(wanted)]
    near = process.extract(wanted, names, scorer=fuzz.WRatio, limit=limit, score_cutoff=_MATCHES)
    return [known[index] for index in dict.fromkeys([*begins, *(match[2] for match in near)])][:limit]


def _emitter(row: asyncpg.Record) -> EmitterInfo:
    return EmitterInfo(**{name: row[name] for name in _EMITTER}, postcodes=tuple(row["postcodes"].split()))


def _place(row: asyncpg.Record) -> PlaceInfo:
    return PlaceInfo(**{name: row[name] for name in _PLACE})
