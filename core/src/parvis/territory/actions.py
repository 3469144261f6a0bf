"""Writes of the territory: emitters, places, publications, enabled plugins. Each is safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from parvis import clock
from parvis.db import fold, new_id, transaction
from parvis.errors import Conflict, NotFound, Text
from parvis.plugins.emitter_settings import encode
from parvis.territory import settings_history as history

_PUBLISH = (
    "INSERT INTO parvis.publication (id, emitter, service, state) "
    "SELECT $1, id, $3::varchar, 'published' FROM parvis.emitter WHERE id = $2 AND kind <> 'contract-holder'"
)


async def add_emitter(
    slug: str,
    name: str,
    kind: str,
    *,
    latitude: float,
    longitude: float,
    insee: str | None = None,
    postcodes: tuple[str, ...] = (),
    population: int = 0,
    phone: str = "",
    phone_hours: str = "",
) -> UUID:
    """Add an emitter, or bring the one of this slug up to date; its id."""
    sql = (
        "INSERT INTO parvis.emitter (id, slug, name, folded, kind, insee, postcodes, population, latitude, "
        "longitude, phone, phone_hours) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (slug) DO UPDATE SET name = excluded.name, folded = excluded.folded, kind = excluded.kind, "
        "insee = excluded.insee, postcodes = excluded.postcodes, population = excluded.population, "
        "latitude = excluded.latitude, longitude = excluded.longitude, phone = excluded.phone, "
        "phone_hours = excluded.phone_hours RETURNING id"
    )
    values = (insee, " ".join(postcodes), population, latitude, longitude, phone, phone_hours)
    async with transaction() as c:
        added: UUID = await c.fetchval(sql, new_id(), slug, name, fold(name), kind, *values)
    return added


async def add_place(
    slug: str,
    emitter: UUID,
    name: str,
    *,
    address: str,
    postcode: str,
    city: str,
    latitude: float,
    longitude: float,
    accessible: bool = False,
    phone: str = "",
    phone_hours: str = "",
    operator: UUID | None = None,
) -> UUID:
    """Add a place of an emitter, or bring it up to date; its id. Raises Conflict if it is another emitter's."""
    sql = (
        "INSERT INTO parvis.place (id, slug, emitter, operator, name, address, postcode, city, latitude, longitude, "
        "accessible, phone, phone_hours) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        "ON CONFLICT (slug) DO UPDATE SET operator = excluded.operator, name = excluded.name, "
        "address = excluded.address, postcode = excluded.postcode, city = excluded.city, "
        "latitude = excluded.latitude, longitude = excluded.longitude, accessible = excluded.accessible, "
        "phone = excluded.phone, phone_hours = excluded.phone_hours WHERE place.emitter = excluded.emitter RETURNING id"
    )
    values = (address, postcode, city, latitude, longitude, accessible, phone, phone_hours)
    async with transaction() as c:
        added: UUID | None = await c.fetchval(sql, new_id(), slug, emitter, operator or emitter, name, *values)
    if added is None:
        raise Conflict(Text("Another place has this short name already."))
    return added


async def publish(emitter: UUID, service: str) -> None:
    """Publish a service at an emitter; a contract holder's are published under its contracts (`publishing`) alone."""
    sql = f"{_PUBLISH} ON CONFLICT (emitter, service, contract) DO UPDATE SET state = excluded.state"
    async with transaction() as c:
        await c.execute(sql, new_id(), emitter, service)


async def publish_first(emitter: UUID, service: str) -> None:
    """Publish a service at an emitter that never had it, as `publish` does; what it was made of it since stays."""
    sql = f"{_PUBLISH} ON CONFLICT (emitter, service, contract) DO NOTHING"
    async with transaction() as c:
        await c.execute(sql, new_id(), emitter, service)


async def enable_plugin(emitter: UUID, plugin: str, settings: dict[str, Any] | None = None) -> None:
    """Enable a plugin at an emitter; settings already there are kept, those of a former time come back."""
    sql = (
        "INSERT INTO parvis.enabled_plugin (id, emitter, plugin, settings, settings_version, enabled_at) "
        "SELECT $1, $2, $3::varchar, coalesce($4, last.after, '{}'), coalesce(last.after_version, 1), $5 "
        "FROM (SELECT) AS once LEFT JOIN LATERAL (SELECT after, after_version FROM parvis.settings_change "
        "WHERE emitter = $2 AND plugin = $3 AND $4::jsonb IS NULL ORDER BY version DESC LIMIT 1) AS last ON true "
        "ON CONFLICT (emitter, plugin) DO NOTHING"
    )
    async with transaction() as c:
        await c.execute(sql, new_id(), emitter, plugin, settings, clock.now())


async def keep_settings(
    emitter: UUID,
    plugin: str,
    chosen: msgspec.Struct,
    *,
    base: int | None = None,
    by: UUID | None = None,
    undoes: int | None = None,
) -> int:
    """Keep a plugin's settings at an emitter; the version of them. `by` is an account.

    Raises NotFound if the plugin is not enabled there, Conflict if there is a later version than `base`.
    """
    async with transaction() as c:
        # Whoever changes them waits here for who is changing them.
        sql = "SELECT * FROM parvis.enabled_plugin WHERE emitter = $1 AND plugin = $2 FOR UPDATE"
        before = await c.fetchrow(sql, emitter, plugin)
        if before is None:
            raise NotFound
        version = await history.latest_version(plugin, emitter)
        if base is not None and base != version:
            raise Conflict
        was, after = (before["settings"], before["settings_version"]), encode(chosen)
        sql = "UPDATE parvis.enabled_plugin SET settings = $2, settings_version = $3 WHERE id = $1"
        await c.execute(sql, before["id"], *after)
        sql = (
            "INSERT INTO parvis.settings_change (id, emitter, plugin, version, at, person, undoes, before, "
            "before_version, after, after_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        )
        now = clock.now()
        await c.execute(sql, new_id(), emitter, plugin, version + 1, now, by, undoes, *was, *after)
    return version + 1


async def disable_plugin(emitter: UUID, plugin: str) -> None:
    """Disable a plugin at an emitter; its data stay. Raises NotFound if it was not enabled."""
    async with transaction() as c:
        sql = "DELETE FROM parvis.enabled_plugin WHERE emitter = $1 AND plugin = $2 RETURNING id"
        if await c.fetchval(sql, emitter, plugin) is None:
            raise NotFound
