"""A contract holder's bill in a real browser, paid at the simulated Stripe: at once, after a refusal, after going away,
and told late and twice."""

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound
from tests.paying import services_here

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.identity.contacts import Contact
from parvis.payments import payers
from parvis.payments.accounts import add_account, keep_details
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.territory import actions as territory
from parvis.testing.payments import a_seller

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
simulated = pytest.importorskip("parvis_payments.simulator.stripe")
faults = pytest.importorskip("parvis_payments.simulator.faults")
objects = pytest.importorskip("parvis_payments.stripe.objects")
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
OPEN = re.compile("n’est pas encore confirmé")


@pytest.fixture
def wrong():
    """The faults of the services that are on."""
    return set()


@pytest.fixture
async def services(tmp_path, monkeypatch, wrong):
    async with services_here(tmp_path, wrong) as environ:
        for name, address in environ.items():
            monkeypatch.setenv(name, address)
        yield


@pytest.fixture
async def rink(services, office):
    """The town hall's contract holder has a till at Stripe."""
    await territory.enable_plugin(office.calendar.emitter, "payments")
    till = await ledger.open_till(office.calendar.emitter, "rink", "Patinoire", "own", mentions="1 rue X\nSIRET 1")
    await a_seller(till)
    await add_account("stripe-1", till, "payments.stripe")
    await keep_details("stripe-1", objects.StripeAccount(key=simulated.KEY, webhook=simulated.WEBHOOK))
    return till


@pytest.fixture
async def payer(rink, office):
    """Somebody with a bill of 27.50 euros before them, on a telephone."""
    to = BillTo(contact=Contact(Channel.MAIL, "lea.martin@example.org"), language="fr")
    charge = Charge(rink, "Patinoire, cinq séances", "rink", 2750, vat_bp=2000)
    [intent] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    context = await office.browser.new_context(locale="fr-FR", viewport=NARROW)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    key = payers.link_key(intent.basket, clock.now() + timedelta(days=1))
    await page.goto(f"{office.address}/my/payments/{intent.basket}?key={key}")
    return page


async def looked_at(page):
    """The page is sound on a telephone and on a desk."""
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        await sound(page)


async def counted(table):
    async with connection() as c:
        return await c.fetchval(f"SELECT count(*) FROM parvis.{table}")


async def test_a_refused_card_then_another_one(payer):
    await looked_at(payer)
    await payer.click("text=Payer 27,50")
    await looked_at(payer)
    await payer.click("text=Carte refusée")
    await expect(payer.locator("[role=alert]")).to_contain_text("Cette carte a été refusée")
    await looked_at(payer)
    await payer.click("text=Revenir en arrière")
    await expect(payer.locator("main")).to_contain_text("rien n’a été prélevé")
    await looked_at(payer)
    assert await counted("capture") == 0
    await payer.click("text=Payer à nouveau")
    await payer.click("button[value=pay]")
    await expect(payer.locator("main")).to_contain_text("Merci")
    await looked_at(payer)
    assert (await counted("capture"), await counted("receipt")) == (1, 1)


async def test_who_goes_away_comes_back_to_the_same_page(payer):
    await payer.click("text=Payer 27,50")
    there = payer.url
    await payer.click("text=Revenir en arrière")
    await expect(payer.locator("main")).to_contain_text(OPEN)
    await looked_at(payer)
    await payer.click("text=Actualiser")
    await expect(payer.locator("main")).to_contain_text(OPEN)
    await payer.click("text=Revenir à la page de paiement")
    assert payer.url == there
    await payer.click("button[value=pay]")
    await expect(payer.locator("main")).to_contain_text("Merci")
    assert (await counted("payment_attempt"), await counted("capture")) == (1, 1)


async def test_what_is_told_late_and_twice_changes_nothing(payer, wrong):
    wrong |= {faults.NOTIFIED_LATE, faults.NOTIFIED_TWICE}
    await payer.click("text=Payer 27,50")
    await payer.click("button[value=pay]")
    await expect(payer.locator("main")).to_contain_text("Merci")
    assert (await counted("provider_event"), await counted("capture")) == (0, 1)
    wrong.clear()
    async with asyncio.timeout(20):
        while not await counted("provider_event"):
            await asyncio.sleep(0.05)
    await payer.reload()
    await expect(payer.locator("main")).to_contain_text("Merci")
    assert (await counted("capture"), await counted("receipt")) == (1, 1)
