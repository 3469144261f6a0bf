"""In and out in a real browser: Keycloak's pages in the language of the portal's, and the way back from there."""

import pytest
from tests.chromium import emptied
from tests.keycloak.browsing import PASSWORD, a_user
from tests.keycloak.realms import admin_of
from tests.keycloak.serving import serve

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]


async def test_somebody_signs_in_and_out(keycloak, provisioned, database, browser):
    user = a_user(admin_of(keycloak, provisioned))
    async with serve(provisioned) as site:
        page = await browser.new_page(locale="de-DE")
        await page.goto(f"{site.base}/account")
        assert await page.locator("html").get_attribute("lang") == "de"
        await page.fill("#username", user.name)
        await page.fill("#password", PASSWORD)
        await page.click("#kc-login")
        await page.wait_for_url(f"{site.base}/account")
        await page.click("main form[action='/logout'] button")
        await page.wait_for_url(f"{site.base}/signed-out")
        await page.goto(f"{site.base}/account")
        assert await page.locator("#password").is_visible()
        await emptied(browser)
