"""In a real browser: a family is kept, a proxy asked by mail, acts, is seen and revoked; two accounts become one."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.looking import Examiner

from parvis import clock
from parvis.db import connection
from parvis.identity import actions as identity
from parvis.messages.sealing import unseal
from parvis.testing.people import a_person, a_session

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def sound(page):
    assert await Examiner(page).faults() == [], page.url


class Visitor:
    """Somebody signed in, in a window of their own; each page they come to is looked at."""

    def __init__(self, page, portal):
        self.page, self.portal = page, portal

    async def opens(self, path):
        await self.page.goto(path if path.startswith("http") else self.portal + path)
        await sound(self.page)

    async def clicks(self, selector):
        async with self.page.expect_navigation():
            await self.page.click(selector)
        await sound(self.page)

    async def sees(self, text):
        await expect(self.page.locator("body")).to_contain_text(text)


async def a_visitor(browser, portal, person, **context):
    usual = {"locale": "fr-FR", "viewport": {"width": 1280, "height": 900}}
    opened = await browser.new_context(**usual | context)
    [(name, value)] = (await a_session(person)).items()
    await opened.add_cookies([{"name": name, "value": value, "url": portal}])
    return Visitor(await opened.new_page(), portal)


async def the_link():
    async with connection() as c:
        return unseal(
            await c.fetchval("SELECT sealed FROM parvis.message WHERE template = 'messages/mandate'")
        ).context["link"]


async def asks(yvonne):
    page = yvonne.page
    await yvonne.opens("/account")
    await yvonne.clicks("main a[href='/account/proxies']")
    await yvonne.clicks("main a[href$='/invite']")
    await yvonne.clicks("main form.question button")
    await expect(page.locator("#errors")).to_be_visible()
    await page.fill("#address", "nora@example.org")
    await page.click("label:has-text('Aidants Connect')")
    await page.fill("#until", (clock.now() + timedelta(days=90)).date().isoformat())
    await yvonne.clicks("main form.question button")
    await yvonne.sees("en route")


async def keeps_a_family(yvonne):
    page = yvonne.page
    await yvonne.opens("/account/family")
    for name, typed in {"given": "Tom", "family": "Schmitt", "born": "4"}.items():
        await page.fill(f"#{name}", typed)
    await page.fill("#born-month", "1")
    await page.fill("#born-year", "2015")
    await page.select_option("#kin", "child")
    await yvonne.clicks("main form.question button")
    await yvonne.clicks("main ul.cards a")
    await yvonne.opens("/e/m2a/idcard/hours?what=collection&people=1")
    await yvonne.clicks("button[name=slot] >> nth=0")
    await page.click("label:has-text('Tom Schmitt')")
    await yvonne.clicks("button[formaction$='/family']")
    assert await page.input_value("#applicants-0-given") == "Tom"


async def books(nora):
    page = nora.page
    await nora.opens("/e/m2a/idcard/hours?what=collection&people=1")
    await nora.clicks("button[name=slot] >> nth=1")
    await page.fill("#applicants-0-given", "Yvonne")
    await page.fill("#applicants-0-family", "Schmitt")
    await page.click("label[for='applicants-0-age']")
    await page.fill("#email", "nora@example.org")
    await nora.clicks("main form.question button.main")
    await nora.clicks("main form.question button.main")
    await nora.sees("Nora Keller, qui agit pour")


async def test_a_proxy_is_asked_acts_is_seen_and_ends(portal, browser):
    yvonne = await a_person(name="Yvonne Schmitt")
    nora = await identity.ensure_person("https://sign-on.example", "nora", name="Nora Keller", email="nora@example.org")
    operator = await a_person("operator", name="Otto")
    hers = await a_visitor(browser, portal, yvonne)
    await keeps_a_family(hers)
    await asks(hers)
    theirs = await a_visitor(browser, portal, nora, java_script_enabled=True, viewport={"width": 360, "height": 740})
    await theirs.opens(await the_link())
    await theirs.clicks("main form button")
    await theirs.clicks("main form[action$='/act'] button")
    await theirs.sees("Vous agissez pour Yvonne Schmitt")
    await books(theirs)
    await theirs.opens("/my/requests")
    await theirs.page.goto(f"{portal}/account")
    await theirs.sees("Ce n’est pas possible pendant que vous agissez")

    await hers.opens("/my/requests")
    await hers.clicks("main ul.cards a")
    await hers.sees("Nora Keller, qui agit pour vous · Conseiller numérique")
    await hers.clicks("#readers ~ ul form button")
    await hers.sees("Vous avez demandé qui c’était")
    await hers.opens("/account/proxies")
    await hers.clicks("main li a[href^='/account/proxies/']")
    await hers.sees("Rendez-vous pris")
    await hers.clicks("button.danger")
    await theirs.opens("/my/requests")
    await theirs.sees("le mandat est terminé")
    await theirs.clicks(".acting-for button")
    await expect(theirs.page.locator(".acting-for")).to_have_count(0)

    otto = await a_visitor(browser, portal, operator)
    await otto.opens("/operator/accounts")
    await otto.page.fill("#one", str(yvonne))
    await otto.page.fill("#other", str(nora))
    await otto.clicks("main form.question button")
    await otto.page.click("label[for=keep]")
    await otto.page.fill("#reason", "Vue au guichet avec ses deux identités")
    await otto.page.click("label[for=sure]")
    await otto.clicks("main form.question button")
    await otto.clicks("main table form button")
    await otto.sees("Ce sont de nouveau deux comptes")
