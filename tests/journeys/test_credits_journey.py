"""Credits, plans, reminders and sellers in a real browser, on a telephone and on a desk."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import new_id
from parvis.identity.contacts import Contact
from parvis.payments import payers
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.payments.settling import Money, settle
from parvis.testing.payments import a_shop

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
LEA = Contact(Channel.MAIL, "lea.martin@example.org")


@pytest.fixture
async def till(office):
    """A till at which Léa has 12 euros in credit."""
    shop = await a_shop(emitter=office.calendar.emitter)
    await splitting.keep_rule(shop.till, Rule(3))
    [due] = await written(shop.till, "Carte de dix entrées", 3150)
    await settle(Money(shop.account, await shop.opened(due.id), 4350, clock.now()))
    return shop.till


async def written(till, label, cents, parts=1, **rest):
    to = BillTo(contact=LEA, language="fr")
    last = ledger.today() + timedelta(days=20)
    return await bills.write([Charge(till, label, "pools", cents)], to, last, new_id(), parts, **rest)


async def at_both_sizes(page, address):
    for width, height in ((360, 740), (1280, 900)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(address)
        await sound(page)


async def test_a_credit_is_deducted_seen_and_paid_out(till, office):
    agent = await office.agent("agent")
    await agent.goto(f"{office.base}/bills/new")
    await agent.select_option("#till", str(till))
    await agent.fill("#label", "Cantine, novembre")
    await agent.fill("#activity", "Cantine")
    await agent.fill("#cents", "douze")
    await agent.fill("#mail", LEA.address)
    await agent.click("button:has-text('Faire la facture')")
    await expect(agent.locator("#credit-hint")).to_contain_text("Il reste 12,00 € d’avoirs à cette régie")
    await sound(agent)
    await agent.fill("#cents", "50,00")
    await agent.click("button:has-text('Faire la facture')")
    await expect(agent.locator("main")).to_contain_text("38,00 € (après 12,00 € d’avoir)")
    await at_both_sizes(agent, f"{office.base}/bills")

    accountant = await office.agent("accountant")
    rooms = f"{office.base}/tills/{till}"
    await at_both_sizes(accountant, f"{rooms}/credits")
    await expect(accountant.locator("main")).to_contain_text("Personne n’a d’avoir ici")
    await agent.click("button:has-text('Retirer') >> nth=0")
    await at_both_sizes(accountant, f"{rooms}/credits")
    await accountant.click("text=Le verser")
    await sound(accountant)
    await accountant.fill("#reason", "Déménagement")
    await accountant.click("button:has-text('Demander')")
    await expect(accountant.locator("main")).to_contain_text("12,00")


async def test_a_payer_sees_what_is_deducted(till, office):
    [due] = await written(till, "Cantine, novembre", 5000)
    key = payers.link_key(due.basket, clock.now() + timedelta(days=1))
    page = await (await office.browser.new_context(locale="fr-FR")).new_page()
    await at_both_sizes(page, f"{office.address}/my/payments/{due.basket}?key={key}")
    await expect(page.locator("main")).to_contain_text("12,00 € d’avoir sont déjà déduits")


async def test_a_plan_is_taken_back_and_a_till_says_when_it_reminds_and_who_sells(till, office):
    await written(till, "Cours de natation", 9000, 3, use_credit=False)
    manager = await office.agent("manager")
    await at_both_sizes(manager, f"{office.base}/bills")
    await manager.click("text=Retirer toutes les échéances >> nth=0")
    await sound(manager)
    await manager.click("button:has-text('Retirer 90,00')")
    await expect(manager.locator(".notice")).to_contain_text("ne sont plus demandées")
    rooms = f"{office.base}/tills/{till}"
    await at_both_sizes(manager, f"{rooms}/reminders")
    await at_both_sizes(manager, f"{rooms}/seller")
    await manager.fill("#siret", "732 829 320 00075")
    await manager.click("button:has-text('Enregistrer le vendeur')")
    await expect(manager.locator(".errors")).to_contain_text("Ce n’est pas un SIRET")
    await sound(manager)
