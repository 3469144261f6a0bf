"""Signing in, one's account, the choice of an emitter and signing out, in a real browser with and without scripts."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from litestar import Litestar
from tests.journeys.looking import violations

from parvis import settings
from parvis.contract.values import Role
from parvis.identity import actions
from parvis.identity.composition import Identity
from parvis.territory import actions as territory
from parvis.testing.sign_on import free_socket, portal, sign_on
from parvis.web.site import Site

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest_asyncio.fixture
async def issuing(database):
    listening, address = free_socket()
    given = replace(settings.current(), port=urlsplit(address).port, oidc_client_secret="s")
    async with sign_on(given) as found:
        settings.use(replace(given, oidc_issuer=found.issuer))
        app = Litestar(plugins=[Site(settings.current()), Identity(settings.current(), [])])
        person = await actions.ensure_person(found.issuer, "agent-illzach")
        for slug, name in (("illzach", "Illzach"), ("mulhouse", "Mulhouse")):
            emitter = await territory.add_emitter(slug, name, "municipality", latitude=47.7, longitude=7.3)
            await actions.grant(person, Role.AGENT, emitter)
        async with portal(app, listening):
            yield found


async def faults(page, width):
    sideways = await page.evaluate("document.documentElement.scrollWidth") > width
    return await violations(page) + (["sideways"] if sideways else [])


@pytest.mark.parametrize(
    ("width", "scheme", "lang", "scripts"),
    [(360, "light", "fr-FR", True), (1280, "dark", "de-DE", True), (360, "dark", "en-GB", False)],
)
async def test_in_out_and_everything_between(issuing, browser, width, scheme, lang, scripts):
    base = settings.current().base_url
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=lang, java_script_enabled=scripts
    )
    page = await context.new_page()

    async def sound():
        if scripts:
            assert (page.url, await faults(page, width)) == (page.url, [])

    await page.goto(f"{base}/contact?next=/account")
    await sound()
    await page.goto(f"{base}/account")
    assert page.url.startswith(issuing.issuer)
    await sound()
    await page.click("button[value=agent-illzach]")
    await page.wait_for_url(f"{base}/account")
    await sound()
    await page.goto(f"{base}/office")
    assert await page.locator("a[href='/office/mulhouse']").count() == 1
    await sound()
    await page.goto(f"{base}/account")
    await page.click("main form[action='/logout'] button")
    await page.wait_for_url(f"{base}/signed-out")
    await sound()
    assert issuing.sessions("agent-illzach") == []
    assert [cookie["name"] for cookie in await context.cookies() if cookie["value"]] == []
    await page.goto(f"{base}/login/callback?state=abcdefghijklmn")
    await sound()
