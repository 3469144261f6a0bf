"""Static files of every package, read once, under names that carry their hash, cached for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.errors import NotFound
from parvis.web import folders

_FOREVER = "public, max-age=31536000, immutable"
# One request for htmx and our own few lines; the licence of htmx lies beside it.
_BUNDLES = {"web/site.js": ("web/vendor/htmx.min.js", "web/parvis.js")}
_URL = re.compile(rb'url\("([^":]+)"\)')
_SKIPPED = {".LICENSE", ".md"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent: its address, type, bytes and the same gzipped."""

    path: str
    media_type: str
    body: bytes
    packed: bytes


def static(name: str) -> str:
    """The address of a static file, e.g. `web/site.css`. Raises KeyError if no package brings it."""
    return _by_name(folders.everything())[name].path


@get("/static/{path:path}", include_in_schema=False, opt={"public": True})
async def serve_static(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
    """Send a static file. Raises NotFound for an unknown or outdated name."""
    file = _by_path(folders.everything()).get(f"/static/{path.lstrip('/')}")
    if file is None:
        raise NotFound
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, headers=headers, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)


@cache
def _by_name(sources: tuple[Path, ...]) -> Mapping[str, StaticFile]:
    contents = {
        f"{folders.key(folder)}/{file.relative_to(folder / 'static').as_posix()}": file.read_bytes()
        for folder in reversed(sources)
        for file in sorted((folder / "static").rglob("*"))
        if file.is_file() and file.suffix not in _SKIPPED
    }
    for bundle, parts in _BUNDLES.items():
        if all(part in contents for part in parts):
            contents[bundle] = b"\n".join(contents.pop(part) for part in parts)
    # Stylesheets last: they name fonts and pictures, whose hashes their own must follow.
    files = {name: _hashed(name, body) for name, body in contents.items() if not name.endswith(".css")}
    sheets = {name: _linked(name, body, files) for name, body in contents.items() if name.endswith(".css")}
    return files | {name: _hashed(name, body) for name, body in sheets.items()}


@cache
def _by_path(sources: tuple[Path, ...]) -> Mapping[str, StaticFile]:
    return {file.path: file for file in _by_name(sources).values()}


def _linked(name: str, sheet: bytes, files: Mapping[str, StaticFile]) -> bytes:
    folder = name.rpartition("/")[0]
    return _URL.sub(lambda found: f'url("{files[f"{folder}/{found[1].decode()}"].path}")'.encode(), sheet)


def _hashed(name: str, body: bytes) -> StaticFile:
    stem, _, suffix = name.rpartition(".")
    path = f"/static/{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{suffix}"
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return StaticFile(path, media_type, body, gzip.compress(body, 9, mtime=0))
