"""Reads of branding."""

from __future__ import annotations

import asyncpg

from parvis.branding.rules import palette
from parvis.db import connection
from parvis.errors import NotFound
from parvis.web.pages import Brand

_LATEST = (
    "SELECT e.slug, e.name, b.display_name, b.stylesheet_hash, b.logo_hash FROM parvis.emitter e "
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
        "SELECT b.colour FROM parvis.branding b JOIN parvis.emitter e ON e.id = b.emitter "
        "WHERE e.slug = $1 ORDER BY b.version DESC LIMIT 1"
    )
    async with connection() as c:
        asked = await c.fetchval(sql, slug)
    return palette(asked).light["brand"] if asked else None


async def stylesheet(slug: str, digest: str) -> str:
    """A palette as it was published under a hash. Raises NotFound."""
    return await _published("stylesheet", slug, digest)


async def logo(slug: str, digest: str) -> str:
    """A logo as it was published under a hash, an SVG. Raises NotFound."""
    return await _published("logo", slug, digest)


async def _published(what: str, slug: str, digest: str) -> str:
    # `what` is one of two words of this module, never something typed.
    sql = (
        f"SELECT {what} FROM parvis.branding JOIN parvis.emitter ON emitter.id = branding.emitter "  # noqa: S608
        f"WHERE slug = $1 AND {what}_hash = $2 LIMIT 1"
    )
    async with connection() as c:
        found = await c.fetchval(sql, slug, digest)
    if found is None:
        raise NotFound
    return str(found)


def _brand(row: asyncpg.Record, url: str | None) -> Brand:
    under = f"/branding/{row['slug']}"
    return Brand(
        slug=row["slug"],
        name=row["display_name"] or row["name"],
        url=url or f"/e/{row['slug']}",
        logo=f"{under}/{row['logo_hash']}.svg" if row["logo_hash"] else None,
        stylesheet=f"{under}/{row['stylesheet_hash']}.css" if row["stylesheet_hash"] else None,
    )
