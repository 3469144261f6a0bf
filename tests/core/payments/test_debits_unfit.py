"""What no bank reads, and what a bank refuses in parts: it holds up nobody else's debits, and is not taken for paid."""

import itertools
import string

import pytest
from msgspec.structs import replace
from tests.core.payments.debiting import CREDITOR, a_debiting_till, on, state

from parvis.errors import Invalid
from parvis.payments.books import ledger
from parvis.payments.debits import batches, bringing, creditors, files, mandates, queries, rules
from parvis.payments.debits.mandates import Given
from parvis.payments.payers import payer

IBAN = "FR7630006000011234567890189"
SIGNS = "\N{SLIGHTLY SMILING FACE}"
REPORT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>S1</MsgId></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>{batch}</OrgnlMsgId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch}-FRST</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>
<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch}-RCUR</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>
<TxInfAndSts><OrgnlEndToEndId>{ref}</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>"""


@pytest.fixture
async def till(database):
    return await a_debiting_till()


async def test_a_holders_name_of_signs_only_is_refused_when_it_is_given(till):
    odd = await till.bill(1000, "odd@example.org")
    with pytest.raises(Invalid, match="in letters"):
        await mandates.give(till.till, await payer(odd.basket), Given(name=SIGNS, iban=IBAN, signed_on=ledger.today()))


async def test_a_name_or_a_label_of_before_that_banks_cannot_read_holds_up_nobody_else(till, monkeypatch):
    monkeypatch.setattr(rules, "name_fault", lambda *_: None)
    odd = await till.bill(1000, "odd@example.org", label=SIGNS)
    await mandates.give(till.till, await payer(odd.basket), Given(name=SIGNS, iban=IBAN, signed_on=ledger.today()))
    await till.due(2000, "lea@example.org")
    made = await till.batch()
    assert (made.cents, files.NOT_PROVIDED) == (3000, "NOTPROVIDED")


def test_an_iban_has_figures_where_banks_check_it():
    rest = "30006000011234567890189"
    signs = itertools.product(string.ascii_uppercase, repeat=2)
    assert all(rules.iban_fault(f"FR{one}{other}{rest}") for one, other in signs)


async def test_a_bic_is_one_that_a_file_can_hold(till):
    assert creditors.faults(replace(CREDITOR, bic="12345678"))
    fine = replace(CREDITOR, bic="BDFEFRPPCCT")
    assert creditors.faults(fine) == []
    await creditors.keep(till.till, fine)
    await till.due()
    await till.batch()


async def in_two_parts(till):
    """A batch of a first debit and one that follows, whose bank refuses the first part whole and one of the second."""
    await till.due(1000, "lea@example.org")
    await till.collected()
    again = await till.bill(1500, "lea@example.org")
    new = await till.due(2000, "ann@example.org")
    made = await till.sent()
    found = {line.intent: line for line in await queries.lines_of(made.id)}
    assert (found[again.id].sequence, found[new.id].sequence) == ("RCUR", "FRST")
    return made, new, again, REPORT.format(batch=made.reference, ref=found[again.id].reference).encode()


async def test_a_part_of_a_batch_that_a_bank_refuses_as_a_whole_is_not_taken_for_paid(till):
    made, new, again, report = await in_two_parts(till)
    for brought in ((2, 0), (0, 2)):
        told = await bringing.bring(till.till, report)
        assert (told.failed, told.known, told.unknown) == (*brought, 0)
    assert (await state(new), await state(again)) == ("created", "created")
    on(made.day)
    await batches.collect(made.id)
    assert (await state(new), (await till.books())["bank"]) == ("created", 1000)


async def test_a_part_of_nobodys_batch_is_told_as_unknown(till):
    _, new, _, report = await in_two_parts(till)
    told = await bringing.bring(till.till, report.replace(b"-FRST", b"-OTHER"))
    assert (told.failed, told.unknown, await state(new)) == (1, 1, "pending")
