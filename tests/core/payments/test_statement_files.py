"""A provider's statement as a file: read line by line, each fault with its place."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.contract.payments import Row, RowKind
from parvis.errors import Refused
from parvis.payments.statements import statement_files

TODAY = date(2026, 11, 27)
HEAD = "reference;amount;kind;date\n"
ROWS = st.builds(Row, st.sampled_from(RowKind), st.text("abc019-", min_size=1, max_size=9), st.integers(1, 10**9))
STATEMENTS = st.lists(st.tuples(st.integers(0, 60), ROWS), min_size=1, max_size=20)


@given(STATEMENTS)
def test_what_is_written_is_read_again(lines):
    statement = {}
    for ago, row in lines:
        statement.setdefault(TODAY - timedelta(days=ago), []).append(row)
    found = statement_files.read(statement_files.write(statement), TODAY)
    assert {day: list(rows) for day, rows in found.items() if rows} == statement
    assert len(found) == (max(statement) - min(statement)).days + 1


def test_french_words_spaces_and_a_byte_order_mark_are_read():
    lines = ("\ufeffReference; Amount;kind;date", " a1 ;1 234,50 €;Encaissement;2026-11-02", "")
    found = statement_files.read("\r\n".join([*lines, "b2;4;remboursement;04/11/2026"]), TODAY)
    assert found[date(2026, 11, 2)] == (Row(RowKind.CAPTURE, "a1", 123450),)
    assert found[date(2026, 11, 3)] == ()
    assert found[date(2026, 11, 4)] == (Row(RowKind.REFUND, "b2", 400),)


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
        (HEAD + "a;1;capture;", "Line 2, date: is empty"),
        (HEAD + "a;1;capture;28/11/2026", "That day is still to come."),
        (HEAD + "a;1;capture;01/11/2026\nb;1;capture;01/01/2026", "at most 92"),
        (HEAD + f"{'x' * 201};1;capture;01/11/2026", "has at most 200 signs"),
        (HEAD + "a\x7f;1;capture;01/11/2026", "Line 2, reference"),
    ],
)
def test_what_cannot_be_read_is_told(sheet, said):
    with pytest.raises(Refused) as refused:
        statement_files.read(sheet, TODAY)
    assert said in str(refused.value.refusals[0].text)


def test_at_most_twenty_faults_are_told():
    with pytest.raises(Refused) as refused:
        statement_files.read(HEAD + "a;b;c;d\n" * 50, TODAY)
    assert len(refused.value.refusals) == 20
