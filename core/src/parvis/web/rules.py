"""Decisions about a request that need nothing but its headers: language, origin, way back, page or problem."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

LANGUAGES = ("fr", "de", "en")
# Of a site that may frame us: https, a host in ASCII, perhaps a port, and nothing else that a header could carry.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ORIGIN = rf"^https://(?=[^:]{{1,253}}(?::|\Z)){_LABEL}(?:\.{_LABEL})*(?::[1-9][0-9]{{0,4}})?\Z"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MACHINES = ("/api/", "/ants/", "/openactive/", "/.well-known/", "/health/")


def choose_language(cookie: str | None, accept: str) -> str:
    """The language of a page: the cookie's, else the best of Accept-Language, else French.

    >>> choose_language(None, "it, de-CH;q=0.9, en;q=0.8"), choose_language("en", "de"), choose_language(None, "")
    ('de', 'en', 'fr')
    """
    if cookie in LANGUAGES:
        return cookie
    wanted = sorted((_weighed(part) for part in accept.split(",")), key=lambda pair: -pair[0])
    return next((tag for weight, tag in wanted if weight > 0 and tag in LANGUAGES), LANGUAGES[0])


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameters = part.partition(";")
    weight = re.search(r"q\s*=\s*([01](?:\.\d{0,3})?)", parameters)
    return float(weight[1]) if weight else 1.0, tag.strip().lower().partition("-")[0]


def local_path(raw: str | None, otherwise: str = "/") -> str:
    """An address given by a request, if it stays on this site; browsers read `\\` as `/` and drop tabs.

    >>> local_path("/e/illzach?d=2"), local_path("//evil.example"), local_path("https://evil.example")
    ('/e/illzach?d=2', '/', '/')
    """
    if not raw or not re.fullmatch(r"/(?![/\\])[^\x00-\x20\\\x7f]*", raw):
        return otherwise
    return raw


def is_origin(text: str) -> bool:
    """Whether it is the https origin of a site as headers write it.

    >>> is_origin("https://www.illzach.fr"), is_origin("https://*.illzach.fr"), is_origin("https://illzach.fr/")
    (True, False, False)
    """
    return re.search(ORIGIN, text) is not None


def from_own_site(method: str, fetch_site: str | None, origin: str | None, hosts: Collection[str]) -> bool:
    """Whether a request may change something: only our own pages make a browser do that.

    A request with neither header does not come from a browser, and carries no one's cookies unawares.

    >>> from_own_site("POST", "cross-site", "https://evil.example", {"ville.fr"})
    False
    >>> from_own_site("POST", None, "https://ville.fr", {"ville.fr"}), from_own_site("POST", None, None, {})
    (True, True)
    """
    if method in _SAFE:
        return True
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc in hosts


def wants_page(path: str, accept: str) -> bool:
    """Whether an error is told as a page: a browser asked, and the address is not one of the machines'.

    >>> wants_page("/", "text/html,*/*"), wants_page("/api/v1/slots", "text/html"), wants_page("/", "*/*")
    (True, False, False)
    """
    return "text/html" in accept and not f"{path}/".startswith(_MACHINES)
