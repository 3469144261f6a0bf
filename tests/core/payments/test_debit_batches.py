"""What goes into a batch, and stays in it: on its day, once, as long as it is owed and the payer lets it be."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from tests.core.payments.debiting import CREDITOR, a_debiting_till, on, one, state

from parvis import clock
from parvis.contract.payments import Caps, Found
from parvis.contract.values import Channel
from parvis.db import new_id, transaction
from parvis.errors import Invalid, NotFound, Refused
from parvis.identity import actions as identity
from parvis.identity.actors import Actor, Proof
from parvis.identity.contacts import Contact
from parvis.payments import dues, expiring, payers
from parvis.payments.books import ledger, proofs
from parvis.payments.debits import (
    batches,
    bringing,
    failing,
    files,
    inquiring,
    mandates,
    orders,
    personal,
    queries,
    rules,
    watching,
    withdrawing,
)
from parvis.payments.debits.bringing import Brought
from parvis.payments.invoices import bills
from parvis.payments.payers import payer
from parvis.payments.refunds import request
from parvis.payments.statements import reconciling
from parvis.portal.mine import erasing
from parvis.testing.payments import Shop, a_drawer
from parvis.testing.people import ISSUER
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock

LEA = Contact(Channel.MAIL, "lea@example.org")
NS = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}"


@pytest.fixture
async def till(database):
    return await a_debiting_till()


def holder():
    return Actor(session=new_id(), proofs=(Proof(new_id(), LEA.kind, LEA.digest, clock.now()),))


async def listed(batch):
    return [line.intent for line in await queries.lines_of(batch.id) if line.state == "listed"]


async def test_each_part_is_debited_on_its_own_day(till):
    parts = await till.bills(12_000, days=5, parts=10)
    await till.mandate(parts[0])
    for part in parts[:3]:
        made = await till.collected()
        assert await listed(made) == []
        assert [line.intent for line in await queries.lines_of(made.id)] == [part.id]
        assert made.day >= (part.expires_at - timedelta(days=1)).date()
        with pytest.raises(Refused, match="No bill is due by then"):
            await till.batch()
        put_clock(clock.now() + timedelta(days=14))
    assert ledger.balance_of(await ledger.balances(till.till), "bank") == 3600
    assert [due.state for due in await dues.dues_in(parts[0].basket)] == ["paid"] * 3 + ["created"] * 7


async def test_a_part_comes_back_is_paid_at_the_counter_and_given_back_by_itself(till):
    first, second = await till.bills(2000, parts=2)
    await till.mandate(first)
    made = await till.collected()
    await failing.fail((await till.line(made)).id, "AM04")
    await (await a_drawer(till.till)).takes(first.id, cash=1000)
    assert (await state(first), await state(second)) == ("paid", "created")
    sql = "SELECT id FROM parvis.capture WHERE id NOT IN (SELECT capture FROM parvis.capture_return)"
    await request(await one(sql), 400, "Closed", new_id())
    put_clock(second.expires_at - timedelta(days=2))
    made = await till.collected()
    assert [line.intent for line in await queries.lines_of(made.id)] == [second.id]
    assert await state(second) == "paid"
    assert await proofs.unbalanced() == []


async def test_a_later_day_takes_what_is_due_by_then(till):
    await till.mandate(await till.bill())
    later = await till.bill(days=40)
    assert [one.due for one in await queries.ready(till.till, ledger.today() + rules.AHEAD)] == [
        ledger.today() + timedelta(days=5),
        ledger.today() + timedelta(days=40),
    ]
    day = next(day for day in _days(41) if queries.openings.is_open(day))
    made = await batches.make(till.till, day, till.by)
    assert later.id in await listed(made)


async def test_a_bill_whose_day_has_passed_is_debited_by_the_next_batch_and_paid_online_by_nobody(till):
    intent = await till.due()
    put_clock(clock.now() + timedelta(days=8))
    assert await expiring.expire_due(till.provider_of) == 1
    with pytest.raises(Refused, match="time to pay has run out"):
        await till.shop.opened(intent.id)
    made = await till.batch()
    assert (await listed(made), await state(intent)) == ([intent.id], "pending")
    await batches.drop(made.id)
    assert await state(intent) == "created"
    await till.shop.opened(intent.id)


async def test_a_bill_of_months_ago_is_not(till):
    await till.due()
    put_clock(clock.now() + timedelta(days=70))
    await expiring.expire_due(till.provider_of)
    assert await till.ready() == []


async def test_a_day_that_is_none_of_a_calendars_asks_nobody(till):
    assert await inquiring.ask(till.till, date.max, till.provider_of) == frozenset()
    with pytest.raises(Refused, match="within two months"):
        await batches.make(till.till, date.max, till.by)


async def test_a_bill_that_was_taken_back_before_the_file_was_taken_is_not_in_it(till):
    kept, gone = await till.due(1000, "a@example.org"), await till.due(2000, "b@example.org")
    made = await till.batch()
    await bills.take_back(gone.id)
    content = await orders.take(made.id)
    assert [node.text for node in ElementTree.fromstring(content).iter(f"{NS}InstdAmt")] == ["10.00"]
    await batches.send(made.id)
    on(made.day)
    assert await batches.collect(made.id) == 1
    assert (await state(kept), await state(gone), await till.books()) == (
        "paid",
        "cancelled",
        {"bank": 1000, "revenue:canteen": -1000},
    )
    assert (await queries.batch_by_id(made.id)).cents == 1000


async def test_a_mandate_that_is_revoked_before_the_file_was_taken_leaves_its_bill_to_be_paid_otherwise(till):
    intent = await till.due()
    made = await till.batch()
    on(made.day)
    await withdrawing.revoke((await till.line(made)).mandate)
    assert (await till.line(made)).state == "dropped"
    assert await expiring.expire_due(till.provider_of) == 0
    await till.shop.opened(intent.id)
    with pytest.raises(Refused, match="give the batch up"):
        await orders.take(made.id)
    await batches.drop(made.id)
    with pytest.raises(Refused, match="already"):
        await withdrawing.revoke((await till.line(made)).mandate)


@pytest.mark.parametrize("how", ["bill", "mandate"])
async def test_what_is_taken_back_after_the_file_was_taken_has_it_taken_again_or_said_to_be_with_the_bank(till, how):
    await till.due(1000, "a@example.org")
    gone = await till.due(2000, "b@example.org")
    made = await till.batch()
    with pytest.raises(Refused, match="Take its file"):
        await batches.send(made.id)
    former = await orders.take(made.id)
    if how == "bill":
        await bills.take_back(gone.id)
    else:
        await withdrawing.revoke((await mandates.of_payer(till.till, await payer(gone.basket))).id)
    with pytest.raises(Refused, match="once more"):
        await batches.send(made.id)
    new = await orders.take(made.id)
    assert (b"20.00" in former, b"20.00" in new) == (True, False)
    assert made.reference.encode() in new
    await batches.send(made.id)
    assert await state(gone) == ("cancelled" if how == "bill" else "created")
    assert await orders.take(made.id) == new


async def test_the_bank_had_the_former_file_so_that_what_was_taken_back_is_collected_and_given_back(till):
    gone = await till.due(2000)
    made = await till.batch()
    await orders.take(made.id)
    await bills.take_back(gone.id)
    await batches.send(made.id, former=True)
    on(made.day)
    await batches.collect(made.id)
    assert (await state(gone), await till.books()) == ("to_refund", {"bank": 2000, "refund_due": -2000})


class Remembering(Sandbox):
    """A provider that says of a refused payment that it was for a year, and cancels none: as PayFiP does."""

    def caps(self, account):
        caps = super().caps(account)
        return Caps(**{name: getattr(caps, name) for name in Caps.__slots__} | {"cancel": False})

    async def lookup(self, account, ref, terms):
        self._answer()
        payment = self.payments[ref]
        return Found(payment.result, payment.cents, payment.paid, payment.order.attempt)


@pytest.fixture
async def forgetful(till):
    """A till at such a provider, and a bill of which a payer with a mandate has had the card refused, an hour ago."""
    till.shop = Shop(till.till, till.shop.account, Remembering())
    intent = await till.due()
    till.shop.provider.refuse(ref := await till.shop.opened(intent.id))
    assert await till.ready() == []
    put_clock(clock.now() + timedelta(hours=1))
    return till, intent, ref


async def test_a_refused_card_does_not_keep_a_bill_from_being_debited(forgetful):
    till, intent, _ = forgetful
    assert [one.page_over for one in await till.ready()] == [True]
    with pytest.raises(Refused, match="No bill"):
        await till.batch()
    asked = await inquiring.ask(till.till, queries.soonest(CREDITOR), till.provider_of)
    assert await listed(await till.batch(asked)) == [intent.id]
    assert await one("SELECT array_agg(state ORDER BY id) FROM parvis.payment_attempt") == ["dead", "live"]


async def test_what_was_paid_on_that_page_after_all_is_taken_and_not_debited(forgetful):
    till, intent, ref = forgetful
    till.shop.provider.paid_late = True
    till.shop.provider.pay(ref)
    assert await inquiring.ask(till.till, queries.soonest(CREDITOR), till.provider_of) == {intent.id}
    assert (await state(intent), await till.ready()) == ("paid", [])


async def test_what_a_silent_provider_may_have_is_not_debited(forgetful):
    till, _, _ = forgetful
    till.shop.provider.down = True
    other = await till.due(mail="b@example.org")
    asked = await inquiring.ask(till.till, queries.soonest(CREDITOR), till.provider_of)
    assert asked == frozenset()
    assert await listed(await till.batch(asked)) == [other.id]


async def test_a_page_whose_opening_died_does_not_keep_a_bill_either(till):
    intent = await till.due()
    await till.shop.opened(intent.id)
    sql = "UPDATE parvis.payment_attempt SET state = 'creating', provider_ref = NULL RETURNING true"
    await one(sql)
    put_clock(clock.now() + timedelta(hours=1))
    asked = await inquiring.ask(till.till, queries.soonest(CREDITOR), till.provider_of)
    assert await listed(await till.batch(asked)) == [intent.id]


@pytest.mark.parametrize("hour", [0, 0.5, 1.9, 23.9])
async def test_a_mandate_is_signed_on_the_territorys_day(till, hour):
    intent = await till.bill()
    on(ledger.today() + timedelta(days=1), hour)
    assert (await till.mandate(intent)).signed_on == ledger.today()


async def test_the_second_bill_of_a_mandate_follows_the_first(till):
    first = await till.due(1000)
    second = await till.bill(2000)
    made = await till.batch()
    lines = {line.intent: line.sequence for line in await queries.lines_of(made.id)}
    assert sorted(lines.values()) == ["FRST", "RCUR"]
    assert lines.keys() == {first.id, second.id}
    root = ElementTree.fromstring(await orders.take(made.id))
    assert {node.text for node in root.iter(f"{NS}PmtInfId")} == {
        files.payment(made.reference, sequence) for sequence in ("FRST", "RCUR")
    }


async def test_the_file_stays_as_it_was_taken_when_its_mandates_are_forgotten_and_goes_after_ten_years(till):
    await till.due()
    made = await till.collected()
    content = await orders.kept(made.id)
    assert content not in await one("SELECT file FROM parvis.debit_batch")
    await withdrawing.revoke((await till.line(made)).mandate)
    put_clock(clock.now() + timedelta(days=402))
    assert await personal.forget_old() == 1
    assert await orders.take(made.id) == content
    assert await orders.forget_old() == 0
    put_clock(clock.now() + timedelta(days=9 * 366))
    assert await orders.forget_old() == 1
    with pytest.raises(NotFound):
        await orders.take(made.id)


async def waiting(till):
    return [(one.kind, one.provider_ref, one.ours) for one in await reconciling.open_differences(till.till)]


async def test_a_batch_that_nobody_takes_to_the_bank_waits_from_its_day_on(till):
    await till.due()
    made = await till.batch()
    on(made.day - timedelta(days=1))
    assert await watching.note_waiting() == 0
    on(made.day)
    assert await watching.note_waiting() == 1
    await watching.note_waiting()
    assert await waiting(till) == [("batch", made.reference, 1000)]
    [found] = await reconciling.open_differences(till.till)
    await reconciling.close(found.id, new_id(), "Given up")
    await batches.drop(made.id)
    put_clock(clock.now() + timedelta(days=3))
    await watching.note_waiting()
    assert await waiting(till) == []


async def test_a_batch_without_a_word_of_the_bank_waits_five_working_days_after_its_own(till):
    await till.due()
    made = await till.sent()
    silent = rules.collection_day(made.day, rules.WORD, queries.openings.is_open)
    on(silent)
    assert await watching.note_waiting() == 0
    on(silent + timedelta(days=1))
    assert queries.is_late(await queries.batch_by_id(made.id))
    await watching.note_waiting()
    assert await waiting(till) == [("batch", made.reference, 1000)]


async def test_a_refund_of_what_was_debited_or_taken_at_a_counter_waits_where_somebody_sees_it(till):
    await till.due()
    await till.collected()
    other = await till.bill(2000, "b@example.org")
    await (await a_drawer(till.till)).takes(other.id, cash=2000)
    for capture in await one("SELECT array_agg(id) FROM parvis.capture"):
        await request(capture, 300, "Closed", new_id())
    assert await watching.note_waiting() == 0
    put_clock(clock.now() + timedelta(days=3))
    await watching.note_waiting()
    assert sorted((kind, cents) for kind, _, cents in await waiting(till)) == [("refund", 300)] * 2


CREDIT = """<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>
<NtryDtls><Btch><PmtInfId>{name}</PmtInfId></Btch></NtryDtls></Ntry>"""
STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>{entries}</Stmt></BkToCstmrStmt>
</Document>"""
RETURN = """<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls><TxDtls><Refs>
<EndToEndId>{ref}</EndToEndId></Refs><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>"""


def credit(name, amount, side="CRDT", status="BOOK", currency="EUR"):
    return CREDIT.format(name=name, amount=amount, side=side, status=status, currency=currency)


async def brings(till, *entries):
    return await bringing.bring(till.till, STATEMENT.format(entries="".join(entries)).encode())


@pytest.fixture
async def two(till):
    """A batch of a first debit of 10 euros and one of 20 that follows, at the bank, on its day."""
    intents = [await till.due(1000), await till.bill(2000)]
    made = await till.sent()
    on(made.day)
    return till, intents, made


async def test_the_money_for_a_batch_closes_it_once(two):
    till, intents, made = two
    entries = credit(f"{made.reference}-FRST", "10.00"), credit(f"{made.reference}-RCUR", "20.00")
    assert await brings(till, *entries) == Brought(0, 0, 0, collected=1)
    assert [await state(intent) for intent in intents] == ["paid", "paid"]
    assert await brings(till, *entries) == Brought(0, 0, 0)
    assert await till.books() == {"bank": 3000, "revenue:canteen": -3000}


@pytest.mark.parametrize("amount", ["10.00", "30.00"])
async def test_what_a_statement_rejects_is_left_out_of_what_it_brings_whether_it_is_gross_or_net(two, amount):
    till, intents, made = two
    line = next(line for line in await queries.lines_of(made.id) if line.intent == intents[1].id)
    brought = await brings(till, credit(made.reference, amount), RETURN.format(ref=line.reference))
    assert brought == Brought(1, 0, 0, collected=1)
    assert [await state(intent) for intent in intents] == ["paid", "created"]


@pytest.mark.parametrize(
    ("entry", "unlike"),
    [
        ({"amount": "29.99"}, 1),
        ({"amount": "10.00"}, 1),
        ({"amount": "30.00", "side": "DBIT"}, 0),
        ({"amount": "30.00", "status": "PDNG"}, 0),
        ({"amount": "30.00", "currency": "CHF"}, 0),
        ({"amount": "30.001"}, 0),
        ({"amount": "NaN"}, 0),
        ({"amount": "thirty"}, 0),
    ],
)
async def test_money_that_is_not_the_batchs_closes_nothing(two, entry, unlike):
    till, _, made = two
    assert await brings(till, credit(made.reference, **entry)) == Brought(0, 0, 0, unlike=unlike)
    assert (await queries.batch_by_id(made.id)).state == "sent"


async def test_money_before_its_day_or_of_another_till_closes_nothing(two):
    till, _, made = two
    other = await a_debiting_till()
    assert await brings(other, credit(made.reference, "30.00")) == Brought(0, 0, 0)
    on(made.day - timedelta(days=1))
    assert await brings(till, credit(made.reference, "30.00")) == Brought(0, 0, 0, unlike=1)


async def test_who_paid_by_debit_and_is_forgotten_can_still_be_asked_when_it_comes_back(till):
    intent = await till.due()
    made = await till.collected()
    assert await personal.erase(holder()) == 1
    assert await payers.erase(holder()) == 0
    left = await payer(intent.basket)
    assert (left.person, left.contact) == (None, LEA)
    await failing.fail((await till.line(made)).id, "MD06")
    assert await state(intent) == "created"
    assert await payers.forget_old() == 0
    put_clock(clock.now() + timedelta(days=16))
    await expiring.expire_due(till.provider_of)
    assert (await state(intent), await payers.forget_old()) == ("expired", 0)
    await bills.take_back(intent.id)
    assert await payers.forget_old() == 1
    assert (await payer(intent.basket)).contact is None


async def test_who_is_forgotten_is_once_no_debit_can_come_back(till):
    intent = await till.due()
    await till.collected()
    await personal.erase(holder())
    assert await payers.erase(holder()) == 0
    for days, gone in ((390, 0), (20, 1)):
        put_clock(clock.now() + timedelta(days=days))
        assert await payers.forget_old() == gone
    assert (await payer(intent.basket)).contact is None


async def test_a_mandate_that_was_never_used_is_forgotten_at_once(till):
    given = await till.mandate(await till.bill())
    assert await personal.erase(holder()) == 1
    kept = await mandates.one(given.id)
    assert (kept.name, kept.last, kept.reference) == ("", "", given.reference)
    assert kept.revoked_at


async def test_an_account_that_is_erased_takes_its_mandate_and_leaves_no_debit_behind(till, payable):
    async with transaction():
        person = await identity.ensure_person(ISSUER, "lea", name="Léa", email="lea@example.org")
    actor = Actor(person=person)
    intent = await till.due()
    made = await till.batch()
    assert (await erasing.plan(actor, person)).mandates == 1
    done = await erasing.erase(actor, person)
    assert (done.mandates, done.account) == (1, erasing.WITH_PAYMENTS)
    assert (await till.line(made)).state == "dropped"
    await bills.take_back(intent.id)
    assert (await erasing.erase(actor, person)).account is None


def _days(first):
    return (ledger.today() + timedelta(days=n) for n in range(first, 61))


REPORT = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
    "<OrgnlGrpInfAndSts><GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>{payments}</CstmrPmtStsRpt></Document>"
)
REFUSED = (
    "<TxInfAndSts><OrgnlEndToEndId>{ref}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    "<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
)


async def test_a_file_that_the_bank_refuses_whole_is_said_and_changes_nothing(two):
    till, _, made = two
    with pytest.raises(Invalid, match="refuses the whole file"):
        await bringing.bring(till.till, REPORT.format(payments="").encode())
    assert (await queries.batch_by_id(made.id)).state == "sent"


async def test_what_left_its_batch_keeps_nothing_else_of_a_banks_file_from_being_entered(till):
    gone, kept = await till.due(2000, "a@example.org"), await till.due(1000, "b@example.org")
    made = await till.batch()
    await orders.take(made.id)
    await bills.take_back(gone.id)
    await orders.take(made.id)
    await batches.send(made.id)
    refs = [line.reference for line in await queries.lines_of(made.id)]
    told = REPORT.format(payments="".join(REFUSED.format(ref=ref) for ref in refs))
    assert (await bringing.bring(till.till, told.encode())).failed == 1
    assert await state(kept) == "created"


async def test_who_speaks_of_a_former_file_after_somebody_took_another_looks_again(till):
    gone = await till.due(2000)
    await till.due(1000, "b@example.org")
    made = await till.batch()
    await orders.take(made.id)
    await bills.take_back(gone.id)
    await orders.take(made.id)
    with pytest.raises(Refused, match="look at it again"):
        await batches.send(made.id, former=True)
    await batches.send(made.id)
