"""A provider's statement as a file: read line by line, each fault with its place."""

import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.contract.payments import Row, RowKind
from parvis.errors import Refused
from parvis.payments.statements import statement_files
from parvis.payments.statements.statement_files import Line

TODAY = date(2026, 11, 27)
HEAD, FEES = "reference;amount;kind;date\n", "reference;amount;kind;date;fees\n"
ROWS = st.builds(Row, st.sampled_from(RowKind), st.text("abc019-", min_size=1, max_size=9), st.integers(1, 10**9))
STATEMENTS = st.lists(st.tuples(st.integers(0, 60), ROWS), min_size=1, max_size=20)


def read(sheet: str) -> list[Line]:
    return list(statement_files.read(io.StringIO(sheet, newline=""), TODAY))


@given(STATEMENTS)
def test_what_is_written_is_read_again(lines):
    statement = {}
    for ago, row in lines:
        statement.setdefault(TODAY - timedelta(days=ago), []).append(row)
    found = {}
    for line in statement_files.read(io.StringIO(statement_files.write(statement)), TODAY):
        found.setdefault(line.day, []).append(line.row)
    assert found == statement


def test_french_words_spaces_and_a_byte_order_mark_are_read():
    lines = ("\ufeffReference; Amount;kind;date", " a1 ;1 234,50 €;Encaissement;2026-11-02", "")
    assert read("\r\n".join([*lines, "b2;4;remboursement;04/11/2026"])) == [
        Line(2, date(2026, 11, 2), "capture", "a1", 123450),
        Line(4, date(2026, 11, 4), "refund", "b2", 400),
    ]


def test_payouts_have_fees_and_nothing_else_does():
    lines = read(FEES + "v1;8,40;versement;04/11/2026;0,10\na1;5;capture;03/11/2026;")
    assert [(one.kind, one.cents, one.fees) for one in lines] == [("payout", 840, 10), ("capture", 500, 0)]


def test_a_file_is_read_as_it_comes():
    given = []

    def sheet():
        for text in (HEAD, "a;1;capture;01/11/2026\n", "b;1;capture;02/11/2026\n"):
            given.append(text)
            yield text

    lines = statement_files.read(sheet(), TODAY)
    assert next(lines).ref == "a"
    assert len(given) == 2


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("", "The first line must be: reference;amount;kind;date"),
        (HEAD, "The file has no movement."),
        (HEAD + "a;1,00;capture", "Line 2 has 3 cells instead of 4"),
        (HEAD + ";1,00;capture;01/11/2026", "Line 2, reference: is empty"),
        (HEAD + "a;one;capture;01/11/2026", "Line 2, amount: “one” is not an amount"),
        (HEAD + "a;-1,00;capture;01/11/2026", "Line 2, amount"),
        (HEAD + "a;0;capture;01/11/2026", "A movement of nothing is none."),
        (HEAD + "a;1;sale;01/11/2026", "“sale” is none of capture"),
        (HEAD + "a;1;capture;31/11/2026", "“31/11/2026” is not a day"),
        (HEAD + "a;1;capture;01/01/0001", "“01/01/0001” is not a day"),
        (HEAD + "a;1;capture;", "Line 2, date: is empty"),
        (HEAD + "a;1;capture;28/11/2026", "That day is still to come."),
        (HEAD + "a;1;capture;01/11/2026\nb;1;capture;01/01/2025", "at most 400"),
        (FEES + "a;1;capture;01/11/2026;0,10", "Line 2, fees: Only a payout has fees."),
        (FEES + "a;1;payout;01/11/2026;x", "Line 2, fees: “x” is not an amount"),
        (FEES + "a;1;payout;01/11/2026", "Line 2 has 4 cells instead of 5"),
        ('"' + "x" * 140_000, "cannot be read as part of a table"),
        (HEAD + f"{'x' * 201};1;capture;01/11/2026", "has at most 200 signs"),
        (HEAD + "a\x7f;1;capture;01/11/2026", "Line 2, reference"),
    ],
)
def test_what_cannot_be_read_is_told(sheet, said):
    with pytest.raises(Refused) as refused:
        read(sheet)
    assert said in str(refused.value.refusals[0].text)


def test_at_most_twenty_faults_are_told():
    with pytest.raises(Refused) as refused:
        read(HEAD + "a;b;c;d\n" * 50)
    assert len(refused.value.refusals) == 20
