"""A second factor in a real browser: a manager lets codes count, an agent types one, the station is taken back."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.db import connection, transaction
from parvis.identity import contacts, factors

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def the_code():
    async with connection() as c:
        proof = await c.fetchval("SELECT id FROM parvis.contact_proof ORDER BY asked_at DESC LIMIT 1")
    return (await contacts.code_to_send(proof)).code


async def test_a_code_opens_the_office_on_a_station_that_the_manager_takes_back(office):
    page = await office.agent(role="manager")
    await page.click("nav.side a[href$='/people']")
    await page.click(".tools a[href$='/second-factor']")
    await sound(page)
    await page.click("label[for=kind-2]")
    await page.click("main form button")
    await expect(page.locator(".notice")).to_contain_text("aussitôt")
    await sound(page)

    narrow = {"java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
    theirs = await office.agent(**narrow)
    async with transaction() as c:
        sql = "UPDATE parvis.session SET acr = '1fa' WHERE person <> $1 RETURNING person"
        [row] = await c.fetch(sql, await c.fetchval("SELECT person FROM parvis.role_grant WHERE role = 'manager'"))
    await theirs.goto(f"{office.base}/today")
    await expect(theirs.locator("main")).to_contain_text("Aucune adresse professionnelle")
    await factors.give_address(office.calendar.emitter, row["person"], "agnes@illzach.example", None)
    await theirs.reload()
    await theirs.click("main form button")
    await theirs.fill("#code", await the_code())
    await theirs.click("label[for=remember]")
    await theirs.click("main form button")
    await expect(theirs.locator("#errors")).to_be_visible()
    assert await theirs.evaluate("document.documentElement.scrollWidth") <= 360
    await theirs.fill("#station", "Guichet 2")
    await theirs.click("main form button")
    await theirs.wait_for_url(f"{office.base}/today")

    await page.reload()
    await expect(page.locator("main")).to_contain_text("Guichet 2")
    await sound(page)
    await page.click("button:has-text('Ne plus')")
    await theirs.reload()
    await expect(theirs.locator("h1")).to_contain_text("Confirmez")
