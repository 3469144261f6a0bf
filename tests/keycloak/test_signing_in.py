"""The real portal and a real Keycloak: in, out, and what happens in between."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from tests.keycloak.browsing import Browser, a_user, answer_of, code_now, key_of
from tests.keycloak.realms import admin_of
from tests.keycloak.serving import serve

from parvis import clock, crypto, settings
from parvis.contract.values import Role
from parvis.db import connection, transaction
from parvis.identity import actions, sessions
from parvis.identity.oidc.protocol import Attempt, read_answer
from parvis.identity.oidc.sign_on import SignOn
from parvis.identity.recognition import recognise
from parvis.identity.tokens import opened
from parvis.territory import queries

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]


@pytest_asyncio.fixture
async def browser(provisioned, database):
    async with serve(provisioned) as found:
        yield found


@pytest.fixture
def admin(keycloak, provisioned):
    return admin_of(keycloak, provisioned)


async def is_in(browser):
    return (await browser.http.get("/account")).status_code == 200


async def is_out_soon(browser):
    """Keycloak calls a moment after it answered."""
    for _ in range(500):
        if not await is_in(browser):
            return True
    return False


async def let_pass(minutes, browser):
    """As if the provider had been asked so long ago: its tokens would not outlive a moved clock."""
    sql = (
        "UPDATE parvis.session SET refreshed_at = refreshed_at - $1::interval, refreshing_until = NULL "
        "WHERE digest = $2"
    )
    async with transaction() as c:
        await c.execute(sql, timedelta(minutes=minutes), crypto.digest(token_of(browser)))


def token_of(browser):
    return browser.http.cookies[sessions.cookie_name(settings.current())]


async def kept():
    """The tokens of the one session."""
    async with connection() as c:
        return opened(await c.fetchval("SELECT tokens FROM parvis.session"))


async def grant(user, role, slug):
    """Give somebody a role at an emitter, in Parvis."""
    emitter = (await queries.emitter_by_slug(slug)).id
    await actions.grant(await actions.ensure_person(settings.current().oidc_issuer, user.id), role, emitter)


async def test_somebody_signs_in_and_is_known(browser, admin):
    answer = await browser.sign_in(a_user(admin), "/account?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?a=b")
    page = await browser.http.get("/account")
    assert "Sophie Keller" in page.text
    assert "@example.org" in page.text


@pytest.mark.parametrize("changes", [{"code_challenge": None}, {"code_challenge_method": "plain"}])
async def test_keycloak_refuses_an_attempt_without_a_challenge(browser, admin, changes):
    there = urlsplit((await browser.http.get("/login")).headers["location"])
    asked = {name: value for name, value in (dict(parse_qsl(there.query)) | changes).items() if value}
    back = await browser.http.get(there._replace(query=urlencode(asked)).geturl())
    assert answer_of(back.headers["location"])["error"] == "invalid_request"
    refused = await browser.http.get(back.headers["location"])
    assert (refused.status_code, "Recommencez" in refused.text) == (400, True)


@pytest.mark.parametrize("there", ["/login/callback/", "/login/callback?a=b", "/", "//elsewhere.example"])
async def test_keycloak_leads_back_to_one_address_only(browser, there):
    way_in = urlsplit((await browser.http.get("/login")).headers["location"])
    asked = dict(parse_qsl(way_in.query)) | {"redirect_uri": browser.base + there}
    assert (await browser.http.get(way_in._replace(query=urlencode(asked)).geturl())).status_code == 400


async def test_tokens_are_renewed_once_however_many_ask(browser, admin):
    await browser.sign_in(a_user(admin))
    first = await kept()
    await let_pass(6, browser)
    answers = await asyncio.gather(*(browser.http.get("/account") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    second = await kept()
    assert second.refresh_token != first.refresh_token
    await let_pass(6, browser)
    assert await is_in(browser)
    assert (await kept()).refresh_token != second.refresh_token


async def test_keycloaks_keys_change_while_people_are_signed_in(browser, admin):
    await browser.sign_in(a_user(admin))
    old = key_of((await kept()).id_token)
    newer = {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
    key = {"name": "newer", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
    realm = admin.get_realm(admin.connection.realm_name)["id"]
    component = admin.create_component({**key, "parentId": realm, "config": newer})
    try:
        # Keys that are not known are looked for once a minute.
        clock.move(timedelta(seconds=61))
        await let_pass(6, browser)
        assert await is_in(browser)
        assert key_of((await kept()).id_token) != old
        other = Browser(browser.base)
        assert (await other.sign_in(a_user(admin))).status_code == 303
    finally:
        admin.delete_component(component)


@pytest.mark.parametrize("ended", ["person", "session"])
async def test_a_logout_at_keycloak_reaches_us_by_the_back_channel(browser, admin, ended):
    user, other = a_user(admin), Browser(browser.base)
    await browser.sign_in(user)
    await other.sign_in(a_user(admin))
    if ended == "person":
        await asyncio.to_thread(admin.user_logout, user.id)
    else:
        (session,) = await asyncio.to_thread(admin.get_sessions, user.id)
        path = f"admin/realms/{admin.connection.realm_name}/sessions/{session['id']}"
        assert (await asyncio.to_thread(admin.connection.raw_delete, path)).status_code == 204
    assert await is_out_soon(browser)
    assert await is_in(other)


async def test_signing_out_ends_both_sessions_and_leads_back(browser, admin):
    user = a_user(admin)
    await browser.sign_in(user)
    answer = await browser.http.post("/logout")
    assert answer.status_code == 303
    back = await browser.http.get(answer.headers["location"])
    assert back.headers["location"] == f"{browser.base}/signed-out"
    assert (await browser.http.get("/signed-out")).status_code == 200
    assert await asyncio.to_thread(admin.get_sessions, user.id) == []
    again = await browser.http.get("/login")
    assert 'name="password"' in (await browser.http.get(again.headers["location"])).text


async def test_somebody_disabled_is_out_at_the_next_refresh(browser, admin):
    user = a_user(admin)
    await browser.sign_in(user)
    admin.disable_user(user.id)
    assert await is_in(browser)
    await let_pass(6, browser)
    assert not await is_in(browser)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.session") == 0


async def test_groups_narrow_roles_and_give_none(keycloak, narrowing, database):
    admin = admin_of(keycloak, narrowing)
    async with serve(narrowing) as browser:
        user = a_user(admin, "/emitters/illzach/agent", "/emitters/mulhouse/agent", "/operator")
        await grant(user, Role.AGENT, "illzach")
        await grant(user, Role.MANAGER, "illzach")
        await browser.sign_in(user)
        asked = ("/office/illzach", "/office/mulhouse", "/operator")
        assert [(await browser.http.get(path)).status_code for path in asked] == [303, 404, 403]
        assert [grant.role for grant in await _grants(browser)] == [Role.AGENT]
        admin.group_user_remove(user.id, admin.get_group_by_path("/emitters/illzach/agent")["id"])
        await let_pass(6, browser)
        assert await _grants(browser) == []


async def _grants(browser):
    """The roles that the portal recognises somebody by."""
    async with httpx.AsyncClient() as http:
        return list((await recognise(token_of(browser), SignOn(settings.current(), http), {})).grants)


async def warm(admin):
    """Sign in and refresh with patience: after a start the first may take longer than the portal waits."""
    visitor, attempt = Browser(settings.current().base_url), Attempt.begin("/", clock.now())
    async with httpx.AsyncClient(timeout=60) as http:
        ours = SignOn(settings.current(), http)
        page = await visitor.http.get(await ours.way_in(attempt, "fr"))
        answer = await visitor.fill_in(page, a_user(admin))
        signed_in = await ours.redeem(answer_of(answer.headers["location"])["code"], attempt)
        await ours.refresh(signed_in.tokens.refresh_token)


async def test_keycloak_goes_down_and_comes_back(browser, admin, keycloak):
    user, other = a_user(admin, otp=True), Browser(browser.base)
    await grant(user, Role.AGENT, "illzach")
    await browser.sign_in(user)
    assert (await browser.step_up("/office/illzach/today")).status_code == 200
    await other.sign_in(a_user(admin))
    keycloak.stop()
    try:
        # An answer of a moment ago is no proof of life for longer.
        clock.move(timedelta(seconds=11))
        refused = await Browser(browser.base).http.get("/login")
        assert (refused.status_code, "Réessayez" in refused.text) == (503, True)
        assert refused.headers["retry-after"]
        await let_pass(6, browser)
        assert await is_in(browser)
        assert (await browser.http.get("/office/illzach/today")).status_code == 200
        assert (await browser.http.post("/office/illzach/today")).status_code == 503
        await let_pass(16, other)
        assert not await is_in(other)
    finally:
        await asyncio.to_thread(keycloak.start)
    await warm(admin)
    # Half a minute after it was silent Keycloak is asked again; it kept its sessions, and so do we.
    await let_pass(0.5, browser)
    assert await is_in(browser)
    assert (await browser.http.post("/office/illzach/today")).status_code != 503
    way_in = await other.http.get("/login")
    back = await other.http.get(way_in.headers["location"])
    assert (await other.http.get(back.headers["location"])).status_code == 303


async def test_a_second_factor_is_asked_for_in_the_same_session(browser, admin):
    user = a_user(admin, otp=True)
    async with httpx.AsyncClient() as http:
        ours = SignOn(settings.current(), http)

        async def redeemed(attempt, answer):
            code = read_answer(attempt, answer_of(answer.headers["location"]), ours.issuer, clock.now())
            return (await ours.redeem(code, attempt)).claims

        attempt = Attempt.begin("/", clock.now())
        page = await browser.http.get(await ours.way_in(attempt, "fr"))
        first = await redeemed(attempt, await browser.fill_in(page, user))
        attempt = Attempt.begin("/", clock.now())
        asked = await browser.http.get(await ours.way_in(attempt, "fr") + "&acr_values=2fa")
        assert 'name="password"' not in asked.text
        second = await redeemed(attempt, await browser.send(asked, otp=code_now()))
    assert [claims["acr"] for claims in (first, second)] == ["1fa", "2fa"]
    assert first["sid"] == second["sid"]


async def test_agents_pages_ask_for_the_second_factor_and_keep_it_through_a_refresh(browser, admin):
    user = a_user(admin, otp=True)
    await grant(user, Role.AGENT, "illzach")
    await browser.sign_in(user)
    first = await browser.http.get("/office/illzach/today")
    assert (first.status_code, first.headers["location"].partition("?")[0]) == (303, "/second-factor")
    assert (await browser.http.post("/office/illzach/requests", data={"q": "x"})).status_code == 401
    page = await browser.step_up("/office/illzach/today?a=b")
    assert (page.status_code, str(page.url).removeprefix(browser.base)) == (200, "/office/illzach/today?a=b")
    await let_pass(6, browser)
    assert (await browser.http.get("/office/illzach/today")).status_code == 200
    assert (await browser.http.get("/office/mulhouse/today")).status_code == 404
