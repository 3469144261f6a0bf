"""Direct debits: mandates without a gap, one file a batch, nothing paid twice, and what comes back is owed again."""

import asyncio
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from tests.core.payments.debiting import CREDITOR, IBAN, a_debiting_till, on, state

from parvis import clock
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, Invalid, Refused
from parvis.identity.actors import Actor
from parvis.payments import attempts, dues, expiring, payers
from parvis.payments import refunds as giving_back
from parvis.payments.books import ledger, proofs, receipts
from parvis.payments.debits import (
    batches,
    bringing,
    failing,
    mandates,
    openings,
    orders,
    personal,
    queries,
    withdrawing,
)
from parvis.payments.debits.bringing import Brought
from parvis.payments.invoices import bills
from parvis.payments.payers import payer
from parvis.testing.people import a_person
from parvis.testing.visits import put_clock

NS = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}"


@pytest.fixture
async def till(database):
    return await a_debiting_till()


async def test_a_mandate_is_numbered_without_a_gap_and_there_is_one(till):
    with pytest.raises(Invalid, match="mistyped"):
        await till.mandate(await till.bill(), "FR7630006000011234567890188")
    first = await till.mandate(await till.bill(mail="a@example.org"))
    intent = await till.bill(mail="b@example.org")
    with pytest.raises(Refused, match="already"):
        await till.mandate(await till.bill(mail="a@example.org"))
    second = await till.mandate(intent)
    assert (first.number, second.number) == (1, 2)
    assert (second.last, second.reference[-6:]) == ("0189", "000002")
    await withdrawing.revoke(first.id)
    assert (await till.mandate(await till.bill(mail="a@example.org"))).number == 3
    async with connection() as c:
        assert IBAN.encode() not in await c.fetchval("SELECT iban FROM parvis.sepa_mandate WHERE id = $1", first.id)


async def test_many_give_one_at_once(till):
    bill = await till.bill()
    others = [await till.bill(mail=f"m{n}@example.org") for n in range(8)]
    asked = [till.mandate(bill) for _ in range(6)] + [till.mandate(one) for one in others]
    given = await asyncio.gather(*asked, return_exceptions=True)
    made = [one for one in given if not isinstance(one, Exception)]
    assert {type(one) for one in given if isinstance(one, Exception)} == {Refused}
    assert sorted(one.number for one in made) == list(range(1, 10))


async def test_the_file_is_what_banks_read_and_the_same_each_time(till):
    await till.due(4250, "a@example.org")
    await till.due(99, "b@example.org")
    made = await till.batch()
    content = await orders.take(made.id)
    clock.move(timedelta(hours=3))
    assert await orders.take(made.id) == content
    root = ElementTree.fromstring(content)
    assert root.tag == f"{NS}Document"
    assert [one.text for one in root.iter(f"{NS}InstdAmt")] == ["42.50", "0.99"]
    assert {one.text for one in root.iter(f"{NS}CtrlSum")} == {"43.49"}
    assert {one.text for one in root.iter(f"{NS}SeqTp")} == {"FRST"}
    assert root.find(f".//{NS}MsgId").text == made.reference
    assert {one.text for one in root.iter(f"{NS}MndtId")} == {one.rum for one in await queries.lines_of(made.id)}
    assert made.day.isoformat() in content.decode()


async def test_what_is_collected_is_paid_with_its_receipt_and_the_next_follows(till):
    intent = await till.due(4250)
    made = await till.sent()
    assert (await state(intent), await till.books()) == ("pending", {})
    with pytest.raises(Refused, match="collects it on"):
        await batches.collect(made.id)
    on(made.day)
    assert await batches.collect(made.id) == 1
    assert (await state(intent), await till.books()) == ("paid", {"bank": 4250, "revenue:canteen": -4250})
    assert await receipts.gaps(till.till) == []
    await till.bill()
    assert (await till.line(await till.batch())).sequence == "RCUR"
    with pytest.raises(Refused, match="gone on"):
        await batches.collect(made.id)


async def test_only_bills_of_payers_with_a_mandate_and_on_a_working_day(till):
    await till.bill(mail="without@example.org")
    with pytest.raises(Refused, match="No bill is due"):
        await till.batch()
    intent = await till.due()
    revoked = await till.mandate(await till.bill(mail="r@example.org"))
    await withdrawing.revoke(revoked.id)
    sunday = next(day for day in _days() if day.weekday() == 6 and day > queries.soonest(CREDITOR))
    for day in (sunday, ledger.today()):
        with pytest.raises(Refused):
            await batches.make(till.till, day, till.by)
    made = await till.batch()
    assert [line.intent for line in await queries.lines_of(made.id)] == [intent.id]
    assert made.number == 1
    assert openings.is_open(made.day)


async def test_what_is_in_a_batch_is_not_paid_online_nor_given_up_until_it_is_dropped(till):
    intent = await till.due()
    made = await till.batch()
    with pytest.raises(Refused):
        await till.shop.opened(intent.id)
    put_clock(clock.now() + timedelta(days=40))
    assert await expiring.expire_due(till.provider_of) == 0
    assert (await dues.dues_in(intent.basket))[0].debited
    await batches.drop(made.id)
    with pytest.raises(Refused):
        await batches.send(made.id)
    assert await state(intent) == "created"


async def test_what_is_being_paid_online_is_in_no_batch(till):
    intent = await till.due()
    await till.shop.opened(intent.id)
    assert await till.ready() == []
    with pytest.raises(Refused, match="No bill"):
        await till.batch()


@pytest.mark.parametrize("seed", range(3))
async def test_a_batch_and_a_page_at_the_same_moment_never_have_the_same_amount(till, seed):
    due = [await till.due(1000 + n, f"p{n}@example.org") for n in range(8)]
    turned = due[seed:] + due[:seed]

    async def online(intent):
        try:
            return intent.id, await till.shop.opened(intent.id)
        except Refused:
            return None

    opened, made = await asyncio.gather(asyncio.gather(*map(online, turned)), _made(till))
    pages = {one[0] for one in opened if one}
    listed = {line.intent for line in await queries.lines_of(made.id)} if made else set()
    assert pages & listed == set()
    assert pages | listed == {one.id for one in due}
    async with connection() as c:
        sql = "SELECT max(n) FROM (SELECT count(*) n FROM parvis.payment_attempt GROUP BY intent) AS many"
        assert await c.fetchval(sql) == 1


async def test_a_debit_that_is_rejected_can_be_paid_otherwise_and_its_mandate_may_end(till):
    intent = await till.due()
    put_clock(clock.now() + timedelta(days=4))
    made = await till.sent()
    assert await failing.fail((await till.line(made)).id, "AC04") == "rejected"
    put_clock(clock.now() + timedelta(days=10))
    assert await expiring.expire_due(till.provider_of) == 0
    assert await mandates.of_payer(till.till, await payer(intent.basket)) is None
    till.shop.provider.pay(ref := await till.shop.opened(intent.id))
    await attempts.look(till.shop.provider, till.shop.account, ref)
    assert await state(intent) == "paid"
    on(made.day)
    assert await batches.collect(made.id) == 0
    with pytest.raises(Refused):
        await failing.fail((await till.line(made)).id, "AM04")


async def test_a_debit_that_comes_back_a_year_later_is_owed_again_and_paid_once(till):
    intent = await till.due(4250)
    made = await till.collected()
    put_clock(clock.now() + timedelta(days=390))
    line = await till.line(made)
    assert await failing.fail(line.id, "MD06") == "returned"
    owed = {"receivable": 4250, "revenue:canteen": -4250}
    assert (await state(intent), await till.books()) == ("created", owed)
    with pytest.raises(Refused):
        await failing.fail(line.id, "MD06")
    async with connection() as c:
        capture = await c.fetchval("SELECT id FROM parvis.capture")
    with pytest.raises(Refused, match="cannot be given back"):
        await giving_back.request(capture, 1, "again", new_id())
    [due] = await dues.dues_in(intent.basket)
    assert (due.payable, due.paid) == (True, 0)
    till.shop.provider.pay(ref := await till.shop.opened(intent.id))
    await attempts.look(till.shop.provider, till.shop.account, ref)
    clearing = f"clearing:{till.shop.account}"
    assert (await state(intent), await till.books()) == ("paid", {clearing: 4250, "revenue:canteen": -4250})
    assert await proofs.unbalanced() == []
    assert await receipts.gaps(till.till) == []


async def test_a_debit_for_a_bill_that_was_taken_back_is_given_back_and_a_return_needs_none(till):
    intent = await till.due()
    made = await till.sent()
    await bills.take_back(intent.id)
    on(made.day)
    await batches.collect(made.id)
    assert (await state(intent), await till.books()) == ("to_refund", {"bank": 1000, "refund_due": -1000})
    await failing.fail((await till.line(made)).id, "MD06")
    assert (await state(intent), await till.books()) == ("cancelled", {})
    put_clock(clock.now() + timedelta(days=6 * 366))
    assert await payers.forget_old() == 1
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.refund") == "cancelled"


async def test_a_return_by_many_at_once_is_entered_once(till):
    await till.due()
    made = await till.collected()
    line = await till.line(made)
    done = await asyncio.gather(*(failing.fail(line.id, "AM04") for _ in range(8)), return_exceptions=True)
    assert sum(one == "returned" for one in done) == 1
    assert {type(one) for one in done if one != "returned"} <= {Refused, Conflict}
    assert await till.books() == {"receivable": 1000, "revenue:canteen": -1000}


PAIN_002 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><OrgnlPmtInfAndSts>
{transactions}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"""
REJECTED = """<TxInfAndSts><OrgnlEndToEndId>{ref}</OrgnlEndToEndId><TxSts>{status}</TxSts>
<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf></TxInfAndSts>"""
CAMT_053 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Ntry><NtryDtls><TxDtls>
<Refs><EndToEndId>{ref}</EndToEndId></Refs><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls>
<TxDtls><Refs><EndToEndId>OTHER</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""


async def test_what_a_banks_file_says_is_entered_once(till):
    first, second = await till.due(1000, "a@example.org"), await till.due(2000, "b@example.org")
    made = await till.sent()
    lines = {line.intent: line for line in await queries.lines_of(made.id)}
    told = "".join(
        REJECTED.format(ref=ref, status=status, code=code)
        for ref, status, code in (
            (lines[first.id].reference, "RJCT", "AM04"),
            (lines[second.id].reference, "ACCP", "AM04"),
            ("unknown", "RJCT", "AM04"),
        )
    )
    content = PAIN_002.format(transactions=told).encode()
    assert await bringing.bring(till.till, content) == Brought(1, 0, 1)
    assert await bringing.bring(till.till, content) == Brought(0, 1, 1)
    on(made.day)
    assert await batches.collect(made.id) == 1
    assert (await state(first), await state(second)) == ("created", "paid")
    back = CAMT_053.format(ref=lines[second.id].reference).encode()
    assert await bringing.bring(till.till, back) == Brought(1, 0, 0)
    assert await state(second) == "created"
    other = await a_debiting_till()
    assert await bringing.bring(other.till, back) == Brought(0, 0, 1)


@pytest.mark.parametrize("content", [b"", b"<a", b"\xff", b"<Document/>", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
async def test_a_file_that_is_none_is_said_to_be_none(till, content):
    with pytest.raises(Invalid, match="no file of a bank"):
        await bringing.bring(till.till, content)


async def _made(till):
    try:
        return await till.batch()
    except Refused:
        return None


def _days():
    return (ledger.today() + timedelta(days=n) for n in range(60))


async def test_who_gave_a_mandate_is_shown_it_and_forgotten_once_nothing_can_come_back(till):
    person = await a_person()
    intent = await till.bill()
    async with transaction() as c:
        await c.execute("UPDATE parvis.basket SET person = $2 WHERE id = $1", intent.basket, person)
    given = await till.mandate(intent)
    [shown] = await personal.export(Actor(person=person))
    assert (shown["reference"], shown["last"], shown["revoked_at"]) == (given.reference, IBAN[-4:], None)
    assert await personal.export(Actor(person=await a_person())) == []
    await withdrawing.revoke(given.id)
    for days, gone in ((390, 0), (20, 1), (1, 0)):
        clock.move(timedelta(days=days))
        assert await personal.forget_old() == gone
    assert await personal.export(Actor(person=person)) == []
    kept = await mandates.one(given.id)
    assert (kept.reference, kept.name, kept.last) == (given.reference, "", "")


async def test_a_mandate_that_was_not_used_for_three_years_ends_and_one_that_was_stays(till):
    idle = await till.mandate(await till.bill(mail="idle@example.org"))
    used = await till.due(mail="used@example.org")
    clock.move(timedelta(days=2 * 365))
    await till.bill(mail="used@example.org")
    await till.batch()
    clock.move(timedelta(days=370))
    await personal.forget_old()
    assert (await mandates.one(idle.id)).revoked_at
    assert await mandates.of_payer(till.till, await payer(used.basket))


async def test_what_is_rejected_while_its_batch_is_collected_is_never_money(till):
    made = [(await till.due(mail=f"payer{n}@example.org"), await till.sent()) for n in range(12)]
    lines = [await till.line(batch) for _, batch in made]
    on(made[-1][1].day)

    async def both(batch, line):
        answers = await asyncio.gather(batches.collect(batch.id), failing.fail(line.id, "AM04"), return_exceptions=True)
        assert [one for one in answers if isinstance(one, BaseException) and not isinstance(one, Refused)] == []

    await asyncio.gather(*(both(batch, line) for (_, batch), line in zip(made, lines, strict=True)))
    for intent, batch in made:
        line = await till.line(batch)
        async with connection() as c:
            taken = await c.fetchval("SELECT count(*) FROM parvis.capture WHERE intent = $1", intent.id)
        assert (line.state, taken) in {("rejected", 0), ("returned", 1)}
        assert await state(intent) != "paid"
    assert await proofs.unbalanced() == []
    assert (await till.books()).get("bank", 0) == 0
