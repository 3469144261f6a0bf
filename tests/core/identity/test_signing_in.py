"""Signing in and out over HTTP: the portal and its provider are real servers on free ports."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, get
from litestar.params import FromPath

from parvis import clock, settings
from parvis.contract.values import Permission, Role
from parvis.db import close_pool, connection, open_pool
from parvis.demo.provider_pages import end_login
from parvis.errors import Text
from parvis.identity import actions, guards
from parvis.identity.composition import Identity
from parvis.territory import actions as territory
from parvis.testing.sign_on import free_socket, portal, sign_in, sign_on
from parvis.web.site import Site
from parvis.web.statics import static

# A signed token, in three parts: three letters of one turn up in a sealed cookie by chance.
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")

PERMISSIONS = [Permission(key="office.enter", name=Text("Enter"), roles=frozenset({Role.AGENT}))]


@get("/office/{emitter:str}", guards=[guards.staff("office.enter")], **guards.declared("agent"))
async def desk(emitter: FromPath[str]) -> str:
    return emitter


@pytest_asyncio.fixture
async def issuing(database):
    """The provider, with the portal served beside it."""
    listening, address = free_socket()
    given = replace(settings.current(), port=urlsplit(address).port, oidc_client_secret="s")
    async with sign_on(given) as found:
        settings.use(replace(given, oidc_issuer=found.issuer))
        app = Litestar([desk], plugins=[Site(settings.current()), Identity(settings.current(), PERMISSIONS)])
        async with portal(app, listening):
            yield found


@pytest_asyncio.fixture
async def browser(issuing):
    headers = {"Accept": "text/html", "Origin": settings.current().base_url}
    async with httpx.AsyncClient(base_url=settings.current().base_url, headers=headers) as client:
        yield client


def name():
    return f"parvis_{settings.current().port}"


async def count(table):
    async with connection() as c:
        return await c.fetchval(f"SELECT count(*) FROM parvis.{table}")


async def test_somebody_signs_in_and_is_known(issuing, browser):
    answer = await sign_in(browser, "resident-1", "/account?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?a=b")
    page = await browser.get("/account")
    assert (page.status_code, "Sophie Keller" in page.text) == (200, True)
    assert page.headers["cache-control"] != "public"


async def test_the_language_in_which_somebody_signed_in_last_is_kept_for_mails(issuing, browser):
    for language in ("de", "en"):
        browser.headers["accept-language"] = language
        await sign_in(browser, "resident-1")
        async with connection() as c:
            assert await c.fetchval("SELECT mail_language FROM parvis.person") == language


async def test_no_visitor_has_a_row_before_they_sign_in(issuing, browser):
    for path in ("/signed-out", "/login", "/contact", "/account"):
        await browser.get(path)
    assert (await count("session"), await count("person")) == (0, 0)


def test_a_token_would_be_seen_in_a_cookie():
    assert JWT.search("session=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXNpZGVudC0xIn0.c2ln; Path=/")


async def test_the_cookies_carry_no_token_and_are_kept_from_scripts(issuing, browser):
    page = await browser.get("/login")
    chosen = await browser.post(page.headers["location"], data={"sub": "resident-1"})
    answer = await browser.get(chosen.headers["location"])
    for said in (page, answer):
        for cookie in said.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Path=/" in cookie
            assert not JWT.search(cookie)
    assert list(browser.cookies) == [name()]


async def test_a_planted_session_is_dead_after_the_sign_in(issuing, browser):
    await sign_in(browser, "resident-1")
    planted = browser.cookies[name()]
    async with httpx.AsyncClient(base_url=str(browser.base_url), headers=browser.headers) as victim:
        victim.cookies.set(name(), planted, domain="localhost.local")
        await sign_in(victim, "agent-illzach")
        own = [cookie.value for cookie in victim.cookies.jar if cookie.name == name()]
        assert set(own) - {planted}
    assert (await browser.get("/account")).status_code == 303


async def test_staff_land_in_the_back_office_and_residents_at_home(issuing, browser):
    assert (await sign_in(browser, "agent-illzach")).headers["location"] == "/"
    emitter = await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)
    person = await actions.ensure_person(issuing.issuer, "agent-illzach", name="Claire Muller")
    await actions.grant(person, Role.AGENT, emitter)
    assert (await sign_in(browser, "agent-illzach")).headers["location"] == "/office"
    assert (await browser.get("/office")).headers["location"] == "/office/illzach"
    assert (await browser.get("/office/illzach")).text == "illzach"
    assert (await browser.get("/office/mulhouse")).status_code == 404
    other = await territory.add_emitter("mulhouse", "Mulhouse", "municipality", latitude=47.7, longitude=7.3)
    await actions.grant(person, Role.AGENT, other)
    choice = await browser.get("/office")
    assert choice.status_code == 200
    assert "/office/mulhouse" in choice.text


async def test_operators_land_at_the_instance_and_helpers_at_home(issuing, browser):
    for sub, role in (("operator", Role.OPERATOR), ("helper", Role.HELPER)):
        await actions.grant(await actions.ensure_person(issuing.issuer, sub), role)
    assert (await sign_in(browser, "operator")).headers["location"] == "/office"
    assert (await browser.get("/office")).headers["location"] == "/operator"
    assert (await sign_in(browser, "helper")).headers["location"] == "/"
    refused = await browser.get("/office", headers={"Accept-Language": "fr"})
    assert (refused.status_code, "responsable" in refused.text) == (403, True)


async def test_nobody_signed_in_is_led_to_the_sign_in_and_back(issuing, browser):
    answer = await browser.get("/office/illzach?day=2027-01-04")
    assert answer.headers["location"] == "/login?next=%2Foffice%2Fillzach%3Fday%3D2027-01-04"
    machine = await browser.get("/office/illzach", headers={"Accept": "application/json"})
    assert (machine.status_code, machine.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "after", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https:", "https://evil.example", "/\n/e"]
)
async def test_the_way_back_stays_on_this_site(issuing, browser, after):
    assert (await sign_in(browser, "resident-1", after)).headers["location"] == "/"


async def test_a_way_back_too_long_for_a_cookie_is_left_out(issuing, browser):
    longest = "/" + "a" * 1499
    assert (await sign_in(browser, "resident-1", longest)).headers["location"] == longest
    page = await browser.get("/login", params={"next": "/" + "é" * 749})
    assert max(len(cookie) for cookie in page.headers.get_list("set-cookie")) < 4096
    assert (await sign_in(browser, "resident-1", "/" + "a" * 5000)).headers["location"] == "/"
    assert (await sign_in(browser, "resident-1", "/e/漢?q=é")).headers["location"] == "/e/%E6%BC%A2?q=%C3%A9"
    twice = await browser.get("/login?next=/a&next=/b")
    assert twice.status_code in {303, 400, 422}


@pytest.mark.parametrize("value", ["", "x", "é", "=" * 40, "A" * 200])
async def test_a_broken_attempt_cookie_is_refused_with_a_page(issuing, browser, value):
    mark = "abcdefghijkl"
    headers = {"Cookie": f"{name()}_{mark}={value}".encode()}
    answer = await browser.get(f"/login/callback?state={mark}&code=c&iss={issuing.issuer}", headers=headers)
    assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (400, True)


async def answered(browser, issuing, sub="resident-1"):
    page = await browser.get("/login")
    chosen = await browser.post(page.headers["location"], data={"sub": sub})
    return chosen.headers["location"]


async def test_a_static_file_asks_the_database_nothing(issuing, browser):
    await sign_in(browser, "resident-1")
    await close_pool()
    try:
        assert (await browser.get(static("web/site.css"))).status_code == 200
        assert (await browser.get("/account")).status_code == 503
    finally:
        await open_pool(settings.current().database_url)


async def test_a_second_callback_is_refused(issuing, browser):
    back = await answered(browser, issuing)
    cookies = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 303
    assert (await browser.get(back)).status_code == 400
    async with httpx.AsyncClient(base_url=str(browser.base_url), cookies=cookies) as replay:
        assert (await replay.get(back)).status_code == 400


async def test_a_foreign_callback_is_refused(issuing, browser):
    back = await answered(browser, issuing)
    async with httpx.AsyncClient(base_url=str(browser.base_url)) as other:
        assert (await other.get(back)).status_code == 400
        # Nor with an attempt of one's own.
        await other.get("/login")
        assert (await other.get(back)).status_code == 400
    assert await count("session") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"state": "x" * 43},
        {"state": None},
        {"code": None},
        {"code": "another"},
        {"error": "access_denied"},
    ],
)
async def test_a_changed_callback_is_refused_with_a_page_that_says_what_to_do(issuing, browser, changes):
    back = urlsplit(await answered(browser, issuing))
    query = {k: v for k, v in (dict(parse_qsl(back.query)) | changes).items() if v is not None}
    answer = await browser.get(f"{back.path}?{urlencode(query)}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 400
    assert "Recommencez" in answer.text


async def test_two_tabs_can_sign_in_at_once(issuing, browser):
    first, second = await answered(browser, issuing), await answered(browser, issuing)
    assert (await browser.get(first)).status_code == 303
    assert (await browser.get(second)).status_code == 303


async def test_a_provider_that_is_down_gives_a_page_and_comes_back(issuing, browser):
    await browser.get("/login")
    issuing.faults.down = True
    clock.move(timedelta(seconds=11))
    answer = await browser.get("/login", headers={"Accept-Language": "fr"})
    assert answer.status_code == 503
    assert "Réessayez" in answer.text
    assert answer.headers["retry-after"]
    issuing.faults.down = False
    assert (await sign_in(browser, "resident-1")).status_code == 303


async def test_signing_out_ends_both_sessions(issuing, browser):
    await sign_in(browser, "resident-1")
    answer = await browser.post("/logout")
    there = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert answer.headers["location"].startswith(issuing.issuer)
    assert (answer.status_code, await count("session")) == (303, 0)
    back = await browser.get(answer.headers["location"])
    assert back.headers["location"] == there["post_logout_redirect_uri"]
    assert issuing.sessions("resident-1") == []
    assert (await browser.get("/signed-out")).status_code == 200
    assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_foreign_page_cannot_sign_anybody_out(issuing, browser, origin):
    await sign_in(browser, "resident-1")
    del browser.headers["Origin"]
    answer = await browser.post("/logout", headers={"Origin": origin} if origin else {})
    assert (answer.status_code, await count("session")) == (403, 1)


async def test_signing_out_works_while_the_provider_is_down(issuing, browser):
    await sign_in(browser, "resident-1")
    issuing.faults.down = True
    assert (await browser.post("/logout")).status_code == 303
    assert await count("session") == 0


async def test_the_providers_own_logout_reaches_us_by_the_back_channel(issuing, browser):
    await sign_in(browser, "agent-illzach")
    await sign_in(browser, "resident-1")
    (sid,) = issuing.sessions("resident-1")
    assert await end_login(issuing, sid) == 200
    assert (await browser.get("/account")).status_code == 303


async def test_a_back_channel_call_is_obeyed_once_and_only_in_order(issuing, browser):
    await sign_in(browser, "resident-1")
    (sid,) = issuing.sessions("resident-1")
    login = issuing.end(sid)
    del browser.headers["Origin"]
    for header, claims in (
        ({"typ": "JWT"}, dict),
        ({}, lambda claims: claims | {"nonce": "n"}),
        ({}, lambda claims: claims | {"aud": "other"}),
        ({}, lambda claims: claims | {"exp": 1}),
        ({}, lambda claims: claims | {"events": {}}),
    ):
        issuing.faults.logout_header, issuing.faults.logout_claims = header, claims
        refused = await browser.post("/logout/backchannel", data={"logout_token": issuing.logout_token(login)})
        assert (refused.status_code, await count("session")) == (400, 1)
    issuing.faults.logout_header, issuing.faults.logout_claims = {}, dict
    token = issuing.logout_token(login)
    assert (await browser.post("/logout/backchannel", data={})).status_code == 400
    obeyed = await browser.post("/logout/backchannel", data={"logout_token": token})
    assert (obeyed.status_code, obeyed.headers["connection"]) == (200, "close")
    assert await count("session") == 0
    assert (await browser.post("/logout/backchannel", data={"logout_token": token})).status_code == 400


async def test_no_code_token_or_secret_reaches_a_log(issuing, browser, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    back = dict(parse_qsl(urlsplit(await answered(browser, issuing)).query))
    await browser.get("/login/callback", params=back)
    await browser.get("/login/callback", params=back)
    token = browser.cookies[name()]
    await browser.post("/logout")
    written = caplog.text + "".join(capsys.readouterr())
    assert "sign-in.refused" in written
    assert not JWT.search(written)
    for secret in (back["code"], back["state"], token):
        assert secret not in written


async def test_another_session_of_ones_own_can_be_ended(issuing, browser):
    await sign_in(browser, "resident-1")
    async with httpx.AsyncClient(base_url=str(browser.base_url), headers=browser.headers) as other:
        await sign_in(other, "resident-1")
        async with connection() as c:
            ids = await c.fetch("SELECT id FROM parvis.session ORDER BY id")
        page = await other.get("/account")
        assert str(ids[0]["id"]) in page.text
        assert str(ids[1]["id"]) not in page.text
        await other.post(f"/account/sessions/{ids[0]['id']}/end")
        assert (await other.get("/account")).status_code == 200
    assert (await browser.get("/account")).status_code == 303
