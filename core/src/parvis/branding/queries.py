"""Reads of branding."""

from __future__ import annotations

from typing import Any

import asyncpg

from parvis.branding.rules import mail_colour
from parvis.db import connection
from parvis.errors import NotFound
from parvis.web.pages import Brand

_LATEST = (
    "SELECT e.slug, e.name, b.display_name, b.stylesheet_hash, b.logo, b.icon FROM parvis.emitter e "
    "LEFT JOIN LATERAL (SELECT * FROM parvis.branding WHERE emitter = e.id ORDER BY version DESC LIMIT 1) b ON true "
)


async def brand_of(slug: str, url: str | None = None) -> Brand:
    """The look of an emitter's pages, plain if it has chosen none; at `url`, or `/e/<slug>`. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_LATEST} WHERE e.slug = $1", slug)
    if row is None:
        raise NotFound
    return _brand(row, url)


async def brands() -> dict[str, Brand]:
    """The look of every emitter, by slug, in the order of their names."""
    async with connection() as c:
        rows = await c.fetch(f"{_LATEST} ORDER BY e.folded")
    return {row["slug"]: _brand(row, None) for row in rows}


async def letter_colour(slug: str) -> str | None:
    """The colour of an emitter's mails, `#rrggbb`, on which white is readable; None if it has chosen none."""
    sql = (
        "SELECT coalesce(b.mail, b.colour) FROM parvis.branding b JOIN parvis.emitter e ON e.id = b.emitter "
        "WHERE e.slug = $1 ORDER BY b.version DESC LIMIT 1"
    )
    async with connection() as c:
        asked = await c.fetchval(sql, slug)
    return mail_colour(asked) if asked else None


async def stylesheet(slug: str, digest: str) -> str:
    """A palette as it was published under a hash. Raises NotFound."""
    sql = (
        "SELECT stylesheet FROM parvis.branding JOIN parvis.emitter ON emitter.id = branding.emitter "
        "WHERE slug = $1 AND stylesheet_hash = $2 LIMIT 1"
    )
    return str(await _kept(sql, slug, digest))


async def picture(slug: str, file: str) -> bytes:
    """A picture as it was kept, an SVG or a PNG by its file's name. Raises NotFound."""
    sql = (
        "SELECT content FROM parvis.branding_picture p JOIN parvis.emitter ON emitter.id = p.emitter "
        "WHERE slug = $1 AND file = $2"
    )
    return bytes(await _kept(sql, slug, file))


def address(slug: str, file: str) -> str:
    """Where a picture or a palette of an emitter is found."""
    return f"/branding/{slug}/{file}"


async def _kept(sql: str, slug: str, name: str) -> Any:
    async with connection() as c:
        found = await c.fetchval(sql, slug, name)
    if found is None:
        raise NotFound
    return found


def _brand(row: asyncpg.Record, url: str | None) -> Brand:
    slug, icon = row["slug"], row["icon"] or row["logo"]
    return Brand(
        slug=slug,
        name=row["display_name"] or row["name"],
        url=url or f"/e/{slug}",
        logo=address(slug, row["logo"]) if row["logo"] else None,
        icon=address(slug, icon) if icon else None,
        stylesheet=address(slug, f"{row['stylesheet_hash']}.css") if row["stylesheet_hash"] else None,
    )
