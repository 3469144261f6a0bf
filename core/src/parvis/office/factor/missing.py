"""What is said to somebody whose second factor is missing: a page leads to it, a form that was sent is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response

from parvis.identity.guards import SecondFactorMissing
from parvis.web import forms, pages, problems
from parvis.web.rules import wants_page

_AnyRequest = Request[Any, Any, Any]
WHERE = "/second-factor"
_SAFE = frozenset({"GET", "HEAD"})


def answer(request: _AnyRequest, error: SecondFactorMissing) -> Response[Any]:
    """Lead there and back, or show again what was sent; programs and scripts get the problem itself."""
    if not wants_page(request.url.path, request.headers.get("accept", "")) or "hx-request" in request.headers:
        return problems.answer(request, error)
    if request.method in _SAFE:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return pages.see_other(way(error.slug, asked))

    async def kept() -> dict[str, Any]:
        return {"kept": await forms.typed(request)}

    # It is shown in a moment, once the body is read.
    return pages.render(
        request, "office/factor/unsent.html", status=error.status, late=kept, way=way(error.slug, "/office")
    )


def way(slug: str | None, after: str) -> str:
    """The address where a second factor is given for an emitter, or for the instance."""
    return f"{WHERE}?{urlencode({'emitter': slug or '', 'next': after})}"
