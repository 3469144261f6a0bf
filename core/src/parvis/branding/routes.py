"""The palette and the pictures of an emitter, under names that carry their hash."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from parvis.branding import queries
from parvis.errors import NotFound
from parvis.identity import guards

_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# Opened by itself, a picture is a document of our origin: it may draw, and nothing else.
_DRAWS_ONLY = {"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}


@get(
    "/branding/{slug:str}/{file:str}",
    guards=[guards.public()],
    include_in_schema=False,
    **guards.declared("everyone"),
)
async def look(slug: FromPath[str], file: FromPath[str]) -> Response[str] | Response[bytes]:
    """`<hash>.css` is a palette, `<hash>.svg` or `<hash>.png` a picture. Raises NotFound."""
    digest, _, kind = file.partition(".")
    if kind == "css":
        return Response(await queries.stylesheet(slug, digest), media_type="text/css", headers=_FOREVER)
    if kind in _TYPES:
        headers = {**_FOREVER, **_DRAWS_ONLY}
        return Response(await queries.picture(slug, file), media_type=_TYPES[kind], headers=headers)
    raise NotFound
