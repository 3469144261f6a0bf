from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.errors import Text
from parvis.web import fields


@pytest.mark.parametrize("typed", ["4/1/27", "04/01/2027", "4.1.2027", "4-1-27", "4 1 2027", " 2027-01-04 "])
def test_a_date_as_people_type_it(typed: str) -> None:
    assert fields.day(typed) == date(2027, 1, 4)


@pytest.mark.parametrize("typed", ["", "demain", "31/2/2027", "4/13/2027", "4/1", "99999-1-1", "4/1/2027/5", "0/0/0"])
def test_what_is_no_date(typed: str) -> None:
    assert isinstance(fields.day(typed), Text)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_every_way_of_writing_a_date_gives_it_back(when: date) -> None:
    assert fields.day(when.isoformat()) == when
    assert fields.day(f"{when.day}/{when.month}/{when.year}") == when
    assert fields.day(f"{when.day}.{when.month}.{when.year % 100:02}") == when


@pytest.mark.parametrize("typed", ["", "25", "8:60", "midi", "8:3", "8 heures", "08:30:00:1", "-1"])
def test_what_is_no_hour(typed: str) -> None:
    assert isinstance(fields.hour(typed), Text)


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_every_way_of_writing_an_hour_gives_it_back(at: time) -> None:
    typed = (f"{at:%H:%M}", f"{at.hour}h{at.minute:02}", f"{at.hour} h {at.minute:02}", f"{at.hour}.{at.minute:02} Uhr")
    assert {fields.hour(way) for way in typed} == {at}


@pytest.mark.parametrize(
    "parts", [("30", "2", "1987"), ("4", "1", "87"), ("4", "1", "1850"), ("x", "1", "1987"), ("", "", "")]
)
def test_what_is_no_birth_date(parts: tuple[str, str, str]) -> None:
    assert isinstance(fields.birth_date(*parts), Text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+41 44 668 18 00", "+41446681800"),
        ("06.12.34.56.78", "+33612345678"),
        # Nobody has it: ARCEP keeps it for invented people, such as the demo's.
        ("06 39 98 00 03", "+33639980003"),
    ],
)
def test_a_telephone_number_as_people_type_it(typed: str, kept: str) -> None:
    assert fields.phone(typed) == kept


@pytest.mark.parametrize(
    "typed", ["06 12 34", "bonjour", "+999 1234567", "1" * 5000, "06 12 34 56 7x", "06 39 98 00", "06 39 97 00 03"]
)
def test_what_is_no_telephone_number(typed: str) -> None:
    assert isinstance(fields.phone(typed), Text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("NADIA@EXAMPLE.ORG", "NADIA@example.org"),
        (" nadia @example.org ", "nadia@example.org"),
        ("mailto:nadia@example.org", "nadia@example.org"),
        ("rené@exämple.org", "rené@exämple.org"),
    ],
)
def test_an_address_as_people_type_it(typed: str, kept: str) -> None:
    assert fields.email(typed) == kept


@pytest.mark.parametrize(
    "typed", ["nadia", "nadia@", "@example.org", "a@b", "a@b@c.org", "x" * 10_000, "a@example..org"]
)
def test_what_is_no_address(typed: str) -> None:
    assert isinstance(fields.email(typed), Text)


@given(st.text(max_size=300))
def test_a_line_has_one_line_no_orders_and_an_end(typed: str) -> None:
    read = fields.line(typed)
    if isinstance(read, Text):
        assert len(typed) > 200
    else:
        assert len(read) <= 200
        assert not any(sign in read for sign in "\r\n\t\x00\x1b\u202e\u2066")
        assert fields.line(read) == read


def test_emoji_and_right_to_left_text_stay() -> None:
    assert fields.line("Noé 👨‍👩‍👧 عائلة") == "Noé 👨‍👩‍👧 عائلة"


def test_ten_thousand_characters_are_counted_aloud() -> None:
    read = fields.words("x" * 10_000)
    assert isinstance(read, Text)
    assert read.params == {"limit": 2000, "n": 10_000}
