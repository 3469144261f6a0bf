"""Terms of giving back in a real browser: a manager says and keeps them; a resident reads them."""

import os
from datetime import timedelta
from pathlib import Path

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
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.testing.payments import a_shop

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
SHOTS = os.environ.get("SHOTS")


async def at_both_sizes(page, name):
    for width, height in ((360, 740), (1280, 900)):
        await page.set_viewport_size({"width": width, "height": height})
        await sound(page)
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


async def test_terms_are_said_seen_kept_and_read_by_who_pays(office):
    shop = await a_shop(emitter=office.calendar.emitter)
    manager = await office.agent("manager")
    await manager.goto(f"{office.base}/tills/{shop.till}/terms")
    await at_both_sizes(manager, "blank")
    await manager.click("label:has-text('selon le moment')")
    await manager.fill("[name=steps-0-before]", "7")
    await manager.fill("[name=steps-0-share]", "50")
    await manager.fill("[name=steps-1-before]", "24")
    await manager.select_option("[name=steps-1-unit]", "hours")
    await manager.fill("[name=steps-1-share]", "100 %")
    await manager.click("button:has-text('Enregistrer ces conditions')")
    await expect(manager.locator(".errors")).to_contain_text("on ne rembourse pas davantage")
    await at_both_sizes(manager, "wrong")
    await manager.fill("[name=steps-0-share]", "100")
    await manager.fill("[name=steps-1-share]", "50")
    await manager.fill("#fee", "2,50")
    await manager.click("button:has-text('Voir ce que les payeurs liront')")
    await expect(manager.locator(".notice")).to_contain_text("27,50 €, 12,50 €, puis rien")
    await at_both_sizes(manager, "looked")
    await manager.click("button:has-text('Enregistrer ces conditions')")
    await expect(manager.locator(".notice.good")).to_be_visible()
    await manager.click("label:has-text('rien n’est remboursé')")
    await manager.fill("#since", (ledger.today() + timedelta(days=30)).isoformat())
    await manager.click("button:has-text('Enregistrer ces conditions')")
    await at_both_sizes(manager, "to-come")
    await manager.click("button:has-text('Retirer')")
    await expect(manager.locator(".notice.good")).to_contain_text("continue de s’appliquer")

    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    charge = Charge(shop.till, "Leçons de natation", "pools", 6000)
    [due] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(due.basket, clock.now() + timedelta(days=1))
    await manager.goto(f"{office.address}/my/payments/{due.basket}?key={key}")
    await expect(manager.locator("main")).to_contain_text("remboursement de 50 %")
    await at_both_sizes(manager, "resident")
