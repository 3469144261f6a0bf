"""Direct debits in the back office and at the payer's: agreed to, put into a file, collected, and what comes back."""

from datetime import timedelta
from html import unescape

import httpx
import pytest

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.events import DebitAnnounced, DebitFailed
from parvis.identity.contacts import Contact
from parvis.messages.sealing import unseal
from parvis.office.tills import debit_notices
from parvis.payments import intents, payers
from parvis.payments.books import ledger
from parvis.payments.debits import batches, creditors, mandates, orders, queries, watching
from parvis.payments.debits.creditors import Creditor
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.testing.visits import put_clock

IBAN = "FR76 3000 6000 0112 3456 7890 189"
CREDITOR = {
    "name": "Régie de la cantine",
    "iban": "DE89 3704 0044 0532 0130 00",
    "identifier": "de98 zzz 0999 9999 999",
}


@pytest.fixture
async def till(office):
    found = await ledger.open_till(office.calendar.emitter, "canteen", "Régie de la cantine")
    await creditors.keep(found, Creditor(**CREDITOR))
    return found


async def bill(till, cents=4250, mail="lea@example.org", days=5):
    to = BillTo(contact=Contact(Channel.MAIL, mail), language="fr")
    last = ledger.today() + timedelta(days=days)
    [intent] = await bills.write([Charge(till, "Cantine, novembre", "canteen", cents)], to, last, new_id())
    return intent


@pytest.fixture
async def payer(office, till):
    """A payer without an account, by the link of a bill."""
    intent = await bill(till)
    key = payers.link_key(intent.basket, clock.now() + timedelta(days=30))
    base = settings.current().base_url
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(office.app),
        base_url=base,
        headers={"accept": "text/html", "accept-language": "en", "origin": base},
        params={"key": key},
        follow_redirects=True,
    ) as http:
        yield intent, f"/my/payments/{intent.basket}", http


async def agreed(payer, till, **other):
    _, base, http = payer
    told = {"name": "Léa Keller", "iban": IBAN, "agreed": "yes"} | other
    return await http.post(f"{base}/mandate/{till}", data=told)


async def test_a_manager_says_for_whom_the_bank_collects(office):
    till = await ledger.open_till(office.calendar.emitter, "rink", "Patinoire")
    manager = await office.agent("manager")
    assert "This till does not debit yet" in (await manager.get(f"tills/{till}/debits")).text
    wrong = {**CREDITOR, "name": "", "iban": "DE8", "identifier": "x", "bic": "1", "lead": "0"}
    await manager.post(f"tills/{till}/debits/creditor", **wrong)
    assert manager.status == 422
    await manager.post(f"tills/{till}/debits/creditor", **(wrong | {"lead": "5"}))
    for said in ("has 22 signs", "Copy the creditor identifier", "Write the creditor’s name", "A BIC has 8 or 11"):
        assert said in manager.text, said
    await manager.post(f"tills/{till}/debits/creditor", **CREDITOR, bic="", lead="5")
    assert "Payers can now agree" in manager.text
    kept = await creditors.creditor_of(till)
    assert (kept.iban, kept.identifier, kept.lead) == ("DE89370400440532013000", "DE98ZZZ09999999999", 5)
    accountant = await office.agent("accountant")
    assert (await accountant.get(f"tills/{till}/debits/creditor")).status == 403


async def test_a_payer_agrees_and_takes_it_back(payer, till):
    intent, base, http = payer
    assert "Have it debited from your bank account" in unescape((await http.get(base)).text)
    page = await agreed(payer, till, iban="FR76 3000 6000 0112 3456 7890 188", agreed="")
    assert (page.status_code, "Tick that you agree" in page.text) == (422, True)
    page = await agreed(payer, till, iban="FR76 3000 6000 0112 3456 7890 188")
    assert (page.status_code, "mistyped" in page.text, 'value="Léa Keller"' in page.text) == (422, True, True)
    page = await agreed(payer, till)
    assert "It is agreed" in page.text
    assert "IBAN ending in 0189" in page.text
    assert "FR76" not in page.text
    assert "There is a mandate already" in unescape((await agreed(payer, till)).text)
    page = await http.post(f"{base}/mandate/{till}/revoke")
    assert "It is revoked" in page.text
    assert await mandates.of_payer(till, await payers.payer(intent.basket)) is None


async def test_who_has_no_key_sees_no_mandate(office, payer, till):
    _, base, http = payer
    await agreed(payer, till)
    for params in ({}, {"key": "wrong"}):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(office.app), base_url=http.base_url) as other:
            for method, part in (("GET", ""), ("POST", ""), ("POST", "/revoke")):
                headers = {"origin": settings.current().base_url}
                answer = await other.request(method, f"{base}/mandate/{till}{part}", params=params, headers=headers)
                assert answer.status_code in {403, 404, 410}, answer.text
    foreign = await ledger.open_till(office.calendar.emitter, "other", "Autre")
    assert (await http.get(f"{base}/mandate/{foreign}")).status_code == 404


async def test_the_accountant_makes_a_batch_takes_its_file_and_says_what_became_of_it(office, payer, till):
    intent, base, http = payer
    accountant, page = await office.agent("accountant"), f"tills/{till}/debits"
    assert "of somebody with a mandate" in (await accountant.get(page)).text
    await agreed(payer, till)
    await bill(till, 700, days=40)
    assert "1 bill is due" in (await accountant.get(page)).text
    assert "1 later bill" in accountant.text
    await accountant.post(page, day=ledger.today().isoformat())
    assert (accountant.status, "Choose a day from" in accountant.text) == (422, True)
    await accountant.post(page, day=queries.soonest(await creditors.creditor_of(till)).isoformat())
    assert "The batch is made" in accountant.text
    [batch] = await queries.batches_of(till)
    at = f"{page}/{batch.id}"
    await accountant.post(at, act="send")
    assert (accountant.status, "Take its file to the bank first" in accountant.text) == (422, True)
    file = (await accountant.get(f"{at}/file.xml")).page
    assert file.headers["content-type"].startswith("application/xml")
    assert b"FR7630006000011234567890189" in file.content
    assert "FR76" not in (await accountant.get(at)).text
    assert "It is debited from your bank account" in (await http.get(base)).text
    await accountant.post(at, act="collect")
    assert (accountant.status, "gone on meanwhile" in accountant.text) == (422, True)
    assert "The payers are told" in (await accountant.post(at, act="send")).text
    assert "Enter what it rejects before" in accountant.text
    await accountant.post(at, act="collect")
    assert (accountant.status, "come back then" in accountant.text) == (422, True)
    put_clock(clock.now() + timedelta(days=(batch.day - ledger.today()).days))
    accountant = await office.agent("accountant")
    assert "the money is in the books" in (await accountant.post(at, act="collect")).text
    [line] = await queries.lines_of(batch.id)
    await accountant.post(f"{at}/{line.id}", reason="zz")
    assert (accountant.status, "four signs" in accountant.text) == (422, True)
    await accountant.post(f"{at}/{line.id}", reason="am04")
    assert "there was not enough money" in accountant.text
    assert (await intents.intent(intent.id)).state == "created"
    async with connection() as c:
        acts = {row["action"] for row in await c.fetch("SELECT action FROM parvis.audit_trace")}
    assert {"make-debits", "take-debits", "send-debits", "collect-debits", "fail-debit"} <= acts


async def test_the_payer_is_told_before_and_after_once(payer, till):
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    [line] = await queries.lines_of(made.id)
    await orders.take(made.id)
    await batches.send(made.id)
    for _ in range(2):
        await debit_notices.tell_before(DebitAnnounced(debit=line.id))
        await debit_notices.tell_of_failure(DebitFailed(debit=line.id))
    async with connection() as c:
        sql = "SELECT template, sealed FROM parvis.message WHERE template LIKE 'office/debit%' ORDER BY queued_at"
        rows = await c.fetch(sql)
    assert [row["template"] for row in rows] == ["office/debit", "office/debit-failed"]
    told = unseal(rows[0]["sealed"])
    assert (told.address, told.context["cents"], told.context["last"]) == ("lea@example.org", 4250, "0189")


async def test_a_mandate_on_paper_is_typed_in_and_revoked(office, till):
    accountant, page = await office.agent("accountant"), f"tills/{till}/mandates"
    told = {"mail": "paul@example.org", "name": "Paul Weiss", "iban": IBAN, "signed_on": ledger.today().isoformat()}
    late = (ledger.today() + timedelta(days=2)).isoformat()
    await accountant.post(page, **{**told, "signed_on": late})
    assert (accountant.status, "not after today" in accountant.text) == (422, True)
    assert "counts from now on" in (await accountant.post(page, **told)).text
    assert "Paul Weiss" in accountant.text
    [mandate] = await mandates.of_till(till)
    assert (mandate.given_by, mandate.number) == (accountant.person, 1)
    in_a_week = ledger.today() + timedelta(days=7)
    assert [one.mandate for one in await queries.ready(till, in_a_week)] == []
    await bill(till, mail="paul@example.org")
    assert [one.mandate for one in await queries.ready(till, in_a_week)] == [mandate.id]
    assert "is revoked" in (await accountant.post(f"{page}/{mandate.id}/revoke")).text
    assert (await accountant.post(f"{page}/{mandate.id}/revoke")).status == 422


async def test_a_banks_file_is_brought_in(office, payer, till):
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    await orders.take(made.id)
    await batches.send(made.id)
    [line] = await queries.lines_of(made.id)
    accountant, page = await office.agent("accountant"), f"tills/{till}/debits"
    address = accountant.url(f"{page}/bring")
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><TxInfAndSts>'
        f"<OrgnlEndToEndId>{line.reference}</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn>"
        "</StsRsnInf></TxInfAndSts></CstmrPmtStsRpt></Document>"
    )
    said = []
    for sent in (b"", b"not xml", content.encode(), content.encode()):
        answer = await accountant.http.post(address, files={"file": ("bank.xml", sent)}, follow_redirects=True)
        said.append((answer.status_code, unescape(answer.text)))
    assert [status for status, _ in said] == [422, 422, 200, 200]
    assert "no file of a bank" in said[1][1]
    assert "1 debit did not work" in said[2][1]
    assert "1 was known already" in said[3][1]


async def test_another_tills_batches_and_mandates_are_not_there(office, payer, till):
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    [line], [mandate] = await queries.lines_of(made.id), await mandates.of_till(till)
    other = await ledger.open_till(office.calendar.emitter, "other", "Autre")
    accountant = await office.agent("accountant")
    for path in (f"debits/{made.id}", f"debits/{made.id}/file.xml"):
        assert (await accountant.get(f"tills/{other}/{path}")).status == 404
    for path, data in (
        (f"debits/{made.id}", {"act": "send"}),
        (f"debits/{made.id}/{line.id}", {"reason": "AM04"}),
        (f"mandates/{mandate.id}/revoke", {}),
    ):
        assert (await accountant.post(f"tills/{other}/{path}", **data)).status == 404
    assert (await accountant.post(f"tills/{till}/debits/{made.id}/{new_id()}", reason="AM04")).status == 404
    assert (await queries.batch_by_id(made.id)).state == "made"


async def test_what_was_taken_back_is_said_before_the_bank_has_the_file(office, payer, till):
    intent, *_ = payer
    await agreed(payer, till)
    await bill(till, 700)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    accountant, page = await office.agent("accountant"), f"tills/{till}/debits"
    at = f"{page}/{made.id}"
    await accountant.get(f"{at}/file.xml")
    await bills.take_back(intent.id)
    assert "1 debit was taken back after the file was taken" in (await accountant.get(at)).text
    await accountant.post(at, act="send")
    assert (accountant.status, "take the file once more" in accountant.text) == (422, True)
    assert "The payers are told" in (await accountant.post(at, act="send-former")).text
    for line in await queries.lines_of(made.id):
        await debit_notices.tell_before(DebitAnnounced(debit=line.id))
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.message WHERE template = 'office/debit'") == 1


async def test_a_file_of_which_nothing_is_left_is_none(office, payer, till):
    intent, *_ = payer
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    await bills.take_back(intent.id)
    accountant = await office.agent("accountant")
    await accountant.get(f"tills/{till}/debits/{made.id}/file.xml")
    assert (accountant.status, "give the batch up" in accountant.text) == (422, True)


async def test_batches_that_wait_are_said_where_the_accountant_works(office, payer, till):
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    put_clock(clock.now() + timedelta(days=(made.day - ledger.today()).days))
    accountant = await office.agent("accountant")
    for page in ("debits", f"debits/{made.id}"):
        assert "nobody has said that the bank has its file" in (await accountant.get(f"tills/{till}/{page}")).text
    await orders.take(made.id)
    await batches.send(made.id)
    put_clock(clock.now() + timedelta(days=15))
    accountant = await office.agent("accountant")
    assert "The bank was to collect it on" in (await accountant.get(f"tills/{till}/debits")).text
    await watching.note_waiting()
    assert "1 difference to close" in (await accountant.get(f"tills/{till}")).text
    assert "Batch of direct debits" in (await accountant.get(f"tills/{till}/differences")).text


async def test_a_statement_that_brings_the_money_closes_the_batch(office, payer, till):
    await agreed(payer, till)
    made = await batches.make(till, queries.soonest(await creditors.creditor_of(till)), new_id())
    await orders.take(made.id)
    await batches.send(made.id)
    put_clock(clock.now() + timedelta(days=(made.day - ledger.today()).days))
    accountant, page = await office.agent("accountant"), f"tills/{till}/debits"
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Ntry>'
        '<Amt Ccy="EUR">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls><Btch><PmtInfId>'
        f"{made.reference}-FRST</PmtInfId></Btch></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    said = []
    for amount in ("42.00", "42.50"):
        sent = {"file": ("bank.xml", content.format(amount).encode())}
        answer = await accountant.http.post(accountant.url(f"{page}/bring"), files=sent, follow_redirects=True)
        said.append(unescape(answer.text))
    assert "The money for 1 batch is not what is left of it" in said[0]
    assert "The bank has collected 1 batch" in said[1]
    assert (await queries.batch_by_id(made.id)).state == "collected"
