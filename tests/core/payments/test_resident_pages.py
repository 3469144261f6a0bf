"""A resident's pages: they say the truth at every moment, and lead to paying, coming back and the receipt."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
from pypdf import PdfReader
from tests.core.payments.debiting import CREDITOR, IBAN
from tests.core.payments.tariff_examples import swimming

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.errors import Refusal, Refused, Text
from parvis.identity.contacts import Contact
from parvis.payments import attempts, intents, payers, refunds, settling
from parvis.payments.books import ledger, receipting
from parvis.payments.debits import batches, creditors, mandates, orders, queries
from parvis.payments.debits.mandates import Given
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.tariffs import catalogue, quotes
from parvis.payments.tariffs.pricing import Ask
from parvis.payments.terms import cancelling, dated
from parvis.payments.terms.rules import Step, Terms
from parvis.testing.payments import a_seller
from parvis.testing.people import a_person, a_session
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock


@pytest.fixture
async def billed(payable):
    """A basket over two tills, its link, and the shops."""
    shops = [await payable.shop(), await payable.shop(kind="own")]
    await a_seller(shops[1].till)
    charges = [Charge(shop.till, f"Part {n}", "pools", 1000 + n, 2000 * n) for n, shop in enumerate(shops)]
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    made = await bills.write(charges, to, ledger.today() + timedelta(days=20), new_id())
    by_till = {one.till: one for one in made}
    key = payers.link_key(made[0].basket, clock.now() + timedelta(days=30))
    return shops, [by_till[shop.till] for shop in shops], f"/my/payments/{made[0].basket}", key


class Resident:
    def __init__(self, http, base, key):
        self.http, self.base, self.key = http, base, key
        self.text, self.status, self.location = "", 0, ""

    async def get(self, part="", **query):
        return self._kept(await self.http.get(self.base + part, params={"key": self.key, **query}))

    async def post(self, part, **data):
        return self._kept(await self.http.post(self.base + part, params={"key": self.key}, data=data))

    def _kept(self, answer):
        self.text, self.status = re.sub(r"\s+", " ", unescape(answer.text)), answer.status_code
        self.location, self.answer = answer.headers.get("location", ""), answer
        return self


@pytest.fixture
def resident(billed, browser):
    _, _, base, key = billed
    return Resident(browser(), base, key)


async def test_one_part_is_paid_and_the_other_still_due(billed, resident):
    shops, (first, second), _, _ = billed
    await resident.get()
    assert "Each office takes its own part" in resident.text
    await resident.post("/pay", intent=str(first.id))
    assert (resident.status, resident.location[:28]) == (303, "https://sandbox.invalid/pay/")
    ref = resident.location.rpartition("/")[2]
    shops[0].provider.pay(ref)
    back = shops[0].provider.payments[ref].order.back
    assert resident.key not in back, "the provider is shown a link that lasts"
    resident._kept(await resident.http.get(back))
    assert "Thank you: it is paid." in resident.text
    assert "€10.01 are left to pay" in resident.text
    assert (await intents.intent(second.id)).state == "created"


async def test_while_nothing_is_known_it_says_so_and_asks_nobody_to_pay_again(billed, resident):
    shops, (first, _), _, _ = billed
    await resident.post("/pay", intent=str(first.id))
    await resident.get(back="yes")
    assert "it is not confirmed yet" in resident.text
    shops[0].provider.down = True
    await resident.get(back="yes")
    assert "does not answer at the moment" in resident.text
    assert resident.status == 200
    await resident.post("/look")
    assert resident.location.endswith("back=yes")


async def test_coming_back_again_and_again_shows_what_is_known_and_asks_the_provider_no_more(billed, resident):
    shops, (first, _), _, _ = billed
    await resident.post("/pay", intent=str(first.id))
    ref = resident.location.rpartition("/")[2]
    settings.use(replace(settings.current(), limits=True, limit_claims=3))
    for _ in range(4):
        await resident.get(back="yes")
        assert resident.status == 200
    shops[0].provider.pay(ref)
    await resident.get(back="yes")
    assert (resident.status, (await intents.intent(first.id)).state) == (200, "pending")
    put_clock(clock.now() + timedelta(minutes=11))
    await resident.get(back="yes")
    assert "Thank you: it is paid." in resident.text


async def test_a_refused_card_is_said_and_paid_again_on_the_same_page(billed, resident):
    shops, (first, _), _, _ = billed
    await resident.post("/pay", intent=str(first.id))
    page = resident.location
    shops[0].provider.refuse(page.rpartition("/")[2])
    await resident.get(back="yes")
    assert "The payment was refused: nothing was taken." in resident.text
    await resident.post("/pay", intent=str(first.id))
    assert resident.location == page


async def test_a_page_that_is_closing_is_told_with_its_hour(billed, resident):
    _, (first, _), _, _ = billed
    await resident.post("/pay", intent=str(first.id))
    put_clock(clock.now() + timedelta(minutes=16))
    await resident.post("/pay", intent=str(first.id))
    assert resident.status == 409
    assert "You can pay again from" in resident.text


async def test_a_provider_that_is_down_keeps_the_page_and_takes_nothing(billed, resident):
    shops, (first, _), _, _ = billed
    shops[0].provider.down = True
    await resident.post("/pay", intent=str(first.id))
    assert resident.status == 503
    assert "Nothing is lost" in resident.text
    shops[0].provider.down = False
    await resident.post("/pay", intent=str(first.id))
    assert resident.status == 303


async def test_the_receipt_is_a_pdf_for_its_payer_alone(billed, resident, browser):
    shops, (first, second), base, _ = billed
    for shop, intent in zip(shops, (first, second), strict=True):
        await resident.post("/pay", intent=str(intent.id))
        shop.provider.pay(resident.location.rpartition("/")[2])
    await resident.get(back="yes")
    papers = re.findall(r"(/receipts/[0-9a-f-]+)\?", resident.text)
    assert len(papers) == 2
    for paper in papers:
        answer = (await resident.get(paper)).answer
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"
    assert (await browser().get(base + papers[0])).status_code == 404


async def test_what_is_paid_in_parts_shows_each_with_its_day_and_one_invoice(payable, browser):
    shop = await payable.shop()
    await splitting.keep_rule(shop.till, splitting.Rule(3))
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    charge = Charge(shop.till, "Canteen", "canteen", 1000)
    first, *_ = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id(), 3)
    key = payers.link_key(first.basket, clock.now() + timedelta(days=30))
    page = await Resident(browser(), f"/my/payments/{first.basket}", key).get()
    assert "You pay in 3 parts, each until its day. €10.00 are left to pay." in page.text
    assert page.text.count("Please pay until") == 3
    assert page.text.count("/invoices/") == 1
    await page.post("/pay", intent=str(first.id))
    shop.provider.pay(page.location.rpartition("/")[2])
    await page.get(back="yes")
    assert "€6.66 are left to pay" in page.text


async def test_each_invoice_is_a_pdf_for_its_payer_alone(billed, resident, browser):
    _, _, base, _ = billed
    await resident.get()
    papers = re.findall(r"(/invoices/[0-9a-f-]+)\?", resident.text)
    assert len(papers) == 2
    for paper in papers:
        answer = (await resident.get(paper)).answer
        assert answer.content.startswith(b"%PDF-")
        assert "facture-F" in answer.headers["content-disposition"]
        assert (await browser().get(base + paper)).status_code == 404


@pytest.mark.parametrize("what", ["00000000-0000-0000-0000-000000000000", "x", "", "another"])
async def test_only_ones_own_amounts_are_paid(billed, resident, payable, what):
    foreign = await (await payable.shop()).due()
    await resident.post("/pay", intent=str(foreign.id) if what == "another" else what)
    assert resident.status in {404, 422}
    assert (await intents.intent(foreign.id)).state == "created"


async def test_without_the_link_there_is_nothing_and_a_broken_one_says_so(billed, browser):
    _, _, base, key = billed
    assert (await browser().get(base)).status_code == 404
    assert (await browser().get(base, params={"key": key[:-2]})).status_code == 403


async def test_an_account_finds_what_it_has_to_pay_and_where_no_bill_waits_it_says_so(payable, browser):
    shop, person = await payable.shop(), await a_person()
    due = await shop.due(1234, person=person)
    http = browser(await a_session(person))
    page = unescape((await http.get("/my/payments")).text)
    assert "To pay: €12.34" in page
    assert f"/my/payments/{due.basket}" in page
    await intents.cancel(due.id)
    assert "You have nothing to pay" in unescape((await http.get("/my/payments")).text)
    assert "Sign in" in (await browser().get("/my/payments")).text


async def test_what_costs_nothing_is_given_without_a_provider(payable, browser):
    shop, person = await payable.shop(), await a_person()
    due = await shop.due(0, person=person)
    http = browser(await a_session(person))
    answer = await http.post(f"/my/payments/{due.basket}/pay", data={"intent": str(due.id)})
    assert (answer.status_code, (await intents.intent(due.id)).state) == (303, "paid")


async def test_money_that_comes_for_what_is_cancelled_is_said_to_go_back(billed, resident):
    shops, (first, _), _, _ = billed
    await resident.post("/pay", intent=str(first.id))
    await intents.cancel(first.id)
    shops[0].provider.pay(ref := resident.location.rpartition("/")[2])
    at = clock.now()
    await settling.settle(settling.Money(shops[0].account, ref, 1000, at))
    assert "all of it is given back to you" in (await resident.get()).text


async def test_a_price_by_a_tariff_says_how_it_came_about_on_the_page_and_on_the_receipt(payable, browser):
    shop = await payable.shop()
    emitter = (await ledger.till_by_id(shop.till)).emitter
    await catalogue.save(emitter, "swimming", [swimming()], name="Lessons")
    ask = Ask({"zone": "town", "age": 7, "quotient": 400}, rank=2)
    quote = quotes.quote(await catalogue.tariff_of(emitter, "swimming"), date(2026, 11, 10), ask)
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    charge = Charge.quoted(quote, shop.till, "Lessons", "swimming")
    [intent] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(intent.basket, clock.now() + timedelta(days=30))
    page = await Resident(browser(), f"/my/payments/{intent.basket}", key).get()
    assert "How the price of “Lessons” came about" in page.text
    assert "Age: 6 to 17." in page.text
    assert "2nd child" in page.text
    shop.provider.pay(ref := await shop.opened(intent.id))
    await attempts.look(shop.provider, shop.account, ref)
    [given] = await receipting.given_in(intent.basket)
    said = "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(await receipting.paper(given))).pages)
    assert "ligne 7 du tarif du 01/09/2026" in said.replace("\n", " ")
    assert "2nd child -2,10" in said.replace("\n", " ")


async def test_what_somebody_has_in_credit_is_shown_by_emitter_and_covers_a_bill(payable, browser):
    shop, person = await payable.shop(), await a_person()
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr", person=person)

    async def a_bill(cents):
        [due] = await bills.write([Charge(shop.till, "Canteen", "canteen", cents)], to, ledger.today(), new_id())
        return due

    due = await a_bill(1000)
    ref = await shop.opened(due.id)
    await settling.settle(settling.Money(shop.account, ref, 2200, clock.now()))
    http = browser(await a_session(person))
    page = re.sub(r"\s+", " ", unescape((await http.get("/my/payments")).text))
    assert "Régie des piscines: €12.00 of credit, deducted from your next bill." in page
    covered = await a_bill(500)
    page = unescape((await http.get(f"/my/payments/{covered.basket}")).text)
    assert "Your credit covers it: there is nothing to pay." in page
    assert "€7.00 of credit" in unescape((await http.get("/my/payments")).text)


async def test_who_pays_reads_the_tills_terms_before_and_after_and_on_the_papers(payable, browser):
    shop = await payable.shop(alone_up_to=10_000)
    soft = Terms((Step(7, "days", 10_000), Step(24, "hours", 5000)), fee=250)
    await dated.keep(shop.till, ledger.today(), soft, None, None)
    charges = [Charge(shop.till, label, "pools", cents) for label, cents in (("Leçons", 6000), ("Bonnet", 500))]
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    [due] = await bills.write(charges, to, ledger.today() + timedelta(days=20), new_id())
    await dated.keep(shop.till, ledger.today(), Terms(), None, await dated.last_said(shop.till))
    key = payers.link_key(due.basket, clock.now() + timedelta(days=30))
    resident = Resident(browser(), f"/my/payments/{due.basket}", key)
    await resident.get()
    assert resident.text.count("Cancelled up to 24 hours before the beginning: 50 % given back.") == 1
    assert "2,50 euros are kept of each place." in resident.text
    assert resident.text.index("If you cancel") < resident.text.index("online")
    await resident.post("/pay", intent=str(due.id))
    shop.provider.pay(resident.location.rpartition("/")[2])
    await resident.get(back="yes")
    assert "Cancelled up to 7 days before the beginning: 100 % given back." in resident.text
    for pattern in (r"/receipts/([0-9a-f-]+)", r"/invoices/([0-9a-f-]+)"):
        paper = await resident.http.get(f"{resident.base}{re.search(pattern, resident.text)[0]}", params={"key": key})
        said = " ".join(PdfReader(BytesIO(paper.content)).pages[0].extract_text().split())
        assert "Annulation jusqu’à 7 jours avant le début : remboursement de 100 %." in said
        assert "Annulation :" not in said
    async with connection() as c:
        rows = await c.fetch("SELECT id FROM parvis.charge WHERE intent = $1 ORDER BY id", due.id)
    begins = clock.now() + timedelta(days=3)
    await cancelling.cancel(rows[0]["id"], begins, by_body=False)
    await cancelling.cancel(rows[1]["id"], begins, by_body=True)
    await resident.get()
    assert "“Leçons” was cancelled on" in resident.text
    assert "€27.50 come back to you." in resident.text
    assert "We cancelled “Bonnet” on" in resident.text


async def test_what_waits_for_a_second_person_or_was_rejected_is_not_promised(payable, browser):
    shop = await payable.shop()
    await dated.keep(shop.till, ledger.today(), Terms((Step(1, "days", 10_000),)), None, None)
    due, settled = await shop.paid(1000)
    async with connection() as c:
        charge = await c.fetchval("SELECT id FROM parvis.charge WHERE intent = $1", due.id)
        await c.execute("UPDATE parvis.till SET alone_up_to = 0 WHERE id = $1", shop.till)
    done = await cancelling.cancel(charge, clock.now() + timedelta(days=3), by_body=False)
    assert done.waits
    key = payers.link_key(due.basket, clock.now() + timedelta(days=30))
    resident = Resident(browser(), f"/my/payments/{due.basket}", key)
    await resident.get()
    assert "€10.00 come back to you once a second person has approved it." in resident.text
    [refund] = await refunds.refunds_of(settled.capture)
    await refunds.decide(refund.id, False, new_id())
    await resident.get()
    assert "€10.00 come back" not in resident.text
    assert "Nothing of it comes back." in resident.text


async def test_what_the_terms_keep_as_a_credit_is_not_said_to_be_paid_back(payable, browser):
    shop = await payable.shop(alone_up_to=10_000)
    await dated.keep(shop.till, ledger.today(), Terms((Step(1, "days", 10_000),), as_credit=True), None, None)
    due, _ = await shop.paid(1000)
    async with connection() as c:
        charge = await c.fetchval("SELECT id FROM parvis.charge WHERE intent = $1", due.id)
    await cancelling.cancel(charge, clock.now() + timedelta(days=3), by_body=False)
    resident = Resident(
        browser(), f"/my/payments/{due.basket}", payers.link_key(due.basket, clock.now() + timedelta(1))
    )
    await resident.get()
    assert "€10.00 are a credit for your next bill here." in resident.text
    assert "come back to you" not in resident.text


async def test_each_payments_form_has_fields_of_its_own(payable, browser):
    """Whose address is not known is asked for it, and told what is wrong, where they pay."""
    shops = [await payable.shop(), await payable.shop()]
    charges = [Charge(shop.till, "Leçons", "pools", 1000) for shop in shops]
    to = BillTo(contact=Contact(Channel.SMS, "+33612345678"), language="fr")
    made = await bills.write(charges, to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(made[0].basket, clock.now() + timedelta(days=30))
    resident = Resident(browser(), f"/my/payments/{made[0].basket}", key)
    for part, asked in (("", None), ("/pay", {"intent": str(made[1].id), "mail": "lea"})):
        await (resident.post(part, **asked) if asked else resident.get())
        ids = re.findall(r' id="([^"]+)"', resident.text)
        assert sorted(ids) == sorted(set(ids))
        assert resident.text.count('name="mail"') == 2
    assert (resident.status, resident.text.count('aria-invalid="true"')) == (422, 1)
    assert resident.text.index(f'value="{made[1].id}"') < resident.text.index('id="mail"')


async def test_without_terms_or_a_price_nothing_is_said_of_cancelling(billed, resident):
    await resident.get()
    assert "If you cancel" not in resident.text


async def test_whose_mail_the_payment_service_does_not_take_can_give_another(payable, browser, monkeypatch):
    start = Sandbox.start

    async def strict(self, account, order):
        if len(order.mail) > 80:
            raise Refused(Refusal("provider-mail", Text("give an e-mail address of at most 80 signs."), "mail"))
        return await start(self, account, order)

    monkeypatch.setattr(Sandbox, "start", strict)
    shop = await payable.shop()
    to = BillTo(contact=Contact(Channel.MAIL, f"{'a' * 60}@{'b' * 30}.example.org"), language="fr")
    charge = Charge(shop.till, "Part", "pools", 1000)
    [due] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    key = payers.link_key(due.basket, clock.now() + timedelta(days=30))
    resident = Resident(browser(), f"/my/payments/{due.basket}", key)
    await resident.get()
    assert 'name="mail"' not in resident.text
    await resident.post("/pay", intent=str(due.id))
    assert ("at most 80 signs" in resident.text, 'name="mail"' in resident.text) == (True, True)
    await resident.post("/pay", intent=str(due.id), mail="lea@example.org")
    assert resident.status == 303


async def test_what_is_debited_is_not_among_what_is_to_be_paid(payable, browser):
    shop, person = await payable.shop(), await a_person()
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr", person=person)
    charge = Charge(shop.till, "Canteen", "canteen", 4250)
    [due] = await bills.write([charge], to, ledger.today() + timedelta(days=3), new_id())
    await creditors.keep(shop.till, CREDITOR)
    given = Given(name="Léa", iban=IBAN, signed_on=ledger.today())
    await mandates.give(shop.till, await payers.payer(due.basket), given)
    made = await batches.make(shop.till, queries.soonest(CREDITOR), person)
    await orders.take(made.id)
    await batches.send(made.id)
    page = unescape((await browser(await a_session(person)).get("/my/payments")).text)
    assert "To pay: €42.50" not in page
    assert "debited from your bank account" in page
