"""Money in a real browser: a bill on a telephone, paid at the simulated PayFiP after a refusal; then the till's day."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound
from tests.paying import payment_services

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

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
payfip = pytest.importorskip("parvis_payments.payfip.provider")


@pytest.fixture
async def simulated(tmp_path, monkeypatch):
    """The simulated PayFiP as a process of its own."""
    async with payment_services(tmp_path) as address:
        monkeypatch.setenv("PARVIS_PAYMENTS_PAYFIP", f"{address}/tpa")
        yield


@pytest.fixture
async def billed(simulated, office):
    """The town hall has a till at PayFiP, and asks for 31.50 euros; the address of the bill."""
    emitter = office.calendar.emitter
    await territory.enable_plugin(emitter, "payments")
    till = await ledger.open_till(emitter, "pools", "Régie des piscines")
    await add_account("payfip-1", till, "payments.payfip", "mandate")
    await keep_details("payfip-1", payfip.PayfipAccount(number="007700"))
    to = BillTo(contact=Contact(Channel.MAIL, "lea.martin@example.org"), language="fr")
    charge = Charge(till, "Carte de dix entrées", "pools", 3150)
    [intent] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(intent.basket, clock.now() + timedelta(days=1))
    return till, f"{office.address}/my/payments/{intent.basket}?key={key}"


async def test_a_bill_is_refused_then_paid_and_the_day_closed(billed, office):
    till, bill = billed
    context = await office.browser.new_context(locale="fr-FR", viewport={"width": 360, "height": 740})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(bill)
    await sound(page)
    await page.click("text=Payer 31,50")
    await page.click("text=Carte refusée")
    await expect(page.locator("main")).to_contain_text("rien n’a été prélevé")
    await sound(page)
    await page.click("text=Payer à nouveau")
    await page.click("text=Payer, sans aucune notification")
    await expect(page.locator("main")).to_contain_text("Merci")
    await sound(page)
    async with page.expect_download() as downloaded:
        await page.click("text=/Reçu \\d{4}-000001/")
    assert re.fullmatch(r"recu-\d{4}-000001\.pdf", (await downloaded.value).suggested_filename)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.capture") == 1

    accountant = await office.agent("accountant")
    rooms = f"{office.base}/tills/{till}"
    await sound(await opened(accountant, rooms))
    await accountant.set_viewport_size({"width": 360, "height": 900})
    for room in ("", "/refunds", "/differences", "/receipts", "/closings"):
        await sound(await opened(accountant, rooms + room))
    await accountant.click("text=Arrêter les journées >> nth=-1")
    await expect(accountant.locator(".notice")).to_contain_text("Les journées sont arrêtées")
    manager = await office.agent("manager")
    for path in ("tills", "tills/new", f"tills/{till}/accounts", "bills", "bills/new"):
        await sound(await opened(manager, f"{office.base}/{path}"))


async def opened(page, address):
    await page.goto(address)
    return page


async def test_a_statement_that_nobody_can_be_asked_for_comes_as_a_file(billed, office):
    till, _ = billed
    page = await office.agent("accountant", viewport={"width": 360, "height": 740})
    await opened(page, f"{office.base}/tills/{till}/differences")
    await page.click("text=Importer un relevé")
    await page.click("text=Comparer aux comptes")
    await expect(page.locator(".errors")).to_contain_text("Choisissez un fichier")
    await sound(page)
    lines = f"reference;amount;kind;date\ninconnue;12,50;encaissement;{ledger.today():%d/%m/%Y}"
    await page.set_input_files("#file", {"name": "r.csv", "mimeType": "text/csv", "buffer": lines.encode()})
    await page.click("text=Comparer aux comptes")
    await expect(page.locator("main")).to_contain_text("1 écart attendra alors un motif")
    await sound(page)
    await page.set_viewport_size({"width": 1280, "height": 900})
    await sound(page)
    await page.click("button:has-text('Importer le fichier')")
    await expect(page.locator(".notice.good")).to_contain_text("Le relevé est comparé aux comptes")
    await expect(page.locator("main")).to_contain_text("inconnue")
    await sound(page)


async def test_a_payer_chooses_a_way_and_is_kept_on_the_page_that_cannot_be_closed(billed, office):
    till, bill = billed
    await add_account("stripe-1", till, "payments.stripe")
    manager = await office.agent("manager")
    await sound(await opened(manager, f"{office.base}/tills/{till}/accounts"))
    await manager.set_viewport_size({"width": 360, "height": 740})
    await sound(manager)
    await manager.fill("#label-2", "Carte bancaire")
    await manager.click("text=Proposer en premier")
    await expect(manager.locator(".notice.good")).to_contain_text("dans cet ordre")
    await sound(manager)
    context = await office.browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await sound(await opened(page, bill))
    await page.set_viewport_size({"width": 360, "height": 740})
    await sound(page)
    assert await page.locator("button[name=way]").all_inner_texts() == ["Carte bancaire", "PayFiP (DGFiP)"]
    await page.click("button:has-text('PayFiP')")
    await page.wait_for_url(re.compile("paiementws"))
    await sound(await opened(page, bill))
    await expect(page.locator("main")).to_contain_text("continuez-y")
    assert await page.locator("button[name=way]").count() == 0
    await page.click("text=Revenir à la page de paiement")
    await page.click("text=Payer, sans aucune notification")
    await expect(page.locator("main")).to_contain_text("Merci")
