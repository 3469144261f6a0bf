"""The second factor on a real Keycloak: a key in a real browser, a code app, or what an emitter takes instead."""

import asyncio
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import pytest
from playwright.async_api import expect
from tests.chromium import emptied
from tests.keycloak.browsing import PASSWORD, Browser, a_user, code_now
from tests.keycloak.conftest import made
from tests.keycloak.realms import admin_of
from tests.keycloak.serving import serve

from parvis import settings
from parvis.contract.values import Role
from parvis.db import connection
from parvis.identity import actions, contacts, factors
from parvis.identity.keycloak.access import realm_of
from parvis.identity.keycloak.files import KeycloakFile, RealmEntry
from parvis.territory import queries

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]
# A key on the USB that is touched as soon as it is asked for.
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "automaticPresenceSimulation": True,
}
TODAY = "/office/illzach/today"
SETS_UP_A_KEY, SETS_UP_AN_APP = 'id="registerWebAuthn"', 'id="kc-totp-settings-form"'
SHOWS_A_KEY, TYPES_A_CODE = 'id="authenticateWebAuthnButton"', 'id="kc-otp-login-form"'


@pytest.fixture(scope="session")
def keys(keycloak, provisioned):
    """A portal at a realm of its own where newcomers set up a key."""
    return made(keycloak, provisioned, KeycloakFile(first_factor="key", realm=RealmEntry(own=True)))


async def an_agent(keycloak, given, *roles, otp=False):
    """Somebody with roles at Illzach (an agent, unless said otherwise)."""
    user = await asyncio.to_thread(a_user, admin_of(keycloak, given), otp=otp)
    person = await actions.ensure_person(given.oidc_issuer, user.id, name="Sophie Keller")
    emitter = (await queries.emitter_by_slug("illzach")).id
    for role in roles or (Role.AGENT,):
        await actions.grant(person, role, emitter)
    await factors.give_address(emitter, person, "sophie.keller@illzach.example", None)
    return user


async def levels(user):
    """What the portal's sessions of somebody have reached."""
    sql = "SELECT acr FROM parvis.session JOIN parvis.person ON person.id = session.person WHERE subject = $1"
    async with connection() as c:
        return {row["acr"] for row in await c.fetch(sql, user.id)}


async def asked(browser, wanted=TODAY):
    """Keycloak's page of somebody who is in by a password and opens a page of the back office."""
    page = await browser.http.get(wanted)
    while page.is_redirect and "/protocol/openid-connect/" not in page.headers["location"]:
        page = await browser.http.get(page.headers["location"])
    page = await browser.http.get(page.headers["location"])
    while page.is_redirect:
        page = await browser.http.get(page.headers["location"])
    return page


def account(given, client="account-console", **more):
    """Where Keycloak's own pages send whoever comes to them."""
    page = "/admin/{}/console/" if client != "account-console" else "/realms/{}/account/"
    server, realm = realm_of(given.oidc_issuer)
    asked = {
        "client_id": client,
        "redirect_uri": server + page.format(realm),
        "response_type": "code",
        "scope": "openid",
        "code_challenge_method": "S256",
        "code_challenge": "x" * 43,
        **more,
    }
    return f"{given.oidc_issuer}/protocol/openid-connect/auth?{urlencode(asked)}"


async def at_the_account(browser, *where, **more):
    """Keycloak's answer to whoever is in by a password and goes on to its own pages."""
    found = await browser.http.get(account(*where, **more))
    while found.is_redirect and "code=" not in found.headers["location"]:
        found = await browser.http.get(found.headers["location"])
    return found


async def in_by_password(site, user):
    """A browser of their own."""
    found = Browser(site.base)
    await found.sign_in(user)
    return found


async def test_an_agent_sets_up_a_key_and_signs_in_with_it(keycloak, keys, database, browser):
    async with serve(keys) as site:
        user = await an_agent(keycloak, keys)
        page = await browser.new_page(locale="fr-FR")
        await with_a_key(page)
        await to_the_second_factor(page, site, user)
        await touched(page, "#registerWebAuthn")
        await page.wait_for_url(site.base + TODAY)
        assert await levels(user) == {"2fa"}
        await signed_out(page, site)

        await to_the_second_factor(page, site, user)
        await touched(page, "#authenticateWebAuthnButton")
        await page.wait_for_url(site.base + TODAY)
        assert await levels(user) == {"2fa"}
        await emptied(browser)

        kept = await asyncio.to_thread(admin_of(keycloak, keys).get_credentials, user.id)
        assert sorted(one["type"] for one in kept) == ["password", "webauthn"]
        await nobody_sets_up_another_without_it(site, keys, user)


async def test_whoever_has_both_may_choose(keycloak, keys, database, browser):
    async with serve(keys) as site:
        user = await an_agent(keycloak, keys, otp=True)
        page = await browser.new_page(locale="fr-FR")
        await with_a_key(page)
        await to_the_second_factor(page, site, user)
        await page.fill("#otp", code_now())
        await page.click("#kc-login")
        await page.wait_for_url(site.base + TODAY)
        await page.goto(account(keys, kc_action="webauthn-register"))
        await touched(page, "#registerWebAuthn")
        await page.wait_for_url("**/account/**")
        await signed_out(page, site)

        await to_the_second_factor(page, site, user)
        await page.click("#try-another-way")
        ways = page.locator("#kc-select-credential-form + [role=button]")
        await expect(ways).to_have_count(2)
        await ways.nth(1).click()
        await touched(page, "#authenticateWebAuthnButton")
        await page.wait_for_url(site.base + TODAY)
        await emptied(browser)


async def with_a_key(page):
    """Put a key into the computer; whoever registers one gives it the name that is proposed."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.on("dialog", lambda dialog: dialog.accept(dialog.default_value))


async def to_the_second_factor(page, site, user):
    await page.goto(site.base + TODAY)
    await page.fill("#username", user.name)
    await page.fill("#password", PASSWORD)
    await page.click("#kc-login")


async def touched(page, button):
    """Press a button of Keycloak's that asks for the key. Before the page's script has come it does nothing."""
    await page.wait_for_selector(button)
    await page.wait_for_load_state("load")
    await page.click(button)


async def signed_out(page, site):
    await page.goto(f"{site.base}/account")
    await page.click("main form[action='/logout'] button")
    await page.wait_for_url(f"{site.base}/signed-out")


async def nobody_sets_up_another_without_it(site, given, user):
    """Whoever has the password alone is asked for the key, however often it fails."""
    thief = await in_by_password(site, user)
    page = await asked(thief)
    assert SHOWS_A_KEY in page.text
    failed = await thief.send(page, clientDataJSON="", signature="")
    again = await asked(thief)
    for shown in (failed.text, again.text):
        assert SETS_UP_A_KEY not in shown
        assert SETS_UP_AN_APP not in shown
    assert SHOWS_A_KEY in again.text
    assert (await thief.http.get(TODAY)).status_code == 303
    for action in ("webauthn-register", "CONFIGURE_TOTP"):
        assert SHOWS_A_KEY in (await at_the_account(thief, given, kc_action=action)).text
    assert SHOWS_A_KEY in (await at_the_account(thief, given, "security-admin-console")).text


async def test_a_code_app_still_does_where_newcomers_set_up_a_key(keycloak, keys, database):
    async with serve(keys) as site:
        browser = await in_by_password(site, await an_agent(keycloak, keys, otp=True))
        assert TYPES_A_CODE in (await asked(browser)).text
        assert (await browser.step_up(TODAY)).status_code == 200


@pytest.mark.parametrize(("realm", "sets_up"), [("keys", SETS_UP_A_KEY), ("provisioned", SETS_UP_AN_APP)])
async def test_whoever_has_neither_sets_one_up_first(keycloak, database, request, realm, sets_up):
    given = request.getfixturevalue(realm)
    async with serve(given) as site:
        user = await an_agent(keycloak, given)
        browser = await in_by_password(site, user)
        assert sets_up in (await asked(browser)).text
        assert (await browser.http.get(TODAY)).status_code == 303
        assert await levels(user) == {"1fa"}


async def test_newcomers_may_choose_in_their_account_at_keycloak(keycloak, keys, database):
    async with serve(keys) as site:
        browser = await in_by_password(site, await an_agent(keycloak, keys))
        for action, sets_up in (("webauthn-register", SETS_UP_A_KEY), ("CONFIGURE_TOTP", SETS_UP_AN_APP)):
            assert sets_up in (await at_the_account(browser, keys, kc_action=action)).text


async def test_what_the_manager_chose_is_what_an_agent_is_asked_for(keycloak, provisioned, database):
    async with serve(provisioned) as site:
        boss = await in_by_password(site, await an_agent(keycloak, provisioned, Role.MANAGER, otp=True))
        assert (await boss.step_up(TODAY)).status_code == 200
        agent = await in_by_password(site, await an_agent(keycloak, provisioned, otp=True))
        assert TYPES_A_CODE in (await asked(agent)).text

        await chosen(boss, "mail")
        assert await opens_by_mail(agent)
        await chosen(boss, "key")
        assert TYPES_A_CODE in (await asked(agent)).text
        assert (await agent.step_up(TODAY)).status_code == 200


async def chosen(boss, kind):
    """The manager's own choice, in the back office."""
    answer = await boss.http.post("/office/illzach/people/second-factor", data={"kind": kind})
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/illzach/people/second-factor?said=chosen")


async def opens_by_mail(agent):
    """An agent is led to the page that mails a code, types it, and is in without a word to Keycloak."""
    choice = await agent.http.get((await agent.http.get(TODAY)).headers["location"])
    assert "/login/second-factor" in choice.text
    assert "s…@illzach.example" in choice.text
    told = {"emitter": "illzach", "after": TODAY}
    sent = await agent.http.post("/second-factor", data=told)
    proof = dict(parse_qsl(urlsplit(sent.headers["location"]).query))["proof"]
    code = (await contacts.code_to_send(UUID(proof))).code
    back = await agent.http.post("/second-factor/code", data={**told, "proof": proof, "code": code})
    assert back.headers["location"] == TODAY
    return (await agent.http.get(TODAY)).status_code == 200


async def test_a_mailed_code_counts_only_where_it_was_chosen(keycloak, provisioned, database):
    async with serve(provisioned) as site:
        user = await an_agent(keycloak, provisioned)
        person = await actions.ensure_person(settings.current().oidc_issuer, user.id, name="Sophie Keller")
        await actions.grant(person, Role.AGENT, (await queries.emitter_by_slug("mulhouse")).id)
        await factors.choose((await queries.emitter_by_slug("illzach")).id, True, None)
        agent = await in_by_password(site, user)
        assert await opens_by_mail(agent)
        assert SETS_UP_AN_APP in (await asked(agent, "/office/mulhouse/today")).text
