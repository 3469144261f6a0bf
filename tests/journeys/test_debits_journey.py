"""Direct debits in a real browser: a payer agrees on a telephone, the accountant makes a file and says what became."""

import re
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
from parvis.payments.debits import creditors, queries
from parvis.payments.debits.creditors import Creditor
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.testing.visits import put_clock

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def billed(office):
    """The town hall's till debits, and asks for 42.50 euros; the address of the bill."""
    till = await ledger.open_till(office.calendar.emitter, "canteen", "Régie de la restauration scolaire")
    told = Creditor(name="Régie de la restauration", iban="DE89370400440532013000", identifier="DE98ZZZ09999999999")
    await creditors.keep(till, told)
    to = BillTo(contact=Contact(Channel.MAIL, "lea.martin@example.org"), language="fr")
    charge = Charge(till, "Cantine, novembre", "canteen", 4250)
    [intent] = await bills.write([charge], to, ledger.today() + timedelta(days=5), new_id())
    key = payers.link_key(intent.basket, clock.now() + timedelta(days=60))
    return till, f"{office.address}/my/payments/{intent.basket}?key={key}"


async def test_a_bill_is_debited_and_comes_back(billed, office):
    till, bill = billed
    context = await office.browser.new_context(locale="fr-FR", viewport={"width": 360, "height": 740})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(bill)
    await page.click("text=Faire prélever sur votre compte bancaire")
    await page.click("text=Accepter le prélèvement")
    await expect(page.locator(".errors, [role=alert]").first).to_be_visible()
    await sound(page)
    await page.fill("#name", "Léa Martin")
    await page.fill("#iban", "FR76 3000 6000 0112 3456 7890 189")
    await page.click("label[for=agreed]")
    await page.click("text=Accepter le prélèvement")
    await expect(page.locator("main")).to_contain_text("IBAN se terminant par 0189")
    await sound(page)

    accountant = await office.agent("accountant")
    rooms = f"{office.base}/tills/{till}"
    await accountant.goto(f"{rooms}/debits")
    await sound(accountant)
    day = queries.soonest(await creditors.creditor_of(till))
    await accountant.fill("#day", day.isoformat())
    await accountant.click("text=Faire un lot")
    await expect(accountant.locator("main")).to_contain_text("Le lot est fait")
    await sound(accountant)
    async with accountant.expect_download() as downloaded:
        await accountant.click("text=Fichier pour la banque")
    assert re.fullmatch(r"PRLV-[0-9A-F]{8}-000001\.xml", (await downloaded.value).suggested_filename)
    await page.goto(bill)
    await expect(page.locator("main")).to_contain_text("C’est prélevé sur votre compte bancaire")
    await sound(page)
    await accountant.click("text=La banque a le fichier")
    await expect(accountant.locator("main")).to_contain_text("la banque l’a")
    await sound(accountant)
    put_clock(clock.now() + timedelta(days=(day - ledger.today()).days))
    batch, accountant = accountant.url.partition("?")[0], await office.agent("accountant")
    await accountant.goto(batch)
    await accountant.click("text=La banque l’a encaissé")
    await expect(accountant.locator("main")).to_contain_text("dans les comptes")
    await accountant.set_viewport_size({"width": 360, "height": 900})
    await accountant.click("summary")
    await accountant.fill("[name=reason]", "AM04")
    await accountant.click("text=Noter l’échec")
    await expect(accountant.locator("main")).to_contain_text("pas assez approvisionné")
    await sound(accountant)
    for path in ("debits", "mandates"):
        await accountant.goto(f"{rooms}/{path}")
        await sound(accountant)
    await page.goto(bill)
    await expect(page.locator("main")).to_contain_text("À payer jusqu’au")
    manager = await office.agent("manager")
    await manager.goto(f"{rooms}/debits/creditor")
    await sound(manager)
