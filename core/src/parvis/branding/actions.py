"""Writes of branding: every change is a new version."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.branding.heraldry import arms, colour_of
from parvis.branding.looks import Look
from parvis.branding.pictures import Picture
from parvis.db import new_id, transaction
from parvis.errors import Conflict, Refusal, Refused, Text

_UNWORN = timedelta(days=1)
_GONE = Text("This picture was not kept. Please choose it again.")


async def publish(emitter: UUID, look: Look, *, base: int | None = None, by: UUID | None = None) -> int:
    """Give an emitter this look from now on; the version of it. `by` is an account.

    Raises Conflict if there is a later version than `base`, Refused for a picture that was not kept.
    """
    sql = (
        "INSERT INTO parvis.branding (id, emitter, version, display_name, colour, accent, mail, typeface, stylesheet, "
        "stylesheet_hash, logo, icon, made_at, person) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    )
    sheet = look.stylesheet()
    chosen = (look.name, look.colour, look.accent or None, look.mail or None, look.typeface.value)
    worn = (sheet, hashlib.sha256(sheet.encode()).hexdigest()[:12], look.logo or None, look.icon or None)
    async with transaction() as c:
        # Two people saving at once get two versions, one after the other.
        await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", emitter)
        latest = await c.fetchval("SELECT coalesce(max(version), 0) FROM parvis.branding WHERE emitter = $1", emitter)
        if base is not None and base != latest:
            raise Conflict
        if refusals := [refusal async for refusal in _gone(c, emitter, look)]:
            raise Refused(refusals)
        await c.execute(sql, new_id(), emitter, latest + 1, *chosen, *worn, clock.now(), by)
    return int(latest) + 1


async def keep_picture(emitter: UUID, picture: Picture) -> str:
    """Keep a picture for a look that is being chosen; the name of its file. Unworn ones are let go after a day."""
    letting_go = (
        "DELETE FROM parvis.branding_picture p WHERE emitter = $1 AND kept_at < $2 AND NOT EXISTS "
        "(SELECT FROM parvis.branding b WHERE b.emitter = p.emitter AND p.file IN (b.logo, b.icon))"
    )
    sql = (
        "INSERT INTO parvis.branding_picture (id, emitter, file, content, kept_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (emitter, file) DO UPDATE SET kept_at = excluded.kept_at"
    )
    now = clock.now()
    async with transaction() as c:
        # Whoever publishes waits here, and finds what it wears.
        await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", emitter)
        await c.execute(letting_go, emitter, now - _UNWORN)
        await c.execute(sql, new_id(), emitter, picture.file, picture.content, now)
    return picture.file


async def dress_in_invented_arms(emitter: UUID, slug: str, display_name: str, colour: str | None = None) -> None:
    """Give an emitter invented arms, and `colour` or an invented one; nothing if it has a look already."""
    worn = colour or colour_of(slug)
    async with transaction() as c:
        if not await c.fetchval("SELECT EXISTS (SELECT FROM parvis.branding WHERE emitter = $1)", emitter):
            drawn = Picture("svg", arms(slug, display_name, worn).encode())
            logo = await keep_picture(emitter, drawn)
            await publish(emitter, Look(name=display_name, colour=worn, logo=logo))


async def _gone(c: asyncpg.Connection, emitter: UUID, look: Look) -> AsyncIterator[Refusal]:
    sql = "SELECT EXISTS (SELECT FROM parvis.branding_picture WHERE emitter = $1 AND file = $2)"
    for field, file in (("logo", look.logo), ("icon", look.icon)):
        if file and not await c.fetchval(sql, emitter, file):
            yield Refusal("picture-gone", _GONE, field)
