"""The accountant's pages: what arrived at the bank, handing over, limits, the journal, unpaid bills; who may not."""

import csv
import re
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.identity.contacts import Contact
from parvis.messages.sealing import unseal
from parvis.office.tills import duty_notices, journaling
from parvis.payments import payers, refund_sending, refunds
from parvis.payments.attempts import look
from parvis.payments.books import closings, ledger, limits, transfers
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, unpaid
from parvis.payments.invoices.bills import BillTo
from parvis.testing.payments import a_shop


@pytest.fixture
async def shop(office):
    return await a_shop(emitter=office.calendar.emitter)


async def late(shop, label="Cantine", mail="lea@example.org"):
    to = BillTo(contact=Contact(Channel.MAIL, mail), language="fr")
    day = ledger.today() + timedelta(days=3)
    [one] = await bills.write([Charge(shop.till, label, "canteen", 1250)], to, day, new_id())
    clock.move(timedelta(days=4))
    return one


async def traces(action):
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action = $1", action)


async def test_money_arrives_at_the_bank_and_is_handed_over_with_a_slip(office, shop):
    await shop.paid(6000)
    accountant, today = await office.agent("accountant"), ledger.today().isoformat()
    await accountant.get(f"tills/{shop.till}")
    assert "What lies where" in accountant.text
    page = f"tills/{shop.till}/arrivals"
    assert "€60.00" in (await accountant.get(page)).text
    typed = {"account": shop.account, "day": today, "cents": "59,00", "fees": "1", "ref": "VIR 118"}
    for wrong, said in (
        ({"cents": "60,01"}, "The books have 60,00 euros there"),
        ({"cents": "x"}, "is not an amount"),
        ({"day": "2099-01-01"}, "still to come"),
        ({"ref": ""}, "reference of the transfer"),
        ({"account": "sandbox-other"}, "where it came from"),
    ):
        await accountant.post(page, **typed | wrong)
        assert (accountant.status, said in accountant.text) == (422, True), wrong
    await accountant.post(page, **typed)
    assert "It is entered in the books" in accountant.text
    assert "VIR 118" in accountant.text
    await accountant.post(page, **typed | {"cents": "0", "fees": "0,01"})
    assert accountant.status == 422
    over = f"tills/{shop.till}/handing-over"
    await accountant.post(over, what="bank", cents="59", slip="B 7", day=today)
    assert "B 7" in accountant.text
    [slip] = re.findall(rf"/tills/{shop.till}/handing-over/\d+", accountant.text)
    assert (await accountant.get(f"/office/{office.slug}{slip}")).page.content.startswith(b"%PDF-")
    assert (await accountant.get(f"{over}/1")).status == 404
    assert {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents} == {
        "fees": 100,
        "paid_over": 5900,
        "revenue:pools": -6000,
    }


async def test_the_manager_says_what_the_till_may_keep_and_the_accountant_is_told_once(office, shop):
    manager, accountant = await office.agent("manager"), await office.agent("accountant")
    page = f"tills/{shop.till}/limits"
    assert (await accountant.get(page)).status == 403
    for wrong, said in (
        ({"cash_most": "x"}, "is not an amount"),
        ({"cash_most": "0"}, "at least a cent"),
        ({"keeper": str(accountant.person)}, "from which day on"),
    ):
        await manager.post(page, **wrong)
        assert (manager.status, said in manager.text) == (422, True), wrong
    assert (await manager.post(page, keeper=str(new_id()), keeper_since="2027-01-01")).status == 404
    await manager.post(page, held_most="50,00", keeper=str(accountant.person), keeper_since="2020-01-01")
    assert "Kept." in manager.text
    assert (await limits.limits_of(shop.till)).held_most == 5000
    assert 'value="50,00"' in (await manager.get(page)).text
    await shop.paid(6000)
    await transfers.arrive(shop.account, transfers.Moved("1", ledger.today(), 6000), new_id())
    await accountant.get(f"tills/{shop.till}")
    assert "as the till may keep, or more" in accountant.text
    assert "to be handed over: €60.00" in (await accountant.get("tills")).text
    async with transaction() as c:
        await c.execute("UPDATE parvis.person SET email = 'sophie@example.org' WHERE id = $1", accountant.person)
    for _ in range(2):
        await duty_notices.tell()
    async with connection() as c:
        rows = await c.fetch("SELECT sealed FROM parvis.message WHERE template = 'office/till-duty'")
    letters = [unseal(row["sealed"]) for row in rows]
    assert {letter.context["cents"] for letter in letters} == {6000}
    told = [str(letter.context["why"]) for letter in letters]
    assert len(told) == len(set(told))
    assert [why for why in told if "in cash and at the bank" in why]
    assert {letter.address for letter in letters} == {"sophie@example.org"}


async def test_the_journal_goes_out_by_days_by_closing_and_in_volumes(office, shop, monkeypatch):
    monkeypatch.setattr(journaling, "_VOLUME", 2)
    first = ledger.today()
    await shop.paid(1000)
    await closings.close(shop.till, first)
    clock.move(timedelta(days=1))
    await shop.paid(2000)
    accountant, page = await office.agent("accountant"), f"tills/{shop.till}/journal"

    async def numbers(query=""):
        rows = (await accountant.get(f"{page}.csv{query}")).page.text.splitlines()[1:]
        return sorted({int(row.split(";")[0]) for row in rows})

    assert await numbers() == [1, 2, 3, 4]
    assert await numbers("?closing=1") == [1, 2]
    assert await numbers(f"?since={first + timedelta(days=1)}") == [3, 4]
    assert await numbers(f"?until={first}") == [1, 2]
    assert await numbers(f"?since={first + timedelta(days=5)}") == []
    assert "4 entries" in (await accountant.get(page)).text
    assert "Volume 2 (PDF), entries 3 to 4" in accountant.text
    for query in ("?part=2", "?closing=1", f"?since={first + timedelta(days=5)}"):
        assert (await accountant.get(f"{page}.pdf{query}")).page.content.startswith(b"%PDF-"), query
    assert (await accountant.get(f"{page}.pdf?part=3")).status == 422
    assert (await accountant.get(f"{page}.csv?closing=9")).status == 404
    for wrong in ("?since=x", f"?since={first}&until=2020-01-01"):
        assert (await accountant.get(page + wrong)).status == 422
        assert (await accountant.get(f"{page}.csv{wrong}")).status == 422
    assert "journal?closing=1" in (await accountant.get(f"tills/{shop.till}/closings")).text


async def test_unpaid_bills_are_listed_taken_away_and_given_to_the_public_accountant(office, shop):
    one, other = await late(shop), await late(shop, "=1+1", "max@example.org")
    accountant, page = await office.agent("accountant"), f"tills/{shop.till}/unpaid"
    await accountant.get(page)
    for said in ("lea@example.org", "max@example.org", "€25.00", "F2"):
        assert said in accountant.text
    sheet = (await accountant.get(f"{page}.csv")).page.text.splitlines()
    assert sheet[0].lstrip("\ufeff") == "invoice;part;due;days_late;debtor;contact;what;amount"
    assert sheet[2].split(";")[5:] == ["max@example.org", "'=1+1", "12,50"]
    assert len((await accountant.get(f"{page}.csv", day="2020-01-01")).page.text.splitlines()) == 1
    assert (await accountant.get(f"{page}.pdf")).page.content.startswith(b"%PDF-")
    assert await traces("see-unpaid") == 4
    assert (await accountant.post(page, ref="7")).status == 422
    assert (await accountant.post(page, intent=str(one.id), ref="")).status == 422
    await accountant.post(page, intent=[str(one.id), str(other.id)], ref="2027-3")
    assert "The public accountant collects them now" in accountant.text
    assert "List 2027-3" in accountant.text
    assert (await unpaid.total(shop.till, ledger.today())).bills == 0
    await accountant.post(f"{page}/recall", intent=str(one.id))
    assert "It came back" in accountant.text
    assert (await accountant.post(f"{page}/recall", intent=str(one.id))).status == 422
    assert (await traces("pass-on-bills"), await traces("recall-bill")) == (1, 1)


async def test_what_cannot_be_given_away_is_said_and_the_rest_is_given(office, shop):
    one = await late(shop)
    to = BillTo(contact=Contact(Channel.MAIL, "a@example.org"), language="fr")
    [early] = await bills.write([Charge(shop.till, "Cantine", "canteen", 500)], to, ledger.today(), new_id())
    accountant = await office.agent("accountant")
    await accountant.post(f"tills/{shop.till}/unpaid", intent=[str(one.id), str(early.id)], ref="7")
    assert "can still be paid in time" in accountant.text
    assert "The public accountant collects them now" in accountant.text
    assert [found.intent for found in await unpaid.passed(shop.till)] == [one.id]


async def test_a_payer_is_told_who_collects_it(office, shop):
    one = await late(shop)
    await unpaid.pass_on(shop.till, [one.id], "1", new_id())
    key = payers.link_key(one.basket, clock.now() + timedelta(days=1))
    somebody = await office.agent("reader")
    await somebody.get(f"/my/payments/{one.basket}", key=key)
    assert "the public accountant (Trésor public) collects it" in somebody.text
    assert "Pay " not in somebody.text


async def test_none_of_it_is_for_agents_managers_or_other_emitters(office, shop):
    foreign, one = await a_shop(), await late(shop)
    accountant, manager, agent = [await office.agent(role) for role in ("accountant", "manager", "agent")]
    for path in ("arrivals", "unpaid", "unpaid.csv", "unpaid.pdf", "journal", "journal.csv", "handing-over"):
        assert (await accountant.get(f"tills/{foreign.till}/{path}")).status == 404, path
        assert (await agent.get(f"tills/{shop.till}/{path}")).status == 403, path
        expected = 200 if path.startswith("journal") else 403
        assert (await manager.get(f"tills/{shop.till}/{path}")).status == expected, path
    assert (await accountant.post(f"tills/{foreign.till}/unpaid", intent=str(one.id), ref="1")).status == 404


async def test_the_journal_names_each_movement_as_the_providers_statement_does(office, shop):
    due = await shop.due(1500)
    shop.provider.pay(ref := await shop.opened(due.id))
    settled = await look(shop.provider, shop.account, ref)
    refund = await refunds.request(settled.capture, 500, "Closed", new_id(), "provider")
    await refunds.decide(refund.id, True, new_id())
    await refund_sending.send(refund.id, shop.provider)
    await transfers.arrive(shop.account, transfers.Moved("VIR 7", ledger.today(), 1000), new_id())
    accountant, page = await office.agent("accountant"), f"tills/{shop.till}/journal"
    sheet = (await accountant.get(f"{page}.csv")).page.text.lstrip("\ufeff")
    head, *rows = list(csv.reader(sheet.splitlines(), delimiter=";"))
    assert head == ["number", "day", "kind", "source", "account", "debit", "credit", "reference"]
    at_provider = {(kind, ref) for _, _, kind, _, account, *_, ref in rows if account == f"clearing:{shop.account}"}
    assert at_provider == {("capture", ref), ("refund", str(refund.id)), ("payout", "VIR 7")}
    said = PdfReader(BytesIO((await accountant.get(f"{page}.pdf")).page.content)).pages[0].extract_text()
    assert all(name in "".join(said.split()) for name in (ref, str(refund.id), "VIR7"))
