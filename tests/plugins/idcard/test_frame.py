"""The next free hours in a town's own site, and the page of an hour to which they lead."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import msgspec
import pytest

from parvis import clock
from parvis.db import connection, transaction
from parvis.errors import Text
from parvis.plugins.emitter_settings import SettingsInvalid, decode
from parvis.territory.actions import enable_plugin, keep_settings
from parvis.territory.queries import emitter
from parvis.web import forms
from parvis_idcard.emitter_settings import Settings, read_sites

SITES = ("https://www.illzach.fr", "https://illzach.fr:8443")


@pytest.fixture
async def slug(town):
    await keep_settings(town.calendar.emitter, "idcard", Settings(framed_by=SITES))
    return (await emitter(town.calendar.emitter)).slug


def ancestors(answer):
    policy = answer.headers["content-security-policy"]
    return re.search(r"frame-ancestors ([^;]*)", policy)[1]


async def test_only_the_frame_may_be_framed_and_only_by_whom_the_emitter_names(browser, slug):
    framed = (await browser.get(f"/e/{slug}/idcard/frame")).page
    assert framed.status_code == 200
    assert ancestors(framed) == "'self' https://www.illzach.fr https://illzach.fr:8443"
    assert "x-frame-options" not in framed.headers
    for path in (f"/e/{slug}/idcard", f"/e/{slug}/idcard/hours?what=CNI", "/", "/e/m2a/idcard/frame", "/nowhere"):
        assert ancestors((await browser.get(path)).page) == "'self'", path


async def test_it_sets_no_cookie_has_no_script_and_is_light(browser, slug):
    framed = (await browser.get(f"/e/{slug}/idcard/frame?lang=de")).page
    assert "set-cookie" not in framed.headers
    assert "<script" not in framed.text
    assert "<form" not in framed.text
    assert len(framed.content) < 30_000
    assert framed.headers["cache-control"] == "public, max-age=60"


async def test_every_link_but_the_kinds_opens_in_the_whole_window(browser, slug):
    await browser.get(f"/e/{slug}/idcard/frame?lang=de")
    links = re.findall(r"<a [^>]*>", browser.page.text)
    inside = [link for link in links if 'target="_top"' not in link and 'href="tel:' not in link]
    assert len(links) > 10
    assert len(inside) == 2
    assert all("/idcard/frame?kind=" in link for link in inside)


@pytest.mark.parametrize(
    ("query", "accept", "lang", "says"),
    [
        ("", "en", "en", "The next free hours"),
        ("?lang=de", "fr", "de", "nächsten freien Uhrzeiten"),
        ("?lang=fr", "de", "fr", "prochaines heures libres"),
        ("?lang=xx", "de", "de", "nächsten freien Uhrzeiten"),
    ],
)
async def test_it_speaks_the_language_of_its_address_else_the_browsers(browser, slug, query, accept, lang, says):
    browser.http.headers["accept-language"] = accept
    await browser.get(f"/e/{slug}/idcard/frame{query}")
    assert f'<html lang="{lang}">' in browser.page.text
    assert says in browser.text


async def test_from_the_frame_to_the_form_in_the_language_of_the_frame(browser, slug):
    await browser.get(f"/e/{slug}/idcard/frame?lang=de")
    await browser.get(re.search(r'class="hour" href="([^"]+)"', browser.text)[1])
    assert "Für wie viele Personen?" in browser.text
    page = re.search(r'name="page" value="([^"]+)"', browser.page.text)[1]
    hour = browser.path
    await browser.post(hour, page=page, people="9")
    assert browser.page.status_code == 422
    assert 'id="what-error"' in browser.page.text
    await browser.post(hour, page=page, people="2", what="PASSPORT")
    assert "/idcard/hold/" in browser.path
    assert '<html lang="de">' in browser.page.text
    assert 'name="applicants-1-given"' in browser.page.text


async def test_collecting_asks_for_no_paper(browser, slug):
    await browser.get(f"/e/{slug}/idcard/frame?kind=collection")
    await browser.get(re.search(r'class="hour" href="([^"]+)"', browser.text)[1])
    assert 'type="radio"' not in browser.page.text
    page = re.search(r'name="page" value="([^"]+)"', browser.page.text)[1]
    await browser.post(browser.path, page=page, people="1", what="collection")
    assert "/idcard/hold/" in browser.path


async def test_an_hour_that_has_gone_meanwhile_shows_the_nearest(browser, slug):
    await browser.hold(9, "somebody-else")
    await browser.post(f"/e/{slug}/idcard/hour/{browser.slot(9)}", page="mine", people="1", what="CNI")
    assert browser.page.status_code == 409
    assert 'name="slot"' in browser.page.text


@pytest.mark.parametrize("code", ["x", "A" * 27, "%00"])
async def test_an_hour_that_never_was_is_not_found(browser, slug, code):
    assert (await browser.get(f"/e/{slug}/idcard/hour/{code}")).page.status_code == 404


async def test_where_nothing_is_free_it_says_when_new_hours_open_and_whom_to_call(browser, slug):
    async with transaction() as c:
        await c.execute("UPDATE parvis.calendar SET opens_weekday = 4, opens_at = '17:30'")
        await c.execute("UPDATE parvis.place SET phone = '03 89 00 00 01'")
    clock.move(timedelta(days=60))
    await browser.get(f"/e/{slug}/idcard/frame?lang=en")
    assert "No hour is free at the moment" in browser.text
    assert re.search(r"New hours open on Thursday\W[^<]+\Wat\W5:30\Wpm\.", browser.text)
    assert 'href="tel:0389000001"' in browser.page.text


async def test_a_town_without_a_station_leads_to_the_others(browser, app):
    async with connection() as c:
        illzach = await c.fetchval("SELECT id FROM parvis.emitter WHERE slug = 'illzach'")
    assert (await browser.get("/e/illzach/idcard/frame")).page.status_code == 404
    await enable_plugin(illzach, "idcard")
    await browser.get("/e/illzach/idcard/frame?lang=en")
    assert "No hour is free at the moment" in browser.text
    assert "/e/m2a/idcard?" in browser.text


async def test_the_snippet_for_the_towns_own_site_leads_to_the_frame(browser, slug):
    await browser.get(f"/e/{slug}/idcard/link")
    (address,) = re.findall(r'<iframe src="http://localhost:8000([^"]+)"', browser.text)
    assert "prochaines heures libres" in (await browser.get(address)).text


@pytest.mark.parametrize(
    "typed", ["https://*", "http://a.fr", "https://a.fr/x", "a.fr", ", ".join(f"https://a{n}.fr" for n in range(21))]
)
def test_what_a_manager_types_for_sites_is_read_or_explained(typed):
    assert isinstance(read_sites(typed), Text)
    assert forms.decode(Settings, urlencode({"framed_by": typed}).encode()).error("framed_by")
    assert forms.decode(Settings, b"framed_by=https://A.fr/+https://b.fr").value.framed_by == (
        "https://a.fr",
        "https://b.fr",
    )
    assert forms.decode(Settings, b"framed_by=").value.framed_by == ()


def test_the_settings_take_origins_and_name_the_field_of_what_is_none():
    assert decode(Settings, {"framed_by": list(SITES)}).framed_by == SITES
    for site in ("https://*", "http://a.fr", "https://a.fr/x", "https://a.fr;", "https://a.fr\n"):
        with pytest.raises(SettingsInvalid) as refused:
            decode(Settings, {"framed_by": [site]})
        assert refused.value.refusals[0].field.startswith("framed_by")
    assert msgspec.to_builtins(Settings())["proof_of_work"] is False
