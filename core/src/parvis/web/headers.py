"""Headers that every answer carries, static files and errors included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from litestar.types import Message, Scope

from parvis.settings import Settings
from parvis.web.rules import is_origin
from parvis.web.trace import correlation_id

_FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=(), payment=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
}


def content_security_policy(form_targets: Sequence[str] = (), framed_by: Sequence[str] = ()) -> str:
    """The policy of every page: our own files only, nothing inline, no plug-ins.

    `form_targets` are origins that a form may end at by a redirect (sign-on, payment), `framed_by` other sites that
    may frame the page. Raises ValueError for one of these that is no https origin.

    >>> "unsafe" in content_security_policy()
    False
    >>> content_security_policy(framed_by=["https://www.illzach.fr"]).rpartition("; ")[2]
    "frame-ancestors 'self' https://www.illzach.fr"
    """
    if wrong := [site for site in framed_by if not is_origin(site)]:
        raise ValueError(f"no https origins: {wrong}")
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            " ".join(["form-action 'self'", *form_targets]),
            " ".join(["frame-ancestors 'self'", *framed_by]),
        ]
    )


def framed(sites: Sequence[str]) -> dict[str, str]:
    """The headers of the rare page that other sites may frame: hand them to `pages.render`.

    It has no form, and can lead anywhere only in the whole window. Raises ValueError for what is no https origin.
    """
    return {"Content-Security-Policy": content_security_policy(framed_by=sites)}


def security_headers(
    settings: Settings, form_targets: Sequence[str] = ()
) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook that adds them as an answer leaves; a route's own header of the same name stays."""
    targets = [*form_targets, *_origin(settings.oidc_issuer)]
    fixed = {**_FIXED, "content-security-policy": content_security_policy(targets)}
    if settings.secure:
        fixed["strict-transport-security"] = "max-age=63072000; includeSubDomains"

    encoded = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        own = list(message.get("headers", ()))
        there = {name.lower() for name, _ in own}
        always = [*encoded, (b"x-request-id", correlation_id(scope).encode())]
        message["headers"] = [*own, *(pair for pair in always if pair[0] not in there)]

    return add


def _origin(url: str) -> list[str]:
    parts: Any = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
