"""Tills in the back office: opened, kept, closed; refunds by two people; differences with a reason."""

import re

import pytest
from tests.core.office.selling import Details, bill, in_credit, letters, shop, written

from parvis import clock, plugins
from parvis.contract.payments import Row, RowKind
from parvis.contract.values import PaymentProvider
from parvis.db import connection, new_id
from parvis.errors import Conflict, Text
from parvis.events import RefundDone
from parvis.office.tills import refund_notices
from parvis.payments import intents, purposes, refunds
from parvis.payments.accounts import account_details, accounts_of, add_account
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.settling import Money, settle
from parvis.payments.statements import reconciling
from parvis.territory.actions import enable_plugin
from parvis.testing.payments import a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox

__all__ = ["shop"]


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
