"""Money that goes back, in a real browser: what pays nothing, a payment its bank took back, a refund that came back."""

import pytest
from playwright.async_api import expect
from tests.journeys.agents import sound

from parvis import clock
from parvis.db import new_id
from parvis.errors import Conflict
from parvis.payments import purposes, refund_sending, refunds
from parvis.payments.books import ledger
from parvis.payments.settling import Money, settle
from parvis.testing.payments import a_shop

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
NARROW = {"width": 360, "height": 740}


async def gone(_):
    raise Conflict


async def looked_at(page, address):
    """The page at both widths."""
    await page.goto(address)
    for size in (NARROW, {"width": 1280, "height": 800}):
        await page.set_viewport_size(size)
        await sound(page)


async def test_money_that_goes_back(office):
    shop = await a_shop(alone_up_to=5000, emitter=office.calendar.emitter)
    base, agent = f"{office.base}/tills/{shop.till}", new_id()
    purposes.use({"pools": gone})
    _, settled = await shop.paid(4250, purpose="pools")
    [refund] = await refunds.refunds_of(settled.capture)
    await refunds.withdraw(refund.id)
    await settle(Money(shop.account, "stray", 700, clock.now()))
    _, back = await shop.paid(1000)
    failed = await refunds.request(back.capture, 400, "Bassin fermé", agent, "mandate")
    await refund_sending.pay_by_hand(failed.id)

    accountant = await office.agent("accountant")
    await looked_at(accountant, base)
    await looked_at(accountant, f"{base}/idle")
    await accountant.click("text=Donner la place >> nth=0")
    await expect(accountant.locator(".errors")).to_contain_text("toujours pas libre")
    await sound(accountant)
    await accountant.click("text=Rembourser >> nth=0")
    await expect(accountant.locator(".notice.good")).to_be_visible()
    purposes.use({})

    await looked_at(accountant, f"{base}/refunds")
    await accountant.click("text=La banque l’a renvoyé")
    await expect(accountant.locator(".notice.good")).to_contain_text("partir autrement")
    await accountant.set_viewport_size(NARROW)
    await sound(accountant)
    await accountant.select_option("select[name=method]", "advances")
    await accountant.click("text=Envoyer le remboursement")
    await expect(accountant.locator(".notice.good")).to_be_visible()

    await looked_at(accountant, f"{base}/payments/{back.capture}")
    await accountant.click("summary:has-text('La banque a repris')")
    await sound(accountant)
    await accountant.fill("#day", ledger.today().isoformat())
    await accountant.click("text=Enregistrer la reprise")
    await expect(accountant.locator(".errors")).to_contain_text("Dites pourquoi")
    await sound(accountant)
    await accountant.fill("#why", "AM04, provision insuffisante")
    await accountant.click("text=Enregistrer la reprise")
    await expect(accountant.locator(".notice.good")).to_contain_text("de nouveau dû")
    await sound(accountant)
