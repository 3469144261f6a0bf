"""Bills in the back office: written, asked for in parts, deducted, taken back."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from tests.core.office.selling import bill, in_credit, letters, shop, written

from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.events import BillWritten, PaymentSettled
from parvis.identity.contacts import Contact
from parvis.messages.letters import Letterhead, write
from parvis.office.tills import notices
from parvis.payments import dues, intents
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.testing.calendars import a_calendar
from parvis.testing.payments import a_shop
from parvis.testing.visits import a_visit

__all__ = ["shop"]


async def test_an_agent_writes_a_bill_and_its_payer_is_told_once(office, shop):
    agent = await (await office.agent()).post("bills/new", **bill(shop))
    assert "The bill is written" in agent.text
    [due] = await written(shop)
    assert (due.cents, due.labels, due.state) == (1250, ("Cantine",), "created")
    for _ in range(2):
        await notices.tell_of_bill(BillWritten(emitter=due.emitter, basket=due.basket))
    [(template, letter)] = await letters()
    assert (template, letter.address) == ("office/bill", "lea@example.org")
    assert f"/my/payments/{due.basket}?key=" in letter.context["show"]


async def test_the_same_form_sent_again_is_one_bill(office, shop):
    agent = await office.agent()
    await agent.get("bills/new")
    once = re.search(r'name="once" value="([^"]+)"', agent.text)[1]
    await agent.post("bills/new", **bill(shop, once=once, cents="nothing"))
    assert f'name="once" value="{once}"' in agent.text
    for _ in range(2):
        await agent.post("bills/new", **bill(shop, once=once))
        assert "The bill is written" in agent.text
    assert len(await written(shop)) == 1
    await agent.get("bills/new")
    assert f'name="once" value="{once}"' not in agent.text


async def test_the_same_form_with_another_content_says_what_was_written_and_keeps_the_rest(office, shop):
    agent = await office.agent()
    await agent.get("bills/new")
    once = re.search(r'name="once" value="([^"]+)"', agent.text)[1]
    await agent.post("bills/new", **bill(shop, once=once))
    await agent.post("bills/new", **bill(shop, once=once, label="Goûter", cents="3,20"))
    assert (agent.status, "This form was sent before, and its bill is written" in agent.text) == (422, True)
    [first] = await written(shop)
    [paper] = await issuing.invoices_of([first.basket])
    assert all(said in agent.text for said in (f"bills/invoices/{paper.id}", paper.name, "€12.50", "Cantine"))
    assert 'value="Goûter"' in agent.text
    assert 'value="3,20"' in agent.text
    other = re.search(r'name="once" value="([^"]+)"', agent.text)[1]
    assert other != once
    for _ in range(2):
        await agent.post("bills/new", **bill(shop, once=other, label="Goûter", cents="3,20"))
        assert "The bill is written" in agent.text
    assert sorted(due.cents for due in await written(shop)) == [320, 1250]


async def test_a_form_of_another_emitter_shows_nobody_its_bill(office, shop):
    agent = await office.agent()
    await agent.post("bills/new", **bill(shop, once=(once := str(new_id()))))
    there = await a_calendar()
    theirs, elsewhere = await a_shop(emitter=there.emitter), await office.agent(at=there)
    await elsewhere.post("bills/new", **bill(theirs, once=once, label="Goûter"))
    assert elsewhere.status == 404


async def test_looking_at_somebodys_credit_while_writing_is_noted(office, shop):
    await in_credit(shop)
    agent = await office.agent()
    await agent.post("bills/new", **bill(shop, mail="nobody@example.org", label=""))
    assert await looks("see-credit") == []
    await agent.post("bills/new", **bill(shop, label=""))
    assert "€5.00 in credit" in agent.text
    [seen] = await looks("see-credit")
    assert (seen["person"], seen["subject"]) == (agent.person, "basket")
    assert seen["subject_id"] in {due.basket for due in await written(shop)}


async def looks(action):
    async with connection() as c:
        return await c.fetch("SELECT person, subject, subject_id FROM parvis.audit_trace WHERE action = $1", action)


async def test_a_bill_for_a_request_goes_to_its_contact(office, shop):
    from parvis.contract.values import Channel
    from parvis.dossiers import queries as dossiers
    from parvis.identity.contacts import Contact

    mine = Contact(Channel.MAIL, "paul@example.org")
    _, dossier = await a_visit(office.calendar, office.calendar.at(9), "Paul Klein", contact=mine)
    reference = (await dossiers.dossier(dossier)).reference
    await (await office.agent()).post("bills/new", **bill(shop, mail="", reference=reference))
    [due] = await written(shop)
    assert (await intents.intent(due.intent)).subject == dossier
    await notices.tell_of_bill(BillWritten(emitter=due.emitter, basket=due.basket))
    assert [letter.address for _, letter in await letters()] == ["paul@example.org"]


async def test_a_bill_of_so_many_comes_to_that_often_the_price_of_one(office, shop):
    await (await office.agent()).post("bills/new", **bill(shop, quantity="14", cents="3,20"))
    [due] = await written(shop)
    assert (due.labels, due.cents) == (("Cantine × 14",), 4480)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cents": "douze"}, "is not an amount"),
        ({"cents": "0"}, "at least a cent"),
        ({"cents": "-5"}, "is not an amount"),
        ({"mail": ""}, "the reference of a request, or an e-mail address"),
        ({"mail": "", "reference": "K7M29QXP"}, "No request of yours"),
        ({"mail": "lea"}, "e-mail address in full"),
        ({"label": ""}, "what it is for"),
        ({"till": "x"}, "Choose a till"),
        ({"last_day": "2020-01-01"}, "from today on"),
        ({"quantity": "0"}, "write 1 or more"),
        ({"quantity": "-3"}, "write 1 or more"),
        ({"quantity": "10000"}, "write 9999 or less"),
        ({"quantity": "douze"}, "a whole number"),
        ({"quantity": "9999", "cents": "99999999"}, "more than a bill can be about"),
    ],
)
async def test_a_bill_that_is_refused_keeps_what_was_typed(office, shop, wrong, said):
    agent = await (await office.agent()).post("bills/new", **bill(shop, **wrong))
    assert agent.status == 422
    assert said in agent.text
    assert 'value="Cantine scolaire"' in agent.text
    assert await written(shop) == []


async def test_a_till_lets_bills_be_paid_in_parts_and_the_payer_is_told_once_of_all(office, shop):
    agent, manager = await office.agent(), await office.agent("manager")
    assert "How it is paid" not in (await agent.get("bills/new")).text
    await agent.post("bills/new", **bill(shop, parts="3"))
    assert (agent.status, "asks for an amount at once" in agent.text) == (422, True)
    rule = f"tills/{shop.till}/instalments"
    for most, least, said in (("13", "1", "12"), ("3", "x", "is not an amount"), ("3", "0", "at least a cent")):
        await manager.post(rule, most=most, least=least)
        assert (manager.status, said in manager.text) == (422, True)
        assert f'value="{least}"' in manager.text
    await manager.post(rule, most="3", least="4,00")
    assert "Kept." in manager.text
    assert (await agent.post(rule, most="3", least="4,00")).status == 403
    assert "in 3 parts, a month apart" in (await agent.get("bills/new")).text
    await agent.post("bills/new", **bill(shop, parts="3", cents="11,99"))
    assert (agent.status, "Each part has to come to 4,00 euros" in agent.text) == (422, True)
    assert '<option value="3" selected' in agent.text
    await agent.post("bills/new", **bill(shop, parts="3"))
    assert "The bill is written" in agent.text
    asked = sorted(await written(shop), key=lambda due: due.part)
    assert [(due.labels, due.cents) for due in asked] == [
        (("Cantine (1/3)",), 417),
        (("Cantine (2/3)",), 417),
        (("Cantine (3/3)",), 416),
    ]
    await notices.tell_of_bill(BillWritten(emitter=asked[0].emitter, basket=asked[0].basket))
    [(_, letter)] = await letters()
    assert (letter.context["labels"], letter.context["cents"]) == ("Cantine", 1250)
    assert [part["last"] for part in letter.context["parts"]] == [due.last for due in asked]


async def test_the_list_has_each_invoice_and_what_took_it_back_as_pdf_for_its_own_agents(office, shop):
    agent = await (await office.agent()).post("bills/new", **bill(shop))
    [due] = await written(shop)
    await agent.post(f"bills/{due.intent}/cancel")
    papers = re.findall(r"/bills/invoices/[0-9a-f-]+", agent.text)
    assert [name for name in ("Invoice F", "Credit note A") if name in agent.text] == ["Invoice F", "Credit note A"]
    for paper in papers:
        got = (await agent.get(f"/office/{office.slug}{paper}")).page
        assert got.content.startswith(b"%PDF-")
        assert got.headers["cache-control"] == "no-store"
    async with connection() as c:
        traced = await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action = 'take-invoice'")
    assert (len(papers), traced) == (2, 2)
    foreign = await a_shop()
    agent_of_none = await office.agent()
    [elsewhere] = await bills.write(
        [Charge(foreign.till, "Cantine", "canteen", 500)],
        BillTo(contact=Contact(Channel.MAIL, "a@example.org"), language="fr"),
        ledger.today(),
        new_id(),
    )
    [theirs] = await issuing.invoices_of([elsewhere.basket])
    assert (await agent_of_none.get(f"bills/invoices/{theirs.id}")).status == 404


async def test_a_bill_is_taken_back_until_it_is_paid(office, shop):
    agent = await office.agent()
    for _ in range(2):
        await agent.post("bills/new", **bill(shop))
    one, other = await written(shop)
    await agent.post(f"bills/{one.intent}/cancel")
    assert "It is no longer asked for" in agent.text
    shop.provider.pay(ref := await shop.opened(other.intent))
    await look(shop.provider, shop.account, ref)
    assert (await agent.post(f"bills/{other.intent}/cancel")).status == 409
    found = await intents.intent(other.intent)
    fact = PaymentSettled(emitter=found.emitter, intent=found.id, taken_as="paid", cents=1250)
    await notices.tell_of_payment(fact)
    assert [template for template, _ in await letters()] == ["office/paid"]


async def test_an_agent_sees_what_the_payer_has_in_credit_and_it_is_deducted_unless_they_say_no(office, shop):
    await in_credit(shop)
    agent = await office.agent()
    await agent.get("bills/new")
    assert re.search(r'name="credit"[^>]* checked', agent.text)
    await agent.post("bills/new", **bill(shop, cents="douze"))
    assert "They have €5.00 in credit at this till." in agent.text
    await agent.post("bills/new", **bill(shop))
    await agent.post("bills/new", **bill(shop, label="Goûter", credit="yes"))
    assert "€7.50 (after €5.00 of credit)" in agent.text
    assert {due.labels: due.cents for due in await written(shop)} == {
        ("Goûter",): 750,
        ("Cantine",): 1250,
        ("Bassin",): 1000,
    }


async def test_all_parts_of_a_bill_are_taken_back_in_one_confirmed_step(office, shop):
    await splitting.keep_rule(shop.till, Rule(3))
    agent = await office.agent()
    await agent.post("bills/new", **bill(shop, parts="3", cents="30,00"))
    page = re.search(r"bills/[0-9a-f-]+/plan", agent.text)[0]
    await agent.get(page)
    assert agent.text.count("Cantine (") == 3
    assert "Take €30.00 back" in agent.text
    await agent.post(page)
    assert "None of its parts is asked for any more." in agent.text
    assert {due.state for due in await written(shop)} == {"cancelled"}
    await agent.post(page)
    assert agent.status == 409


async def test_who_sells_for_themselves_says_who_they_are_before_the_first_bill(office, shop):
    agent, manager = await office.agent(), await office.agent("manager")
    await manager.post("tills/new", name="Patinoire", kind="own", alone="0,00")
    assert "Say who sells before its first bill." in manager.text
    till = next(one for one in await ledger.tills_of(office.calendar.emitter) if one.kind == "own").id
    await agent.post("bills/new", **bill(shop, till=str(till), vat="2000"))
    assert (agent.status, "a manager first writes them under" in agent.text) == (422, True)
    page = f"tills/{till}/seller"
    await manager.post(page, address="1 rue X", siret="732 829 320 00075")
    assert (manager.status, "This is no SIRET" in manager.text) == (422, True)
    assert "Write the VAT number, or say that there is none" in manager.text
    await manager.post(page, address="1 rue X\n68100 Mulhouse", siret="732 829 320 00074", vat_number="fr 44 732829320")
    assert "Kept." in manager.text
    assert 'value="FR44732829320"' in manager.text
    more = {"buyer": "SARL Klein\n2 rue Y, 68200 Mulhouse", "served": "novembre 2026"}
    await agent.post("bills/new", **bill(shop, till=str(till), vat="210", **more))
    [due] = await dues.dues_at(till, bills.PURPOSE)
    [found] = await issuing.invoices_of([due.basket])
    said = await said_by(found)
    for part in ("SIRET 732 829 320 00074", "N° de TVA FR44732829320", "1 rue X – 68100 Mulhouse"):
        assert part in said
    for part in ("Client : SARL Klein, 2 rue Y, 68200 Mulhouse", "Prestation : novembre 2026", "2,10 %"):
        assert part in said
    await manager.post(page, address="1 rue X", siret="73282932000074", vat_exempt="yes")
    await agent.post("bills/new", **bill(shop, till=str(till), vat="2000"))
    assert "This till sells without VAT" in agent.text


async def said_by(found):
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(await invoicing.paper(found))).pages)
    return " ".join(text.split())


async def test_whose_credit_covers_a_bill_is_told_so_once(office, shop):
    await in_credit(shop, 2000)
    agent = await office.agent()
    await agent.post("bills/new", **bill(shop, credit="yes"))
    due = next(due for due in await written(shop) if due.labels == ("Cantine",))
    assert (due.state, due.cents, due.credit) == ("paid", 0, 1250)
    await notices.tell_of_bill(BillWritten(emitter=due.emitter, basket=due.basket))
    await notices.tell_of_payment(PaymentSettled(emitter=due.emitter, intent=due.intent, taken_as="paid", cents=0))
    [(template, letter)] = await letters()
    assert (template, letter.context["credit"]) == ("office/paid", 1250)
    head = Letterhead(name="Town", url="https://town.example")
    said = write(template, Channel.MAIL, "en", head, letter)
    assert said.subject == f"Paid with your credit at {letter.context['emitter']}"
    assert "Your credit covers this bill" in said.text
    assert "€12.50" in said.html
    assert "your credit of €12.50 has paid a bill" in write(template, Channel.SMS, "en", head, letter).text


async def test_a_bill_whose_day_has_passed_can_still_be_taken_back(office, shop):
    agent = await office.agent()
    await agent.post("bills/new", **bill(shop))
    [due] = await written(shop)
    async with connection() as c:
        await c.execute("UPDATE parvis.intent SET state = 'expired' WHERE id = $1", due.intent)
    await agent.get("bills")
    assert f"bills/{due.intent}/cancel" in agent.text
    await agent.post(f"bills/{due.intent}/cancel")
    assert [one.state for one in await written(shop)] == ["cancelled"]
