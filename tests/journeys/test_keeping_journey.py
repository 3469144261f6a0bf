"""An accountant's week in a real browser: money arrives and is handed over, limits, the journal, bills passed on."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import new_id
from parvis.identity.contacts import Contact
from parvis.payments.books import closings, ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.testing.payments import a_shop

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
ROOMS = ("", "/arrivals", "/handing-over", "/journal", "/unpaid", "/closings")


@pytest.fixture
async def shop(office):
    """A till that collected, whose bills are late, whose day is closed."""
    found = await a_shop(emitter=office.calendar.emitter)
    for name, cents in (("Carte de dix entrées", 3150), ("Cours d’aquagym, trimestre", 8900)):
        to = BillTo(contact=Contact(Channel.MAIL, "lea.martin@example.org"), language="fr")
        await bills.write([Charge(found.till, name, "pools", cents)], to, ledger.today() + timedelta(days=2), new_id())
    for cents in (6000, 123450):
        await found.paid(cents)
    await closings.close(found.till, ledger.today())
    clock.move(timedelta(days=40))
    return found


async def test_an_accountants_week(office, shop):
    base = f"{office.base}/tills/{shop.till}"
    manager = await office.agent("manager", viewport=NARROW)
    await manager.goto(f"{base}/limits")
    await sound(manager)
    await manager.fill("#cash_most", "300")
    await manager.fill("#held_most", "1 000")
    await manager.click("text=Enregistrer les plafonds")
    await expect(manager.locator(".notice.good")).to_be_visible()

    keeper = await office.agent("accountant", viewport=WIDE)
    await keeper.goto(f"{base}/arrivals")
    await keeper.fill("#cents", "1 294,00")
    await keeper.fill("#fees", "0,50")
    await keeper.fill("#ref", "VIR 118")
    await keeper.click("button:has-text('Inscrire')")
    await expect(keeper.locator(".notice.good")).to_be_visible()
    await keeper.goto(f"{base}/handing-over")
    await expect(keeper.locator(".notice.warn").first).to_contain_text("1 294,00")
    await keeper.click("label:has-text('Banque')")
    await keeper.fill("#cents", "1200")
    await keeper.fill("#slip", "B 7")
    await keeper.click("button:has-text('Inscrire')")
    async with keeper.expect_download():
        await keeper.click("text=Bordereau B 7 (PDF)")

    await keeper.goto(f"{base}/unpaid")
    await keeper.locator("label[for^=give-]").first.click()
    await keeper.fill("#ref", "2027-3")
    await keeper.click("button:has-text('Transmettre')")
    await expect(keeper.locator(".notice.good")).to_contain_text("comptable public")
    await sound(keeper)
    for room in ROOMS:
        for size in (WIDE, NARROW):
            await keeper.set_viewport_size(size)
            await keeper.goto(base + room)
            await sound(keeper)
    async with keeper.expect_download():
        await keeper.goto(f"{base}/journal?closing=1")
        await keeper.click("text=En tableau (CSV)")
