"""A tariff typed by keyboard in a real browser, mended, published and tried; a bill by it, and what its payer reads."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.core.payments.tariff_examples import swimming
from tests.journeys.agents import sound

from parvis import clock
from parvis.db import transaction
from parvis.payments import dues, payers
from parvis.payments.books import ledger
from parvis.payments.invoices import bills
from parvis.payments.tariffs import catalogue, quotes, typed_grids
from parvis.payments.tariffs.drafts import begin
from parvis.payments.tariffs.pricing import Ask
from parvis.testing.payments import a_till

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


async def narrow_and_wide(page):
    """The page as it stands, at 360 and at 1280 px."""
    await sound(page)
    await page.set_viewport_size({"width": 360, "height": 800})
    await sound(page)
    await page.set_viewport_size({"width": 1280, "height": 900})


async def test_a_tariff_is_typed_mended_published_and_tried(office):
    manager = await office.agent("manager")
    await manager.goto(f"{office.base}/tariffs")
    await narrow_and_wide(manager)
    await manager.click("main >> text=Nouveau tarif")
    await narrow_and_wide(manager)
    await manager.fill("#name", "Piscine")
    await manager.keyboard.press("Enter")
    await manager.fill("#axes-0-name", "âge")
    await manager.select_option("#axes-0-kind", "int")
    await manager.fill("#axes-0-parts", "..6\n8..18\n18..")
    await manager.click("text=Conserver le brouillon >> nth=0")
    await expect(manager.locator(".notice", has_text="6..8").first).to_be_visible()
    await expect(manager.locator("td.hole", has_text="Aucune ligne")).to_have_count(1)
    await narrow_and_wide(manager)
    await manager.fill("#axes-0-parts", "..6\n6..18\n18..")
    await manager.keyboard.press("Tab")
    await manager.click("text=Conserver le brouillon >> nth=0")
    await manager.focus("#cell-0")
    for price in ("2", "3,50", "douze"):
        await manager.keyboard.type(price)
        await manager.keyboard.press("Tab")
    await manager.focus("#cell-2")
    await manager.keyboard.press("Enter")
    await expect(manager.locator("#cell-2-error")).to_contain_text("douze")
    await manager.fill("#cell-2", "5,00")
    await manager.click("text=Conserver, et voir ce que cela change")
    await narrow_and_wide(manager)
    await manager.click("text=Publier")
    await expect(manager.locator(".notice.good")).to_contain_text("publié")
    await narrow_and_wide(manager)
    await manager.click("text=Essayer un prix")
    await narrow_and_wide(manager)
    await manager.fill("#value-0", "17")
    await manager.keyboard.press("Enter")
    await expect(manager.locator(".notice.good")).to_contain_text("3,50")
    await narrow_and_wide(manager)


async def test_a_draft_is_tried_on_what_was_asked(office):
    emitter = office.calendar.emitter
    await catalogue.save(emitter, "lessons", [swimming()], name="Leçons")
    tariff = await catalogue.tariff_of(emitter, "lessons")
    month = ledger.today().replace(day=1)
    async with transaction() as c:
        asks = [(tariff.id, Ask({"zone": "town", "age": age, "quotient": 400}), month) for age in range(3, 40)]
        await quotes.keep_asks(c, asks)
    later = swimming(valid_from=ledger.today() + timedelta(days=30), cap=900)
    await begin(emitter, "lessons", typed_grids.of_grid(later, "Leçons"), None)
    manager = await office.agent("manager")
    for path in ("", "/draft", "/draft/check", "/import"):
        await manager.goto(f"{office.base}/tariffs/lessons{path}")
        await narrow_and_wide(manager)
    await manager.goto(f"{office.base}/tariffs/lessons/draft/check")
    async with manager.expect_download() as sheet:
        await manager.click("text=Ce tableau (CSV)")
    assert (await sheet.value).suggested_filename == "simulation-lessons.csv"


async def test_a_bill_is_priced_and_its_payer_sees_how(office):
    emitter = office.calendar.emitter
    till = await a_till(emitter=emitter)
    await catalogue.save(emitter, "lessons", [swimming()], name="Leçons de natation")
    agent = await office.agent("agent")
    await agent.goto(f"{office.base}/bills/new")
    await agent.select_option("#tariff", "lessons")
    await agent.click("text=Choisir")
    await narrow_and_wide(agent)
    await agent.select_option("#value-0", "town")
    await agent.fill("#value-1", "7")
    await agent.fill("#value-2", "400")
    await agent.fill("#rank", "2")
    await agent.keyboard.press("Enter")
    await expect(agent.locator(".notice.good")).to_contain_text("8,40")
    await narrow_and_wide(agent)
    await agent.fill("#mail", "lea.martin@example.org")
    await agent.click("button:has-text('Faire la facture')")
    await expect(agent.locator(".notice.good")).to_be_visible()
    [due] = await dues.dues_at(till, bills.PURPOSE)
    key = payers.link_key(due.basket, clock.now() + timedelta(days=1))
    context = await office.browser.new_context(locale="fr-FR", viewport={"width": 360, "height": 740})
    payer = await context.new_page()
    await payer.goto(f"{office.address}/my/payments/{due.basket}?key={key}")
    await payer.click("summary:has-text('Leçons de natation')")
    await expect(payer.locator("main")).to_contain_text("Age\u00a0: de 6 à 17")
    await sound(payer)
