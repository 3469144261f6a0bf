"""A contract from both sides in real browsers: proposed, sent back, published, suspended; loans and files of places."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.territory import actions, queries
from parvis.territory.publishing.actions import add_contract
from parvis.testing.people import a_person, a_session

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def holders_page(office, holder):
    opened = await office.browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    person = await a_person("manager", holder, name="Isabelle")
    [(key, value)] = (await a_session(person)).items()
    await opened.add_cookies([{"name": key, "value": value, "url": office.address}])
    page = await opened.new_page()
    page.set_default_timeout(20_000)
    return page


async def test_a_holder_proposes_and_the_authority_reviews(office):
    holder = await actions.add_emitter("soleo", "Soléo", "contract-holder", latitude=47.7, longitude=7.3)
    for emitter in (office.calendar.emitter, holder):
        await actions.enable_plugin(emitter, "idcard")
    ours = await office.agent(role="manager")
    await ours.goto(f"{office.base}/contracts")
    await sound(ours)
    await ours.goto(f"{office.base}/contracts/new")
    await ours.click("main form .actions button, main form button.main")
    await expect(ours.locator("#errors")).to_be_visible()
    await sound(ours)
    today = queries.today()
    contract = await add_contract(
        office.calendar.emitter, holder, "Accueil", ["idcard"], [office.calendar.place], today, today + timedelta(90)
    )

    theirs = await holders_page(office, holder)
    await theirs.goto(f"{office.address}/office/soleo/contracts/{contract}/idcard")
    await sound(theirs)
    await theirs.click("main .empty a")
    await sound(theirs)
    await theirs.click("main button[name=submit]")
    await expect(theirs.locator("#errors")).to_be_visible()
    await sound(theirs)
    await theirs.fill("#about-fr", "Sur rendez-vous")
    await theirs.click("main button[name=submit]")
    await expect(theirs.locator("main")).to_contain_text("en relecture")
    await sound(theirs)

    await ours.goto(f"{office.base}/contracts/{contract}/idcard")
    await expect(ours.locator("nav.side [aria-current=page]")).to_contain_text("1")
    await sound(ours)
    await ours.click("button[value=send-back]")
    await expect(ours.locator("#errors")).to_be_visible()
    await sound(ours)
    await ours.fill("#comment", "Ajoutez les horaires")
    await ours.click("button[value=send-back]")
    await expect(ours.locator("main")).to_contain_text("Ajoutez les horaires")

    await theirs.goto(f"{office.address}/office/soleo/contracts/{contract}/idcard/proposal")
    await theirs.fill("#about-fr", "Sur rendez-vous, de 9 h à 12 h")
    await theirs.click("main button[name=submit]")
    await ours.reload()
    await expect(ours.locator("main table")).to_contain_text("de 9 h à 12 h")
    await ours.click("button[value=publish]")
    await expect(ours.locator(".notice.good")).to_be_visible()
    await sound(ours)
    await ours.fill("textarea[name=comment] >> nth=0", "Travaux")
    await ours.click("button[value=suspend]")
    await expect(ours.locator(".notice.warn")).to_contain_text("suspendu")
    await sound(ours)
    await theirs.goto(f"{office.address}/e/soleo")
    await expect(theirs.locator("main")).to_contain_text(re.compile("suspendu pour le moment"))
    await sound(theirs)


async def test_a_calendar_is_lent_and_a_file_read_on_a_narrow_screen_without_scripts(office):
    page = await office.agent(role="manager", java_script_enabled=False, viewport={"width": 360, "height": 740})
    for path in ("contracts", "contracts/new", "lending", "places"):
        await page.goto(f"{office.base}/{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.goto(f"{office.base}/lending")
    await page.select_option("#calendar", str(office.calendar.id))
    await page.select_option("#delegate", "m2a")
    await page.click("main form .actions button")
    await expect(page.locator(".notice.good")).to_be_visible()
    await page.click("main button.danger")
    await expect(page.locator(".notice.good")).to_contain_text("Le prêt est terminé")

    await page.goto(f"{office.base}/places")
    async with page.expect_download() as got:
        await page.click("a[href$='/export']")
    await page.set_input_files("#file", await (await got.value).path())
    await page.click("main form button")
    await expect(page.locator("main")).to_contain_text("Tout est déjà comme le dit le fichier")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_the_pages_of_loans_and_places_are_sound(office):
    page = await office.agent(role="manager")
    for path in ("lending", "places"):
        await page.goto(f"{office.base}/{path}")
        await sound(page)
