"""The looks an emitter wore so far."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis.branding import history
from parvis.branding.looks import differences
from parvis.office.look import looking
from parvis.web import pages

_AnyRequest = Request[Any, Any, Any]
_PAGE = 20


@get("/office/{emitter:str}/look/changes", **looking.SEE)
async def changes(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The versions, the latest first, each with what it changed."""
    at = await looking.here(request, emitter)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    found = await looking.with_names(await history.versions(at.emitter.id, _PAGE + 1, before))
    ahead = [version.look for version, _ in found[1:]]
    rows = [
        (version, name, [text for _, text in differences(ahead[n], version.look)] if n < len(ahead) else [])
        for n, (version, name) in enumerate(found[:_PAGE])
    ]
    older = f"{at.base}/changes?before={found[_PAGE - 1][0].version}" if len(found) > _PAGE else None
    return pages.render(request, "office/look/changes.html", page=at, rows=rows, older=older)


HANDLERS = (changes,)
