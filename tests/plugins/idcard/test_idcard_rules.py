from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.errors import Text
from parvis_idcard import rules
from parvis_idcard.rules import Age, Applicant, Numbers

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def somebody(given="Léa", family="Martin", **rest):
    return Applicant(**{"given": given, "family": family, "age": Age.ADULT, "number": "A123456789"} | rest)


def codes(found):
    return [(refusal.code, refusal.field) for refusal in found]


@pytest.mark.parametrize("typed", ["a123456789", " A123 456 789 ", "A-1234-56789", "a123.456.789"])
def test_a_number_is_tidied(typed):
    assert rules.read_number(typed) == "A123456789"


@pytest.mark.parametrize("typed", ["A12345678", "A1234567890", "", "A12345678é", "😀" * 10, "١٢٣٤٥٦٧٨٩٠"])
def test_a_number_that_cannot_be_one_is_explained(typed):
    assert isinstance(rules.read_number(typed), Text)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_sentence(typed):
    found = rules.read_number(typed)
    assert isinstance(found, Text) or (len(found) == 10 and found.isascii() and found.isalnum())


def test_each_person_needs_a_number_of_their_own():
    people = [somebody(), somebody(), somebody(number=None), somebody(number="123")]
    assert codes(rules.refusals(4, people, Numbers.REQUIRED)) == [
        ("number-twice", "applicants-0-number"),
        ("number-twice", "applicants-1-number"),
        ("number-missing", "applicants-2-number"),
        ("number-invalid", "applicants-3-number"),
    ]


def test_where_the_number_is_optional_none_is_asked_for():
    assert rules.refusals(1, [somebody(number=None)], Numbers.OPTIONAL) == []


def test_only_a_deposit_asks_for_a_number_and_is_open_online_with_collecting_unless_a_town_says_otherwise():
    assert [kind.key for kind in rules.KINDS if kind.number] == ["deposit"]
    assert [kind.key for kind in rules.KINDS if kind.online] == ["deposit", "collection"]


@pytest.mark.parametrize("people", [1, 3])
def test_the_hour_is_for_as_many_people_as_it_was_held_for(people):
    pair = [somebody(), somebody(number="B123456789")]
    assert codes(rules.refusals(people, pair, Numbers.REQUIRED)) == [("people-mismatch", "applicants")]


@given(live=st.integers(0, 12), people=st.integers(1, 8))
def test_eight_people_a_contact(live, people):
    refused = codes(rules.limit_refusals([], live, people, 8, "03 89 00 00 00"))
    assert refused == ([("contact-limit", None)] if live + people > 8 else [])


def test_the_message_of_a_limit_says_whom_to_call():
    found = rules.limit_refusals([1], 8, 1, 8, "03 89 00 00 00")
    assert codes(found) == [("application-booked", "applicants-1-number"), ("contact-limit", None)]
    assert all("03 89 00 00 00" in str(refusal.text) for refusal in found)


@pytest.mark.parametrize(
    ("after", "same"),
    [
        (somebody("Lea"), True),
        (somebody("Martin", "Léa", number=None), True),
        (somebody("Léa", "Martins", number="B123456789"), True),
        (somebody("Paul", "Durand"), True),
        (somebody("Paul", "Durand", number="B123456789"), False),
        (somebody("Paul", number=None), False),
    ],
)
def test_a_correction_keeps_the_person(after, same):
    assert rules.is_correction(somebody(), after) is same


@pytest.mark.parametrize(
    ("days_before", "booked_days_before", "sent", "due"),
    [
        (8, 30, [], None),
        (7, 30, [], 7),
        (3, 30, [7], None),
        (3, 30, [], 7),
        (2, 30, [7], 2),
        (1, 30, [], 2),
        (2, 30, [7, 2], None),
        (2, 1.5, [], None),
        (1, 5, [], 2),
        (6, 6.5, [], None),
        (-1, 30, [], None),
    ],
)
def test_which_reminder_is_due(days_before, booked_days_before, sent, due):
    booked = NOW - timedelta(days=booked_days_before)
    assert rules.reminder_due(NOW, booked, sent, (7, 2), NOW - timedelta(days=days_before)) == due


def test_a_visit_can_be_changed_up_to_its_start():
    assert rules.changeable(NOW, NOW - timedelta(seconds=1)) is None
    assert rules.changeable(NOW, NOW).code == "visit-begun"
