import re
from collections.abc import Callable

import httpx
import pytest

Visit = Callable[..., httpx.AsyncClient]
FORM = {
    "name": "Martin",
    "email": "n@example.org",
    "birth-day": "4",
    "birth-month": "1",
    "birth-year": "1987",
    "kind": "deposit",
}


async def test_a_page_is_in_the_language_of_the_browser(visit: Visit) -> None:
    async with visit() as client:
        assert '<html lang="fr">' in (await client.get("/")).text
        german = await client.get("/", headers={"accept-language": "de"})
    assert '<html lang="de">' in german.text
    assert "Brauchen Sie Hilfe?" in german.text
    assert german.headers["content-language"] == "de"
    assert "Accept-Language" in german.headers["vary"]


async def test_the_language_is_changed_and_one_is_back_where_one_was(visit: Visit) -> None:
    async with visit() as client:
        changed = await client.post("/language", data={"language": "de", "back": "/gallery?x=1"})
        assert (changed.status_code, changed.headers["location"]) == (303, "/gallery?x=1")
        assert '<html lang="de">' in (await client.get("/")).text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil"])
async def test_the_change_of_language_leads_nowhere_else(visit: Visit, back: str) -> None:
    async with visit() as client:
        changed = await client.post("/language", data={"language": "xx", "back": back})
    assert changed.headers["location"] == "/"
    assert "set-cookie" not in changed.headers


async def test_every_answer_carries_the_headers(visit: Visit) -> None:
    async with visit() as client:
        for path in ("/", "/nowhere", "/fails/x", "/api/v1/fails/full"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert re.fullmatch(r"[\w-]{8,64}", headers["x-request-id"])


async def test_a_proxys_request_id_is_kept_and_an_odd_one_is_not(visit: Visit) -> None:
    async with visit() as client:
        kept = await client.get("/", headers={"x-request-id": "abc-12345678"})
        odd = await client.get("/", headers={"x-request-id": "<script>"})
    assert kept.headers["x-request-id"] == "abc-12345678"
    assert "<" not in odd.headers["x-request-id"]


async def test_a_page_has_nothing_inline(visit: Visit) -> None:
    async with visit() as client:
        for path in ("/", "/gallery", "/office", "/nowhere"):
            html = (await client.get(path)).text
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", html), path
            assert not re.search(r"""(src|href|action)=["'](https?:)?//""", html), path


async def test_the_first_view_is_light_and_from_here_alone(visit: Visit) -> None:
    async with visit() as client:
        page = await client.get("/")
        found = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page.text))
        files = {path: await client.get(path) for path in found}
        sheet = next(file.text for path, file in files.items() if path.endswith(".css"))
        fonts = {path: await client.get(path) for path in re.findall(r'url\("([^"]+)"\)', sheet)}
    assert all(file.status_code == 200 for file in (files | fonts).values())
    # A page is set in one typeface: the others are for emitters who chose them.
    heaviest = max(len(file.content) for file in fonts.values())
    weight = len(page.content) + sum(len(file.content) for file in files.values()) + heaviest
    assert weight < 150_000, weight


async def test_static_files_are_kept_for_ever_and_only_under_their_hash(visit: Visit) -> None:
    async with visit() as client:
        path = re.findall(r'"(/static/[^"]+\.css)"', (await client.get("/")).text)[0]
        sheet = await client.get(path)
        stale = await client.get(re.sub(r"\.\w{10}\.css", ".0000000000.css", path))
        climbing = await client.get("/static/web/../../settings.py")
        plain = await client.get(path, headers={"accept-encoding": "identity"})
    assert "immutable" in sheet.headers["cache-control"]
    assert sheet.headers["content-encoding"] == "gzip"
    assert plain.content == sheet.content
    assert (stale.status_code, climbing.status_code) == (404, 404)


async def test_a_wrong_form_keeps_everything_and_says_what_to_do(visit: Visit) -> None:
    async with visit() as client:
        answer = await client.post("/gallery", data={**FORM, "email": "nadia@", "phone": "12", "name": "<b>Ö</b>"})
    html = answer.text
    assert answer.status_code == 422
    assert "<title>Erreur\u00a0: " in html
    assert 'href="#email"' in html
    assert html.count("aria-invalid") == 2
    assert 'value="nadia@"' in html
    assert 'value="&lt;b&gt;Ö&lt;/b&gt;"' in html
    assert "2 points sont à revoir" in html


async def test_a_good_form_leads_on(visit: Visit) -> None:
    async with visit() as client:
        answer = await client.post("/gallery", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_form_of_another_site_is_refused(visit: Visit) -> None:
    async with visit() as client:
        foreign = await client.post("/gallery", data=FORM, headers={"sec-fetch-site": "cross-site"})
        origin = await client.post("/gallery", data=FORM, headers={"origin": "https://evil.example"})
        own = await client.post("/gallery", data=FORM, headers={"origin": "http://localhost:8000"})
    assert (foreign.status_code, origin.status_code, own.status_code) == (403, 403, 303)


async def test_a_signed_in_page_is_kept_by_nobody(visit: Visit) -> None:
    async with visit() as client:
        assert (await client.get("/office")).headers["cache-control"] == "no-store"
        assert (await client.get("/")).headers["cache-control"] == "private, no-cache"
