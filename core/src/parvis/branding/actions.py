"""Writes of branding: every change is a new version."""

from __future__ import annotations

import hashlib
from uuid import UUID

from parvis import clock
from parvis.branding.heraldry import arms, colour_of
from parvis.branding.logos import logo_refusals
from parvis.branding.rules import Palette, palette, read_colour
from parvis.db import new_id, transaction
from parvis.errors import Refusal, Refused, Text


async def dress(emitter: UUID, display_name: str, colour: str, logo: str) -> Palette:
    """Give an emitter its name, colour and logo from now on; the palette, corrected to be readable.

    Raises Refused for a colour that is none or a logo that does more than draw.
    """
    asked = read_colour(colour)
    refusals = logo_refusals(logo)
    if asked is None:
        told = Text("Write a colour as six figures and letters, for example: #15594a.")
        refusals.append(Refusal("colour-unknown", told, "colour"))
    if refusals or asked is None:
        raise Refused(refusals)
    made = palette(asked)
    await _add(emitter, display_name, made, logo)
    return made


async def dress_in_invented_arms(emitter: UUID, slug: str, display_name: str, colour: str | None = None) -> None:
    """Give an emitter invented arms, and `colour` or an invented one; nothing if it has a look already."""
    worn = colour or colour_of(slug)
    async with transaction() as c:
        if not await c.fetchval("SELECT EXISTS (SELECT FROM parvis.branding WHERE emitter = $1)", emitter):
            await _add(emitter, display_name, palette(worn), arms(slug, display_name, worn))


async def _add(emitter: UUID, display_name: str, made: Palette, logo: str) -> None:
    sql = (
        "INSERT INTO parvis.branding (id, emitter, version, display_name, colour, stylesheet, stylesheet_hash, "
        "logo, logo_hash, made_at) SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8, $9 "
        "FROM parvis.branding WHERE emitter = $2"
    )
    sheet = made.stylesheet()
    async with transaction() as c:
        # Two people saving at once get two versions, one after the other.
        await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", emitter)
        values = (display_name, made.asked, sheet, _hash(sheet), logo, _hash(logo), clock.now())
        await c.execute(sql, new_id(), emitter, *values)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
