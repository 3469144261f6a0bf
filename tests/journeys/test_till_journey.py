"""The counter in a real browser: an act, a session, a bill taken with its change and taken back; counted, closed."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis.contract.values import Channel
from parvis.db import new_id
from parvis.identity.contacts import Contact
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
NARROW = {"width": 360, "height": 740}


@pytest.fixture
async def till(office):
    """A till that asks for two amounts."""
    found = await ledger.open_till(office.calendar.emitter, "pools", "Régie des piscines", mentions="1 rue X\nSIRET 1")
    for name, cents in (("Carte de dix entrées", 3150), ("Cours d’aquagym, trimestre", 8900)):
        to = BillTo(contact=Contact(Channel.MAIL, "lea.martin@example.org"), language="fr")
        charge = Charge(found, name, "piscines", cents)
        await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    return found


async def opened(page, address):
    await page.goto(address)
    await sound(page)
    return page


async def test_a_day_at_the_counter(office, till):
    manager = await office.agent("manager", viewport=NARROW)
    await opened(manager, f"{office.base}/tills/{till}/act")
    await manager.fill("#reference", "n° 2027-12 du 4/1/2027")
    for way in ("Espèces", "Chèque", "Chèques-Vacances"):
        await manager.locator("label", has_text=re.compile(way)).first.click()
    await manager.fill("#products", "Piscines")
    await manager.click("text=Garder l’acte")
    await expect(manager.locator(".notice.good")).to_be_visible()
    await sound(manager)

    taker = await office.agent("accountant")
    await opened(taker, f"{office.base}/counter/{till}")
    await taker.fill("#drawer", "50")
    await taker.click("text=Ouvrir ma session")
    await sound(taker)
    await taker.click("text=Encaisser 31,50")
    await taker.fill("#cash", "40")
    await expect(taker.locator("[data-due]")).to_contain_text("Rendez 8,50")
    await sound(taker)
    await taker.set_viewport_size(NARROW)
    await sound(taker)
    await taker.click("button:has-text('Encaisser')")
    await expect(taker.locator(".notice.good")).to_contain_text("Rendez 8,50")
    await sound(taker)
    async with taker.expect_download() as downloaded:
        await taker.click("text=Reçu (PDF)")
    assert re.fullmatch(r"recu-\d{4}-000001\.pdf", (await downloaded.value).suggested_filename)
    await taker.click("summary:has-text('Reprendre')")
    await taker.fill("#reason", "Facture d’une autre personne")
    await sound(taker)
    await taker.click("button:has-text('Reprendre')")
    await expect(taker.locator(".notice.warn")).to_contain_text("Ce reçu est nul")
    await sound(taker)

    await opened(taker, f"{office.base}/counter/{till}")
    await taker.click("text=Encaisser 31,50")
    await taker.fill("#cash", "31,50")
    await taker.click("button:has-text('Encaisser')")
    await opened(taker, f"{office.base}/counter/{till}/close")
    await taker.fill("#n5000", "1")
    await taker.fill("#n2000", "1")
    await expect(taker.locator("[data-counted]")).to_have_text(re.compile("70,00"))
    await taker.click("button:has-text('Fermer la session')")
    await expect(taker.locator(".errors")).to_contain_text("11,50")
    await sound(taker)
    await taker.fill("#n1000", "1")
    await taker.fill("#n100", "1")
    await taker.fill("#n50", "1")
    await taker.click("button:has-text('Fermer la session')")
    await expect(taker.locator(".notice.good")).to_contain_text("La session est fermée")
    await sound(taker)
    await taker.set_viewport_size({"width": 1280, "height": 900})
    for room in ("sessions", "handing-over", "sessions/1"):
        await opened(taker, f"{office.base}/tills/{till}/{room}")


async def test_counting_adds_up_without_scripts(office, till):
    taker = await office.agent("accountant", java_script_enabled=False)
    from parvis.testing.payments import a_drawer

    await a_drawer(till)
    await taker.goto(f"{office.base}/counter/{till}")
    await taker.fill("#drawer", "50")
    await taker.click("text=Ouvrir ma session")
    await taker.goto(f"{office.base}/counter/{till}/close")
    await taker.fill("#n2000", "2")
    await taker.click("text=Additionner")
    await expect(taker.locator("[data-counted]")).to_have_text(re.compile("40,00"))
    await expect(taker.locator("dl.answers")).to_contain_text("50,00")
    await expect(taker.locator("#n2000")).to_have_value("2")
