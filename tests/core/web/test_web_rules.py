from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.web.headers import content_security_policy, framed
from parvis.web.rules import LANGUAGES, choose_language, from_own_site, is_origin, local_path, wants_page


@pytest.mark.parametrize(
    "raw",
    [
        "//e",
        "/\\e",
        "/\t/e",
        "https:",
        "https://e",
        "javascript:alert(1)",
        "",
        None,
        "e",
        "\\\\e",
        "/a\nb",
        "/ a",
        "///e",
        "/%5c\\e",
    ],
)
def test_an_address_elsewhere_becomes_home(raw: str | None) -> None:
    assert local_path(raw) == "/"


def read_by_a_browser(address: str) -> str:
    """The host where a browser on https://ville.fr goes: it drops tabs and line ends, takes `\\` for `/`."""
    plain = address.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None}).replace("\\", "/")
    return urlsplit(urljoin("https://ville.fr/x", plain)).netloc


@pytest.mark.parametrize("raw", ["\t//evil.example", "\\/evil.example", "/\n/evil.example", "//evil.example"])
def test_a_browser_would_leave(raw: str) -> None:
    assert read_by_a_browser(raw) == "evil.example"


@given(st.text() | st.text("/\\\t\n\r\x00 .:@%?#eh2fF5c\u3000\uff0f\u2215").map(lambda end: f"/{end}"))
def test_a_way_back_never_leaves_the_site(raw: str) -> None:
    assert read_by_a_browser(local_path(raw)) == "ville.fr"


@given(st.text())
def test_any_header_gives_one_of_our_languages(accept: str) -> None:
    assert choose_language(None, accept) in LANGUAGES


@pytest.mark.parametrize(
    ("accept", "lang"),
    [
        ("de", "de"),
        ("de-CH, fr;q=0.5", "de"),
        ("fr;q=0.3, en;q=0.9", "en"),
        ("it", "fr"),
        ("de;q=0, en", "en"),
        ("*", "fr"),
        ("EN-us", "en"),
    ],
)
def test_the_best_language_of_a_header(accept: str, lang: str) -> None:
    assert choose_language(None, accept) == lang


def test_an_odd_cookie_is_ignored() -> None:
    assert choose_language("xx", "de") == "de"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_free(method: str) -> None:
    assert from_own_site(method, "cross-site", "https://evil.example", {"ville.fr"})


@pytest.mark.parametrize(
    ("fetch_site", "origin", "allowed"),
    [
        ("same-origin", "https://ville.fr", True),
        ("none", None, True),
        ("same-site", "https://x.ville.fr", False),
        ("cross-site", "https://ville.fr", False),
        (None, "https://ville.fr", True),
        (None, "https://ville.fr.evil.example", False),
        (None, "null", False),
        (None, None, True),
    ],
)
def test_who_may_change_something(fetch_site: str | None, origin: str | None, allowed: bool) -> None:
    assert from_own_site("POST", fetch_site, origin, {"ville.fr"}) is allowed


def test_machines_get_problems_even_from_a_browser() -> None:
    assert not wants_page("/api/v1/slots", "text/html")
    assert not wants_page("/ants", "text/html")
    assert wants_page("/antsy", "text/html")


@pytest.mark.parametrize(
    "site",
    [
        "https://www.illzach.fr",
        "https://illzach.fr:8443",
        "https://localhost:1",
        "https://xn--mnchen-3ya.de",
        "https://a.b.c.d.fr",
        "https://192.0.2.7",
    ],
)
def test_a_site_that_may_frame_us_is_named_by_its_origin(site: str) -> None:
    assert is_origin(site)
    assert framed([site])["Content-Security-Policy"].endswith(f"; frame-ancestors 'self' {site}")


@pytest.mark.parametrize(
    "site",
    [
        "http://www.illzach.fr",
        "https://www.illzach.fr/",
        "https://www.illzach.fr/path",
        "https://www.illzach.fr?",
        "https://*.illzach.fr",
        "https://*",
        "https:",
        "https://",
        "*",
        "'none'",
        "'self'",
        "www.illzach.fr",
        "https://illzach.fr https://evil.example",
        "https://illzach.fr; script-src *",
        "https://illzach.fr,evil.example",
        "https://illzach.fr'",
        "https://user@illzach.fr",
        "https://illzach.fr:",
        "https://illzach.fr:0",
        "https://illzach.fr:port",
        "https://illzach.fr:123456",
        "https://illzach.fr\n",
        "https://illzach.fr\r\nx: y",
        " https://illzach.fr",
        "https://Illzach.fr",
        "https://münchen.de",
        "https://-a.fr",
        "https://a..fr",
        "https://.fr",
        f"https://{'a' * 64}.fr",
        f"https://{'a.' * 127}fr",
        "",
    ],
)
def test_nothing_else_gets_into_the_policy(site: str) -> None:
    assert not is_origin(site)
    with pytest.raises(ValueError, match="no https origins"):
        content_security_policy(framed_by=[site])


@given(st.text(max_size=40) | st.from_regex(r"\Ahttps://[^/]{0,30}\Z"))
def test_an_origin_never_carries_more_than_one_word(text: str) -> None:
    assert not is_origin(text) or not set(text[8:]) & set(" ;,'\"*/\\?#@\r\n\t")
