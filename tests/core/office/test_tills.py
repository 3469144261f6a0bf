"""Bills and tills in the back office: written, kept, closed; refunds by two people; differences with a reason."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Annotated

import pytest
from msgspec import Struct
from pypdf import PdfReader

from parvis import clock, plugins
from parvis.contract.payments import Row, RowKind
from parvis.contract.values import Asked, Channel, PaymentProvider
from parvis.db import connection, new_id
from parvis.errors import Conflict, Refusal, Text
from parvis.events import BillWritten, PaymentSettled, RefundDone
from parvis.identity.contacts import Contact
from parvis.messages.letters import Letterhead, write
from parvis.messages.sealing import unseal
from parvis.office.tills import notices, refund_notices
from parvis.payments import dues, intents, purposes, refunds
from parvis.payments.accounts import account_details, accounts_of, add_account
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.payments.settling import Money, settle
from parvis.payments.statements import reconciling
from parvis.territory.actions import enable_plugin
from parvis.testing.calendars import a_calendar
from parvis.testing.payments import a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import a_visit


class Details(Struct, frozen=True):
    number: Annotated[str, Asked(label=Text("Client number"))] = ""
    key: Annotated[str, Asked(label=Text("Key"), secret=True)] = ""


async def known_there(told):
    """What the provider itself says of a number: it knows every one but 13."""
    return () if told.number != "13" else (Refusal("number", Text("Nobody's number."), "number"),)


@pytest.fixture
async def shop(office):
    before, provider = plugins.current(), Sandbox()
    brought = PaymentProvider(
        key="pay.card",
        name=Text("Card"),
        provider=provider,
        account=Details,
        fault=lambda told: () if told.number else (Refusal("number", Text("Which number?"), "number"),),
        checked=known_there,
        notified="/told",
    )
    plugins.use(a_plugin(key="pay", providers=(brought,)))
    await enable_plugin(office.calendar.emitter, "pay")
    yield await a_shop(provider, "pay.card", emitter=office.calendar.emitter)
    plugins.use(before)


BILL = {"label": "Cantine", "activity": "Cantine scolaire", "cents": "12,50", "mail": "lea@example.org"}


def bill(shop, **other):
    day = (ledger.today() + timedelta(days=10)).isoformat()
    return {"till": str(shop.till), "last_day": day, **BILL, **other}


async def written(shop):
    return await dues.dues_at(shop.till, bills.PURPOSE)


async def letters():
    async with connection() as c:
        rows = await c.fetch("SELECT template, sealed FROM parvis.message ORDER BY queued_at")
    return [(row["template"], unseal(row["sealed"])) for row in rows if row["template"].startswith("office/")]


async def test_what_is_made_for_a_tills_kind_is_shown_first(office):
    kinds = {"pay.public": ("regie",), "pay.stripe": ("own", "mandate"), "pay.any": ("regie", "own", "mandate")}
    before, made = plugins.current(), []
    for key, fit in kinds.items():
        made.append(PaymentProvider(key=key, name=Text(key), provider=Sandbox(), kinds=fit))
    plugins.use(a_plugin(key="pay", providers=tuple(made)))
    await enable_plugin(office.calendar.emitter, "pay")
    manager, shown = await office.agent("manager"), {}
    for kind in ("regie", "own"):
        till = await ledger.open_till(office.calendar.emitter, kind, kind, kind)
        shown[kind] = re.findall(r'name="provider" value="([^"]+)"', (await manager.get(f"tills/{till}/accounts")).text)
    plugins.use(before)
    assert shown == {
        "regie": ["pay.public", "pay.any", "pay.stripe"],
        "own": ["pay.stripe", "pay.any", "pay.public"],
    }


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


async def test_a_till_is_opened_and_says_where_it_collects(office, shop):
    manager = await office.agent("manager")
    await manager.post("tills/new", name="", kind="regie", alone="viele")
    assert manager.status == 422
    await manager.post("tills/new", name="Régie du musée", kind="regie", alone="20,00", mentions="1 rue X\nSIRET 1")
    assert "The till is open" in manager.text
    till = next(till for till in await ledger.tills_of(office.calendar.emitter) if till.name == "Régie du musée")
    assert (till.alone_up_to, till.mentions.splitlines()) == (2000, ["1 rue X", "SIRET 1"])
    await manager.post("tills/new", name="régie du Musee", kind="regie")
    assert "a till of this name already" in manager.text
    await manager.post(f"tills/{till.id}/accounts", provider="pay.card", number="")
    assert (manager.status, "Which number?" in manager.text) == (422, True)
    await manager.post(f"tills/{till.id}/accounts", provider="pay.card", number="13")
    assert (manager.status, "Nobody's number." in manager.text) == (422, True)
    assert (await manager.post(f"tills/{till.id}/accounts", provider="pay.other", number="7")).status == 404
    for number in ("7", "8"):
        await manager.post(f"tills/{till.id}/accounts", provider="pay.card", number=number)
    [account] = await accounts_of(till.id)
    assert (await account_details(account.key, Details)).number == "8"
    assert 'value="8"' in (await manager.get(f"tills/{till.id}/accounts")).text
    assert f"/told/{account.key}" in manager.text
    async with connection() as c:
        assert await c.fetchval("SELECT details FROM parvis.provider_account WHERE key = $1", account.key) != b"8"


async def test_a_manager_says_the_order_and_the_words_of_the_ways_to_pay(office, shop):
    till = await ledger.open_till(office.calendar.emitter, "rink", "Patinoire", "own")
    manager, page = await office.agent("manager"), f"tills/{till}/accounts"
    await add_account("a-bank", till, "pay.bank")
    assert "Offer it first" not in (await manager.get(page)).text
    await add_account("b-card", till, "pay.card")
    assert manager.text.count("Offer it first") == 0
    assert (await manager.get(page)).text.count("Offer it first") == 1
    await manager.post(f"{page}/offer", account="b-card", label="Carte bancaire", first="yes")
    assert "Payers are offered these ways in this order." in manager.text
    assert [(one.key, one.label) for one in await accounts_of(till)] == [("b-card", "Carte bancaire"), ("a-bank", "")]
    await manager.post(f"{page}/offer", account="a-bank", label="x" * 61)
    assert (manager.status, "x" * 61 in manager.text) == (422, True)
    assert re.search(r'id="label" name="label"[^>]*aria-invalid="true"', manager.text)
    await manager.post(f"{page}/offer", account="a-bank", label="  ")
    assert [(one.key, one.label) for one in await accounts_of(till)] == [("b-card", "Carte bancaire"), ("a-bank", "")]
    assert (await manager.post(f"{page}/offer", account=shop.account, label="Mine")).status == 404
    agent = await office.agent("agent")
    assert (await agent.post(f"{page}/offer", account="a-bank", label="Mine")).status == 403


async def test_a_secret_of_an_account_is_never_shown_again_and_stays_when_left_empty(office, shop):
    till = await ledger.open_till(office.calendar.emitter, "rink", "Patinoire", "own")
    manager, page = await office.agent("manager"), f"tills/{till}/accounts"
    await manager.post(page, provider="pay.card", number="7", key="sesame")
    [account] = await accounts_of(till)
    assert "sesame" not in (await manager.get(page)).text
    assert "One is kept, and not shown" in manager.text
    await manager.post(page, provider="pay.card", number="8", key=" ")
    assert await account_details(account.key, Details) == Details(number="8", key="sesame")
    await manager.post(page, provider="pay.card", number="", key="open")
    assert (manager.status, "open" in re.findall(r'value="([^"]*)"', manager.text)) == (422, False)
    await manager.post(page, provider="pay.card", number="8", key="open")
    assert (await account_details(account.key, Details)).key == "open"


async def test_the_accountant_sees_the_day_and_closes_it_once(office, shop):
    await shop.paid(1000)
    accountant = await office.agent("accountant")
    await accountant.get("", follow=True)
    assert accountant.page.url.path.endswith("/tills")
    await accountant.get(f"tills/{shop.till}")
    assert "€10.00" in accountant.text
    assert "Ten entries" in accountant.text
    today = ledger.today().isoformat()
    await accountant.post(f"tills/{shop.till}/closings", day=today)
    assert "The days are closed" in accountant.text
    await accountant.post(f"tills/{shop.till}/closings", day=today)
    assert (accountant.status, "already closed" in accountant.text) == (422, True)
    assert (await accountant.get(f"tills/{shop.till}/closings/1")).page.content.startswith(b"%PDF-")
    assert (await accountant.get(f"tills/{shop.till}/closings/2")).status == 404


async def test_journal_and_receipts_are_taken_away(office, shop):
    await shop.paid(1000)
    accountant = await office.agent("accountant")
    sheet = (await accountant.get(f"tills/{shop.till}/journal.csv")).page.text
    assert len(sheet.splitlines()) == 5
    assert (await accountant.get(f"tills/{shop.till}/journal.pdf")).page.content.startswith(b"%PDF-")
    await accountant.get(f"tills/{shop.till}/receipts")
    [receipt] = re.findall(rf"/tills/{shop.till}/receipts/[0-9a-f-]+", accountant.text)
    assert (await accountant.get(f"/office/{office.slug}{receipt}")).page.content.startswith(b"%PDF-")


async def test_a_refund_is_asked_for_by_one_and_approved_by_another(office, shop):
    _, settled = await shop.paid(1000)
    accountant, manager = await office.agent("accountant"), await office.agent("manager")
    one = f"tills/{shop.till}/payments/{settled.capture}"
    await accountant.post(one, cents="10,01", reason="Closed")
    assert (accountant.status, "More than was paid" in accountant.text) == (422, True)
    await accountant.post(one, cents="4,00", reason="Closed")
    assert "somebody else has to approve" in accountant.text
    [refund] = await refunds.refunds_of(settled.capture)
    act = f"tills/{shop.till}/refunds/{refund.id}"
    assert (await accountant.post(f"{act}/decide", act="approve")).status == 409
    assert (await manager.post(f"{act}/keep", act="paid")).status == 403
    await manager.post(f"{act}/decide", act="approve")
    assert "It is approved" in manager.text
    assert (await refunds.refund_by_id(refund.id)).state == "approved"
    assert (await manager.post(f"{act}/decide", act="approve")).status == 409


async def test_a_difference_is_closed_with_a_reason_only(office, shop):
    await reconciling.reconcile(shop.account, ledger.today(), [Row(RowKind.CAPTURE, "strange", 700)])
    accountant = await office.agent("accountant")
    await accountant.get(f"tills/{shop.till}/differences")
    assert "only in the statement" in accountant.text
    [one] = await reconciling.open_differences(shop.till)
    assert (await accountant.post(f"tills/{shop.till}/differences/{one.id}", reason=" ")).status == 422
    await accountant.post(f"tills/{shop.till}/differences/{one.id}", reason="Entered by hand on the next day")
    assert "No difference is open" in accountant.text
    assert (await accountant.post(f"tills/{shop.till}/differences/{one.id}", reason="Again")).status == 422


async def test_another_emitters_till_is_nobodys_business(office, shop):
    foreign = await a_shop()
    _, settled = await foreign.paid(1000)
    accountant, manager = await office.agent("accountant"), await office.agent("manager")
    for path in ("", "/journal.csv", "/closings", "/refunds", "/differences", f"/payments/{settled.capture}"):
        assert (await accountant.get(f"tills/{foreign.till}{path}")).status == 404, path
    assert (await accountant.get(f"tills/{shop.till}/payments/{settled.capture}")).status == 404
    assert (await manager.get(f"tills/{foreign.till}/accounts")).status == 404
    due = await foreign.due()
    assert (await manager.post(f"bills/{due.id}/cancel")).status == 404


async def test_money_that_pays_nothing_is_counted_and_given_back_or_gets_its_place(office, shop):
    free = False

    async def take(_):
        if not free:
            raise Conflict

    purposes.use({"pools": take})
    due, settled = await shop.paid(1000, purpose="pools")
    await settle(Money(shop.account, "stray", 700, clock.now()))
    [refund] = await refunds.refunds_of(settled.capture)
    await refunds.withdraw(refund.id)
    accountant, reader = await office.agent("accountant"), await office.agent("manager")
    await accountant.get(f"tills/{shop.till}")
    assert "2 payments to sort out" in accountant.text
    assert "2 payments to sort out" in (await accountant.get("tills")).text
    await accountant.get(f"tills/{shop.till}/idle")
    assert (accountant.text.count("Give the money back"), accountant.text.count("Give the place")) == (2, 1)
    one = f"tills/{shop.till}/idle/{settled.capture}"
    assert (await reader.post(one, act="back")).status == 403
    await accountant.post(one, act="place")
    assert (accountant.status, "still not free" in accountant.text) == (409, True)
    free = True
    await accountant.post(one, act="place")
    assert "What it was for is paid" in accountant.text
    assert (await intents.intent(due.id)).state == "paid"
    purposes.use({})
    assert (await accountant.post(one, act="place")).status == 409
    assert (await accountant.post(f"tills/{shop.till}/idle/{new_id()}", act="back")).status == 404
    _, plain = await shop.paid(1000)
    assert (await accountant.post(f"tills/{shop.till}/idle/{plain.capture}", act="back")).status == 404
    stray = re.search(rf"tills/{shop.till}/idle/[0-9a-f-]+", (await accountant.get(f"tills/{shop.till}/idle")).text)[0]
    await accountant.post(stray, act="back")
    assert "The refund is asked for" in accountant.text
    assert "There is no payment to sort out" in accountant.text


async def test_what_a_provider_pays_into_the_bank_is_not_typed_where_it_says_so_itself(office, shop):
    shop.provider.payouts = True
    await shop.paid(6000)
    accountant, page = await office.agent("accountant"), f"tills/{shop.till}/arrivals"
    await accountant.get(page)
    assert f"{shop.account} says itself what it has paid into the bank" in accountant.text
    assert "Where it came from" not in accountant.text
    assert "€60.00" in accountant.text
    typed = {"account": shop.account, "day": ledger.today().isoformat(), "cents": "59,00", "ref": "VIR 118"}
    await accountant.post(page, **typed)
    assert (accountant.status, "nothing is entered by hand" in accountant.text) == (422, True)
    shop.provider.payouts = False
    await accountant.post(page, **typed)
    assert "It is entered in the books" in accountant.text


async def test_a_refund_that_came_back_leaves_another_way_and_its_payer_is_told_how(office, shop):
    await (await office.agent()).post("bills/new", **bill(shop))
    [due] = await written(shop)
    shop.provider.pay(ref := await shop.opened(due.intent))
    settled = await look(shop.provider, shop.account, ref)
    accountant, manager = await office.agent("accountant"), await office.agent("manager")
    asked = await refunds.request(settled.capture, 400, "Closed", accountant.person, "mandate")
    await refunds.decide(asked.id, True, manager.person)
    await accountant.post(f"tills/{shop.till}/refunds/{asked.id}/keep", act="paid")
    await refund_notices.tell_of_refund(RefundDone(emitter=due.emitter, refund=asked.id, cents=400))
    [(template, letter)] = await letters()
    assert (template, "30 days" in str(letter.context["how"])) == ("office/refunded", True)
    await accountant.post(f"tills/{shop.till}/refunds/{asked.id}/keep", act="back")
    assert "can be sent another way" in accountant.text
    [_, again] = await refunds.refunds_of(settled.capture)
    await manager.post(f"tills/{shop.till}/refunds/{again.id}/decide", act="again", method="provider")
    assert "It is sent again" in manager.text
    assert (await refunds.refund_by_id(again.id)).method == "provider"


async def in_credit(shop, cents=500):
    """Léa has paid a bill too much by so many cents."""
    to = BillTo(contact=Contact(Channel.MAIL, BILL["mail"]), language="fr")
    charge = Charge(shop.till, "Bassin", "pools", 1000)
    [due] = await bills.write([charge], to, ledger.today(), new_id())
    shop.provider.pay(ref := await shop.opened(due.id), 1000 + cents)
    await look(shop.provider, shop.account, ref)


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


async def test_an_accountant_pays_a_credit_out(office, shop):
    await in_credit(shop)
    accountant = await office.agent("accountant")
    await accountant.get(f"tills/{shop.till}/credits")
    assert "€5.00 in credit" in accountant.text
    page = re.search(r"tills/[0-9a-f-]+/credits/[0-9a-f-]{36}", accountant.text)[0]
    await accountant.get(f"tills/{shop.till}/credits", after=page.rpartition("/")[2])
    assert "Nobody has a credit" not in accountant.text, "nothing comes after the last one"
    assert "To the first ones" in accountant.text
    await accountant.get(page)
    await accountant.post(page, cents="6,00", reason="Moves away")
    assert (accountant.status, "5,00 euros are left" in accountant.text) == (422, True)
    await accountant.post(page, cents="5,00", reason="Moves away")
    assert "somebody else has to approve it" in accountant.text
    assert "Nobody has a credit here" in (await accountant.get(f"tills/{shop.till}/credits")).text


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


@pytest.mark.parametrize("role", ["accountant", "manager"])
async def test_every_page_that_a_till_leads_to_opens_and_leads_to_its_area(office, shop, role):
    agent = await office.agent(role)
    await agent.get(f"tills/{shop.till}")
    asked, found = set(), {f"tills/{shop.till}"}
    while left := found - asked:
        page = min(left)
        asked.add(page)
        await agent.get(page)
        assert agent.status == 200, page
        rows = re.findall(r'<nav class="switch rooms.*?</nav>', agent.text, re.DOTALL)
        assert "".join(rows).count('aria-current="page"') == 1, page
        found |= set(re.findall(rf'href="/office/[^/]+/(tills/{shop.till}[^"]*)"', "".join(rows)))
    assert len(asked) == {"accountant": 13, "manager": 17}[role]


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
